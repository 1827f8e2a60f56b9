import { Partitioners, type Producer } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import type { KafkaSourceSettings } from '../../../src/config/settings.ts';
import type { Source } from '../../../src/delivery/source.ts';
import { createKafkaSource } from '../../../src/sources/kafka/source.ts';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, end, kafkaOf, produce, settingsFor, startSource, TestLine, type Event, type Produced } from './kit.ts';

await describeWith(['kafka'], 'members of a group', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  const spread = (count: number, partitions: number): Produced[] => Array.from({ length: count * partitions }, (_, i) => ({ partition: i % partitions, value: String(Math.floor(i / partitions)) }));
  const partitionsOf = (events: Iterable<Event>): number[] => [...new Set([...events].map(({ partition }) => partition))].toSorted((a, b) => a - b);

  it('share partitions: what moves is let go and runs where it goes, what stays is not touched', async () => {
    const topic = await createTopic(brokers, 'shared', { partitions: 4 });
    const settings = settingsFor(brokers, [topic]);
    await produce(brokers, topic, spread(100, 4));
    const first = new TestLine({ holds: true });
    await startSource(settings, first);
    await eventually(() => first.open.size === 400, 'all are under way');
    // Half of it is settled, also beyond the watermark: the next owner need not run it again.
    first.settle(({ offset }) => offset < 20 || offset % 2 === 1);
    const second = new TestLine({ holds: true });
    await startSource(settings, second);
    await eventually(() => first.released.length === 2 && second.open.size === 2 * 40, 'two partitions have moved');
    const moved = partitionsOf(second.events);
    const kept = partitionsOf(first.open);
    expect([...moved, ...kept].toSorted()).toEqual([0, 1, 2, 3]);
    expect(second.events.every(({ offset }) => offset >= 20 && offset % 2 === 0)).toBe(true);
    // Of what stays, nothing was read twice, and it is settled by the executions that were under way.
    expect(first.events).toHaveLength(400);
    first.settle();
    second.settle();
    await eventually(async () => Object.values(await committed(brokers, settings.groupId, topic)).every(({ offset }) => offset === 100), 'all is committed');
  });

  it('commit what ends in the moment before they join anew: it does not run where it goes', async () => {
    const topic = await createTopic(brokers, 'calm', { partitions: 4 });
    const settings = settingsFor(brokers, [topic]);
    await produce(brokers, topic, spread(50, 4));
    const first = new TestLine({ holds: true });
    await startSource(settings, first);
    await eventually(() => first.open.size === 200, 'all are under way');
    const second = new TestLine({ holds: true });
    const joining = startSource(settings, second);
    await eventually(() => first.counts.recovered.get('rebalance') === 1, 'the first knows that the group forms anew');
    first.settle();
    await joining;
    await eventually(() => first.released.length === 2, 'two partitions have moved');
    await produce(brokers, topic, spread(1, 4));
    await eventually(() => second.events.length >= 2, 'they are read where they went');
    expect(second.events.map(({ offset }) => offset)).toEqual([50, 50]);
  });

  it('are gone when they are closed while they join, at whatever moment', async () => {
    const topic = await createTopic(brokers, 'hasty', { partitions: 2 });
    const settings = settingsFor(brokers, [topic]);
    const admin = kafkaOf(brokers).admin();
    await admin.connect();
    const membersOf = async (): Promise<number> => (await admin.describeGroups([settings.groupId])).groups[0]!.members.length;
    await startSource(settings, new TestLine());
    const hasty: TestLine[] = [];
    for (let afterMs = 0; afterMs < 300; afterMs += 20) {
      const line = new TestLine();
      const source = createKafkaSource(settings, line);
      const started = source.start().catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await end(source);
      await started;
      hasty.push(line);
    }
    const heard = (): number[] => hasty.map(({ counts }) => counts.recovered.get('rebalance') ?? 0);
    const before = heard();
    // Whoever is still there hears of the next one's coming and going.
    await end(await startSource(settings, new TestLine()));
    await eventually(async () => (await membersOf()) === 1, 'only the first is there', 30_000);
    expect(heard()).toEqual(before);
    await admin.disconnect();
  }, 90_000);

  it('go on after one has left, with what it has not settled', async () => {
    const topic = await createTopic(brokers, 'left', { partitions: 4 });
    const settings = settingsFor(brokers, [topic]);
    const lines = [new TestLine({ holds: true }), new TestLine({ holds: true })] as const;
    const sources = [await startSource(settings, lines[0]), await startSource(settings, lines[1])] as const;
    await eventually(() => lines[0].counts.lag.size === 2 && lines[1].counts.lag.size === 2, 'each has two partitions');
    await produce(brokers, topic, spread(50, 4));
    await eventually(() => lines[0].open.size === 100 && lines[1].open.size === 100, 'all are under way');
    lines[1].settle(({ offset }) => offset >= 40);
    await end(sources[1]);
    await eventually(() => lines[0].open.size === 100 + 2 * 40, 'the other one has the rest');
    expect(lines[0].events).toHaveLength(100 + 2 * 40);
    // The two that went to the other member when it came, and none since.
    expect(lines[0].released.length).toBe(2);
    lines[0].settle();
    await eventually(async () => Object.values(await committed(brokers, settings.groupId, topic)).every(({ offset }) => offset === 50), 'all is committed');
  });

  it('lose nothing while members come and go under load', async () => {
    const partitions = 6;
    const topic = await createTopic(brokers, 'churn', { partitions });
    const settings = settingsFor(brokers, [topic], { heartbeatIntervalMs: 100, maxWaitMs: 100 });
    const ends = new Map<string, number>();
    const members: { source: Source; line: TestLine; timer: NodeJS.Timeout }[] = [];
    const join = async (): Promise<void> => {
      const line = new TestLine({ holds: true, maxInFlight: 500 });
      // Whatever is open for more than a moment ends, but not in order.
      const timer = setInterval(() => {
        line.settle((event) => {
          if (Math.random() < 0.6) return false;
          ends.set(event.name, (ends.get(event.name) ?? 0) + 1);
          return true;
        });
      }, 20);
      members.push({ source: await startSource(settings, line), line, timer });
    };
    const leave = async (): Promise<void> => {
      const [member] = members.splice(Math.floor(Math.random() * members.length), 1);
      await end(member!.source);
      clearInterval(member!.timer);
    };
    const producer = kafkaOf(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await join();
    const stop = producing(producer, topic, partitions);
    for (let change = 0; change < 16; change++) await (members.length < 2 || (members.length < 4 && Math.random() < 0.5) ? join() : leave());
    const produced = await stop();
    await producer.disconnect();
    await eventually(() => ends.size >= produced, 'every event has ended', 60_000);
    expect(ends.size).toBe(produced);
    await eventually(async () => Object.values(await committed(brokers, settings.groupId, topic)).reduce((sum, { offset }) => sum + offset, 0) === produced, 'all is committed');
    for (const { timer } of members) clearInterval(timer);
    const repeated = [...ends.values()].reduce((sum, times) => sum + times - 1, 0);
    // What moved while it was under way ran again, and nothing else: far less than what was read.
    expect(repeated).toBeLessThan(produced / 2);
  }, 120_000);

  it('of different topics share a group', async () => {
    const topics = [await createTopic(brokers, 'left', { partitions: 2 }), await createTopic(brokers, 'right', { partitions: 3 })] as const;
    const settings = settingsFor(brokers, [topics[0]]);
    const lines = [new TestLine(), new TestLine()] as const;
    await startSource(settings, lines[0]);
    await startSource({ ...settings, topics: [topics[1]] } satisfies KafkaSourceSettings, lines[1]);
    await produce(brokers, topics[0], spread(5, 2));
    await produce(brokers, topics[1], spread(5, 3));
    await eventually(() => lines[0].events.length === 10 && lines[1].events.length === 15, 'each has its own');
    expect(lines[0].events.every(({ topic }) => topic === topics[0])).toBe(true);
  });
});

/** Produces until it is stopped; answers then how much it was. */
function producing(producer: Producer, topic: string, partitions: number): () => Promise<number> {
  const stopping = new AbortController();
  let produced = 0;
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await producer.send({ topic, messages: Array.from({ length: 30 }, (_, i) => ({ partition: (produced + i) % partitions, value: String(produced + i) })) });
      produced += 30;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return produced;
  })();
  return () => {
    stopping.abort();
    return done;
  };
}
