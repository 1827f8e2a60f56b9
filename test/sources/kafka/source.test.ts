import { CompressionTypes } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, end, kafkaOf, produce, settingsFor, startSource, TestLine, type Produced } from './kit.ts';

await describeWith(['kafka'], 'a Kafka source', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  const numbered = (count: number, partition = 0, from = 0): Produced[] => Array.from({ length: count }, (_, i) => ({ partition, value: `{"n":${from + i}}` }));

  it('reads from the beginning, and commits what is settled', async () => {
    const topic = await createTopic(brokers, 'readings', { partitions: 3 });
    for (const partition of [0, 1, 2]) await produce(brokers, topic, numbered(100, partition));
    const line = new TestLine();
    const settings = settingsFor(brokers, [topic]);
    const source = await startSource(settings, line);
    await eventually(() => line.events.length === 300, 'all events');
    expect(new Set(line.events.map(({ name }) => name)).size).toBe(300);
    expect(line.events.every(({ value, offset }) => value === `{"n":${offset}}`)).toBe(true);
    expect(source.trouble).toBeUndefined();
    await eventually(() => line.counts.acknowledged === 300, 'all are acknowledged');
    await eventually(() => line.counts.lag.size === 3 && [...line.counts.lag.values()].every((lag) => lag === 0), 'no lag');
    await end(source);
    expect(await committed(brokers, settings.groupId, topic)).toEqual({ 0: { offset: 100, metadata: null }, 1: { offset: 100, metadata: null }, 2: { offset: 100, metadata: null } });
  });

  it('reads what producers compress in every way that Kafka has', async () => {
    const topic = await createTopic(brokers, 'compressed', { partitions: 1 });
    const line = new TestLine();
    await startSource(settingsFor(brokers, [topic]), line);
    const all = [CompressionTypes.None, CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD];
    for (const [i, compression] of all.entries()) await produce(brokers, topic, numbered(500, 0, 500 * i), compression);
    await eventually(() => line.events.length === 500 * all.length, 'all events');
    expect(line.values).toEqual(Array.from({ length: 500 * all.length }, (_, n) => `{"n":${n}}`));
  });

  it('hands on keys, headers, times and values that are not there', async () => {
    const topic = await createTopic(brokers, 'envelopes', { partitions: 1 });
    const line = new TestLine({ wants: 'everything', holds: true });
    await startSource(settingsFor(brokers, [topic]), line);
    await produce(brokers, topic, [
      { key: 'a', value: '1', timestamp: '1700000000000', headers: { trace: 'x', many: ['y', 'z'] } },
      { key: null, value: null, timestamp: '1700000000005' },
      { key: '', value: '', timestamp: '1600000000000' },
    ]);
    await eventually(() => line.events.length === 3, 'the events');
    const [{ events }] = line.events as [(typeof line.events)[0]];
    const { shared, idMember, ids, keys, headersFormat, timestamps } = events.details!;
    expect({ shared, idMember, ids, headersFormat, times: [...timestamps!] }).toEqual({ shared: `{"topic":"${topic}","partition":0}`, idMember: 'offset', ids: 0, headersFormat: 'kafka', times: [1_700_000_000_000, 1_700_000_000_005, 1_600_000_000_000] });
    expect([keys![1], keys![3], keys![5]]).toEqual([1, 0xffff_ffff, 0]);
    expect(line.values).toEqual(['1', '', '']);
    const described = line.events.map(({ lease, index }) => lease.settlement.describe(events, index)).map(({ coordinate, key, headers }) => [coordinate, key === undefined ? undefined : Buffer.from(key).toString(), headers]);
    expect(described).toEqual([
      [`{"topic":"${topic}","partition":0,"offset":0}`, 'a', '{"trace":"x","many":["y","z"]}'],
      [`{"topic":"${topic}","partition":0,"offset":1}`, undefined, undefined],
      [`{"topic":"${topic}","partition":0,"offset":2}`, '', undefined],
    ]);
  });

  it('says nothing of an event but its value where nothing else is wanted', async () => {
    const topic = await createTopic(brokers, 'plain', { partitions: 1 });
    const line = new TestLine({ wants: 'nothing' });
    await startSource(settingsFor(brokers, [topic]), line);
    await produce(brokers, topic, [{ key: 'a', value: '1' }]);
    await eventually(() => line.events.length === 1, 'the event');
    expect(line.events[0]!.events.details).toBeUndefined();
    expect(line.events[0]!.events.lane).toBe(-1);
  });

  it('gives each partition a lane of its own where order matters, and events their names', async () => {
    const topic = `${await createTopic(brokers, 'with.dots', { partitions: 2 })}`;
    const line = new TestLine({ order: 'partition' });
    await startSource(settingsFor(brokers, [topic]), line);
    await produce(brokers, topic, [...numbered(2, 0), ...numbered(2, 1)]);
    await eventually(() => line.events.length === 4, 'the events');
    const lanes = new Map(line.events.map(({ partition, events }) => [partition, events.lane]));
    expect((lanes.get(1)! - lanes.get(0)!) & 1).toBe(1);
    for (const { name, partition, offset } of line.events) {
      expect(name).toMatch(/^with-dots-[\w-]+$/);
      expect(name.endsWith(`-${partition}-${offset}`)).toBe(true);
      expect(name.length).toBeLessThanOrEqual(80);
    }
  });

  it('does not run again what was settled beyond the watermark, after a restart', async () => {
    const topic = await createTopic(brokers, 'restart', { partitions: 2 });
    const settings = settingsFor(brokers, [topic]);
    const first = new TestLine({ holds: true });
    const source = await startSource(settings, first);
    await produce(brokers, topic, [...numbered(3000, 0), ...numbered(3000, 1)]);
    await eventually(() => first.events.length === 6000, 'all events');
    const stays = ({ offset }: { offset: number }): boolean => offset % 7 === 3 || offset > 2900;
    first.settle((event) => !stays(event));
    await end(source);
    const commits = await committed(brokers, settings.groupId, topic);
    expect([commits[0]!.offset, commits[1]!.offset]).toEqual([3, 3]);

    const second = new TestLine();
    await startSource(settings, second);
    const expected = Array.from({ length: 3000 }, (_, offset) => ({ offset })).filter(stays).length;
    await eventually(() => second.events.length >= 2 * expected, 'the rest');
    await eventually(() => second.counts.acknowledged === 2 * expected, 'the rest is acknowledged');
    expect(second.events.every(stays)).toBe(true);
    expect(second.events).toHaveLength(2 * expected);
    expect(second.counts.repeated).toBe(2 * (3000 - expected - 3));
    expect(await committed(brokers, settings.groupId, topic)).toEqual({ 0: { offset: 3000, metadata: null }, 1: { offset: 3000, metadata: null } });
  });

  it('begins with what comes next, and keeps to that when it starts again', async () => {
    const topic = await createTopic(brokers, 'latest', { partitions: 2 });
    const settings = settingsFor(brokers, [topic], { from: 'latest' });
    await produce(brokers, topic, [...numbered(10, 0), ...numbered(10, 1)]);
    const idle = new TestLine();
    const source = await startSource(settings, idle);
    await eventually(async () => Object.keys(await committed(brokers, settings.groupId, topic)).length === 2, 'the positions are committed');
    await end(source);
    expect(idle.events).toEqual([]);
    await produce(brokers, topic, [...numbered(5, 0, 10), ...numbered(5, 1, 10)]);
    const line = new TestLine();
    await startSource(settings, line);
    await eventually(() => line.events.length >= 10, 'what came while nobody read');
    expect(line.events.map(({ offset }) => offset).toSorted((a, b) => a - b)).toEqual([10, 10, 11, 11, 12, 12, 13, 13, 14, 14]);
  });

  it('begins with the first event of a time, and with what comes next where there is none', async () => {
    const topic = await createTopic(brokers, 'since', { partitions: 2 });
    const at = 1_700_000_000_000;
    await produce(brokers, topic, Array.from({ length: 10 }, (_, i) => ({ partition: 0, value: `${i}`, timestamp: String(at + i) })));
    await produce(brokers, topic, [{ partition: 1, value: 'old', timestamp: String(at) }]);
    const line = new TestLine();
    await startSource(settingsFor(brokers, [topic], { from: { timestampMs: at + 4 } }), line);
    await eventually(() => line.events.length >= 6, 'the events since then');
    await produce(brokers, topic, [{ partition: 1, value: 'new' }]);
    await eventually(() => line.events.length >= 7, 'what comes next');
    expect(line.values).toEqual(['4', '5', '6', '7', '8', '9', 'new']);
  });

  it('holds back at the limit of what may be in flight, and goes on when there is room', async () => {
    const topic = await createTopic(brokers, 'limit', { partitions: 2 });
    await produce(brokers, topic, [...numbered(2000, 0), ...numbered(2000, 1)]);
    const line = new TestLine({ holds: true, maxInFlight: 100 });
    await startSource(settingsFor(brokers, [topic], { sessionTimeoutMs: 2000 }), line);
    await eventually(() => line.open.size === 100, 'the limit is reached');
    // Longer than the session may be without a heartbeat.
    const until = performance.now() + 3000;
    await eventually(() => performance.now() > until, 'three seconds');
    expect(line.open.size).toBe(100);
    expect(line.released).toEqual([]);
    let most = 0;
    await eventually(() => {
      most = Math.max(most, line.open.size);
      line.settle();
      return line.events.length === 4000;
    }, 'all events');
    line.settle();
    expect(most).toBeLessThanOrEqual(100);
    expect(new Set(line.events.map(({ name }) => name)).size).toBe(4000);
    await eventually(() => line.counts.acknowledged === 4000, 'all are acknowledged');
    expect(line.counts.paused[0]).toBe(true);
    expect(line.counts.paused.at(-1)).toBe(false);
  });

  it('lets one large event through where the limit is smaller', async () => {
    const topic = await createTopic(brokers, 'large', { partitions: 1 });
    await produce(brokers, topic, [{ value: 'x'.repeat(500_000) }, { value: 'y' }]);
    const line = new TestLine({ maxInFlight: 1 });
    await startSource(settingsFor(brokers, [topic], { maxBytesPerPartition: 1000, maxBytes: 1000 }), line);
    await eventually(() => line.events.length === 2, 'both events');
    expect(line.values.map((value) => value.length)).toEqual([500_000, 1]);
  });

  it('reads several topics', async () => {
    const topics = [await createTopic(brokers, 'one', { partitions: 1 }), await createTopic(brokers, 'two', { partitions: 2 })];
    const line = new TestLine();
    await startSource(settingsFor(brokers, topics), line);
    await produce(brokers, topics[0]!, numbered(3));
    await produce(brokers, topics[1]!, numbered(3, 1));
    await eventually(() => line.events.length === 6, 'the events of both');
    expect(new Set(line.events.map(({ topic, partition }) => `${topic}/${partition}`))).toEqual(new Set([`${topics[0]!}/0`, `${topics[1]!}/1`]));
  });

  it('refuses to start without its topic, and names it', async () => {
    const topic = await createTopic(brokers, 'there', { partitions: 1 });
    await expect(startSource(settingsFor(brokers, [topic, 'never.made']), new TestLine())).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('no topic never.made') });
  });

  it('says why it waits for a broker that is away, and can be closed meanwhile', async () => {
    const line = new TestLine();
    const { createKafkaSource } = await import('../../../src/sources/kafka/source.ts');
    const source = createKafkaSource(settingsFor(['127.0.0.1:1'], ['t'], { connectionTimeoutMs: 200 }), line);
    const starting = source.start();
    const refused = expect(starting).rejects.toMatchObject({ code: 'DRAINING' });
    await eventually(() => source.trouble !== undefined, 'trouble is said');
    expect(source.trouble).toMatch(/127\.0\.0\.1:1/);
    await source.close();
    await refused;
  });

  it('reads nothing more once it is stopped, but stays in its group and commits until it is closed', async () => {
    const topic = await createTopic(brokers, 'drain', { partitions: 1 });
    const settings = settingsFor(brokers, [topic], { sessionTimeoutMs: 2000 });
    const line = new TestLine({ holds: true });
    const source = await startSource(settings, line);
    await produce(brokers, topic, numbered(10));
    await eventually(() => line.events.length === 10, 'the events');
    await source.stop();
    await produce(brokers, topic, numbered(10, 0, 10));
    const until = performance.now() + 3000;
    await eventually(() => performance.now() > until, 'longer than a session lasts without a heartbeat');
    line.settle();
    await eventually(async () => (await committed(brokers, settings.groupId, topic))[0]!.offset === 10, 'the commit');
    await source.close();
    expect(line.events).toHaveLength(10);
    const admin = kafkaOf(brokers).admin();
    await admin.connect();
    // It has left, instead of being waited for.
    expect((await admin.describeGroups([settings.groupId])).groups[0]!.members).toEqual([]);
    await admin.disconnect();
  });
});
