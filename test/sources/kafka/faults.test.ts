import { afterAll, afterEach, expect, it } from 'vitest';
import type { KafkaServer } from '../../services/kafka.d.mts';
import { startKafka } from '../../services/kafka.mjs';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, kafkaOf, produce, settingsFor, startSource, TestLine, type Produced } from './kit.ts';

const numbered = (count: number, partitions: number, from = 0): Produced[] => Array.from({ length: count }, (_, i) => ({ partition: i % partitions, value: String(from + i) }));

/** Keeps the thread busy: no timer, no heartbeat, no answer read. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

await describeWith(['kafka'], 'a Kafka source', ({ kafka: { brokers: shared } }) => {
  let kafka: KafkaServer | undefined;
  afterEach(closeSources);
  afterAll(() => kafka?.remove());

  /** A broker that may be killed, and compacts at once. */
  const own = async (): Promise<KafkaServer> => (kafka ??= await startKafka({ heapMb: 256, settings: { 'log.cleaner.backoff.ms': 200, 'log.segment.delete.delay.ms': 100 } }));

  it('goes on where it was, with what is under way, after its thread was blocked for longer than its session', async () => {
    const topic = await createTopic(shared, 'blocked', { partitions: 2 });
    const settings = settingsFor(shared, [topic], { sessionTimeoutMs: 1500, heartbeatIntervalMs: 300 });
    const line = new TestLine({ holds: true });
    const source = await startSource(settings, line);
    await produce(shared, topic, numbered(100, 2));
    await eventually(() => line.open.size === 100, 'all are under way');
    block(4000);
    await eventually(() => (line.counts.recovered.get('lost_session') ?? 0) > 0, 'it has joined again');
    await produce(shared, topic, numbered(100, 2, 100));
    await eventually(() => line.events.length >= 200, 'what came since');
    expect(line.events).toHaveLength(200);
    expect(line.released).toEqual([]);
    line.settle();
    await eventually(async () => Object.values(await committed(shared, settings.groupId, topic)).every(({ offset }) => offset === 100), 'all is committed');
    expect(source.trouble).toBeUndefined();
  });

  it('lets go of what another member was given meanwhile, and takes over what that one has settled when it comes back', async () => {
    const topic = await createTopic(shared, 'meanwhile', { partitions: 2 });
    const settings = settingsFor(shared, [topic], { sessionTimeoutMs: 1500, heartbeatIntervalMs: 300 });
    const lines = [new TestLine({ holds: true }), new TestLine()] as const;
    await startSource(settings, lines[0]);
    await produce(shared, topic, numbered(100, 2));
    await eventually(() => lines[0].open.size === 100, 'all are under way');
    await startSource(settings, lines[1]);
    await eventually(() => lines[1].counts.acknowledged === 50, 'one partition has moved');
    // Everything runs in one thread here; the other member's session survives, as it was given a longer time.
    lines[0].settle();
    await eventually(async () => Object.values(await committed(shared, settings.groupId, topic)).every(({ offset }) => offset === 50), 'all is committed');
    expect(lines[0].events).toHaveLength(100);
  });

  it('waits for a broker that is killed, says so, and goes on with what is under way when it is back', async () => {
    const { brokers } = await own();
    const topic = await createTopic(brokers, 'killed', { partitions: 2 });
    const settings = settingsFor(brokers, [topic], { sessionTimeoutMs: 60_000 });
    const line = new TestLine({ holds: true });
    const source = await startSource(settings, line);
    await produce(brokers, topic, numbered(100, 2));
    await eventually(() => line.open.size === 100, 'all are under way');
    await kafka!.kill();
    line.settle(({ offset }) => offset % 2 === 0);
    await eventually(() => source.trouble !== undefined, 'trouble is said');
    expect(source.trouble).toContain(brokers[0]);
    await kafka!.start();
    await produce(brokers, topic, numbered(100, 2, 100));
    // Sooner than the session of the member that it was: it is that member again.
    await eventually(() => line.events.length >= 200, 'what came since', 40_000);
    expect(line.events).toHaveLength(200);
    expect(line.released).toEqual([]);
    expect(line.counts.recovered.get('consumer_restart')).toBe(1);
    line.settle();
    await eventually(async () => Object.values(await committed(brokers, settings.groupId, topic)).every(({ offset }) => offset === 100), 'all is committed');
    await eventually(() => source.trouble === undefined, 'no trouble any more');
  }, 120_000);

  it('reads what compaction has left of a log', async () => {
    const { brokers } = await own();
    const topic = await createTopic(brokers, 'compacted', { partitions: 1, settings: { 'cleanup.policy': 'compact', 'segment.bytes': '1048576', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.001', 'min.compaction.lag.ms': '0' } });
    for (let round = 0; round < 3; round++) {
      // Every third key comes again in the next round, the others stay.
      await produce(brokers, topic, Array.from({ length: 30 }, (_, i) => ({ key: `k${i % 3 === 0 ? i : 100 * round + i}`, value: `${round} ${i}` })));
      // A segment that is older than 100 ms gives way to a new one, and only closed segments are compacted.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await produce(brokers, topic, [{ key: 'last', value: 'last' }]);
    let line = new TestLine();
    await eventually(
      async () => {
        line = new TestLine();
        const source = await startSource(settingsFor(brokers, [topic]), line);
        await eventually(() => line.counts.lag.get(`${topic}/0`) === 0 && line.values.includes('last'), 'the end of the log');
        await source.close();
        return line.events.length < 91;
      },
      'the log has been compacted',
      60_000,
    );
    const offsets = line.events.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(new Set(line.values).size).toBe(line.values.length);
    // What has not been superseded is there.
    const expected = Array.from({ length: 30 }, (_, i) => `2 ${i}`);
    expect(expected.every((value) => line.values.includes(value))).toBe(true);
    const admin = kafkaOf(brokers).admin();
    await admin.connect();
    expect(Number((await admin.fetchTopicOffsets(topic))[0]!.high)).toBe(91);
    await admin.disconnect();
  }, 120_000);

  // The last one: to its controller the broker is dead for a while.
  it('closes in time when its broker is gone', async () => {
    const { brokers } = await own();
    const topic = await createTopic(brokers, 'gone', { partitions: 1 });
    const line = new TestLine({ holds: true });
    const source = await startSource(settingsFor(brokers, [topic]), line);
    await produce(brokers, topic, numbered(10, 1));
    await eventually(() => line.open.size === 10, 'all are under way');
    kafka!.pause();
    try {
      line.settle();
      await source.stop();
      // It does not answer, and does not refuse either. Without a bound this would wait for every request to time out.
      await source.close();
    } finally {
      kafka!.resume();
    }
    expect(line.open.size).toBe(0);
  }, 60_000);
});
