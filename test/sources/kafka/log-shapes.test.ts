import { Partitioners } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../lib/server-process.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, kafkaOf, produce, settingsFor, startSource, TestLine } from './kit.ts';

await describeWith(['kafka'], 'a Kafka source reads logs', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  /** Transactions of two producers, interleaved: what of them is committed, and what is not. */
  async function transactions(topic: string): Promise<void> {
    const producers = [0, 1].map(() => kafkaOf(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner, transactionalId: uniqueName('tx'), maxInFlightRequests: 1, idempotent: true }));
    await Promise.all(producers.map((producer) => producer.connect()));
    const [one, two] = [await producers[0]!.transaction(), await producers[1]!.transaction()];
    for (let i = 0; i < 3; i++) {
      await one.send({ topic, messages: [{ value: `committed ${i}` }] });
      await two.send({ topic, messages: [{ value: `aborted ${i}` }] });
      await produce(brokers, topic, [{ value: `plain ${i}` }]);
    }
    await two.abort();
    await one.commit();
    const three = await producers[1]!.transaction();
    await three.send({ topic, messages: [{ value: 'aborted at the end' }] });
    await three.abort();
    await Promise.all(producers.map((producer) => producer.disconnect()));
  }

  it('with transactions: what was committed, and nothing else; to the very end', async () => {
    const topic = await createTopic(brokers, 'transactions', { partitions: 1 });
    await transactions(topic);
    const line = new TestLine();
    const settings = settingsFor(brokers, [topic]);
    await startSource(settings, line);
    await eventually(() => line.events.length >= 6, 'the events');
    await eventually(() => line.counts.lag.get(`${topic}/0`) === 0, 'no lag: markers have been passed');
    expect(line.values.toSorted()).toEqual(['committed 0', 'committed 1', 'committed 2', 'plain 0', 'plain 1', 'plain 2']);
    const admin = kafkaOf(brokers).admin();
    await admin.connect();
    const [offsets] = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    await eventually(async () => (await committed(brokers, settings.groupId, topic))[0]!.offset === Number(offsets!.high), 'all is committed');
  });

  it('with transactions that were aborted as well, where that is asked for', async () => {
    const topic = await createTopic(brokers, 'uncommitted', { partitions: 1 });
    await transactions(topic);
    const line = new TestLine();
    await startSource(settingsFor(brokers, [topic], { readUncommitted: true }), line);
    await eventually(() => line.events.length >= 10, 'the events');
    await eventually(() => line.counts.lag.get(`${topic}/0`) === 0, 'no lag');
    expect(line.values.filter((value) => value.startsWith('aborted'))).toHaveLength(4);
    expect(line.events).toHaveLength(10);
  });

  it('whose beginning was deleted before it was read', async () => {
    const topic = await createTopic(brokers, 'retention', { partitions: 1 });
    const settings = settingsFor(brokers, [topic]);
    await produce(brokers, topic, Array.from({ length: 100 }, (_, i) => ({ value: String(i) })));
    const admin = kafkaOf(brokers).admin();
    await admin.connect();
    await admin.setOffsets({ groupId: settings.groupId, topic, partitions: [{ partition: 0, offset: '10' }] });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] });
    await admin.disconnect();
    const line = new TestLine();
    await startSource(settings, line);
    await eventually(() => line.events.length >= 40, 'what is left');
    expect(line.events.map(({ offset }) => offset)).toEqual(Array.from({ length: 40 }, (_, i) => 60 + i));
    expect(line.counts.recovered.get('offset_out_of_range')).toBe(1);
    await eventually(async () => (await committed(brokers, settings.groupId, topic))[0]!.offset === 100, 'all is committed');
  });

  it('of a topic that is deleted and made anew while it is read', async () => {
    const topic = await createTopic(brokers, 'anew', { partitions: 1 });
    const line = new TestLine();
    const source = await startSource(settingsFor(brokers, [topic]), line);
    await produce(brokers, topic, Array.from({ length: 20 }, (_, i) => ({ value: `old ${i}` })));
    await eventually(() => line.events.length === 20, 'the old events');
    const admin = kafkaOf(brokers).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await eventually(() => source.trouble?.includes(`no topic ${topic}`) === true, 'trouble names the topic', 60_000);
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
    await admin.disconnect();
    await produce(brokers, topic, Array.from({ length: 5 }, (_, i) => ({ value: `new ${i}` })));
    await eventually(() => line.events.length === 25, 'the new events', 60_000);
    expect(line.values.slice(20)).toEqual(['new 0', 'new 1', 'new 2', 'new 3', 'new 4']);
    await eventually(() => source.trouble === undefined, 'no trouble any more');
  }, 120_000);
});
