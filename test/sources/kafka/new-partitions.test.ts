import { Kafka, logLevel } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, produce, settingsFor, startSource, TestLine } from './kit.ts';

await describeWith(['kafka'], 'partitions that a topic gets while it is read', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  it('are found within a minute, read from their beginning and shared out; what is under way goes on', { timeout: 180_000 }, async () => {
    const topic = await createTopic(brokers, 'grows', { partitions: 2 });
    // From latest: a new partition has no end yet that anybody has seen, and is read from its beginning all the same.
    const settings = settingsFor(brokers, [topic], { from: 'latest' });
    const lines = [new TestLine({ holds: true }), new TestLine({ holds: true })] as const;
    for (const line of lines) await startSource(settings, line);
    await eventually(() => lines.every(({ counts }) => counts.lag.size === 1), 'each has one partition');
    const spread = (partitions: readonly number[]) => partitions.flatMap((partition) => Array.from({ length: 20 }, (_, i) => ({ partition, value: `${partition}/${i}` })));
    await produce(brokers, topic, spread([0, 1]));
    await eventually(() => lines.every(({ open }) => open.size === 20), 'the first two are under way');
    const admin = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] });
    await produce(brokers, topic, spread([2, 3, 4, 5]));
    // A producer that asks for new partitions before all have leaders writes to some of them twice.
    await eventually(() => new Set(lines.flatMap(({ values }) => values)).size === 120, 'the others are read', 120_000);
    await eventually(() => lines.every(({ counts }) => counts.lag.size === 3), 'each has three partitions');
    for (const line of lines) expect(line.released.length).toBeLessThan(2);
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    expect(ends.length).toBe(6);
    await eventually(() => lines.reduce((sum, { events }) => sum + events.length, 0) === ends.reduce((sum, { high }) => sum + Number(high), 0), 'all is read, and nothing of it twice');
    for (const line of lines) line.settle();
    await eventually(async () => {
      const reached = await committed(brokers, settings.groupId, topic);
      return ends.every(({ partition, high }) => reached[partition]?.offset === Number(high));
    }, 'all is committed');
  });
});
