import { expect, it } from 'vitest';
import { leaseOf } from '../../../src/sources/redis-stream/ownership.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { startCluster } from '../../services/redis-groups.mjs';
import { connect, createRig, fill, later, numbers, pendingOf } from './rig.ts';

const takeoverMs = 1000;

await describeWith(['redis'], 'streams that are read in order', ({ redis: { url } }) => {
  it('gives a stream one lane', async () => {
    const client = await connect({ url });
    const streams = [uniqueName('a'), uniqueName('b')];
    const rig = createRig({ url, streams, batchEvents: 10, line: { order: 'partition' } });
    for (const stream of streams) await fill(client, stream, 100);
    await rig.source.start();
    await until(() => rig.offered.length === 200, 'all entries');
    const lanes = streams.map((stream) => {
      const own = rig.offered.filter(({ shared }) => shared === JSON.stringify({ stream }));
      expect(own.map(({ value }) => value)).toEqual(numbers(100));
      return new Set(own.map(({ lane }) => lane));
    });
    expect(lanes.map(({ size }) => size)).toEqual([1, 1]);
    expect([...lanes[0]!][0]).not.toBe([...lanes[1]!][0]);
  });

  it('gives a key one lane, and keeps the order of its entries', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, keyField: 'customer', batchEvents: 32, line: { order: 'key', lanes: 3, wants: 'nothing' } });
    await Promise.all(Array.from({ length: 300 }, (_, n) => client.xadd(rig.stream, '*', 'customer', `c-${n % 7}`, 'value', String(n))));
    await client.xadd(rig.stream, '*', 'value', 'without a key');
    await rig.source.start();
    await until(() => rig.offered.length === 301, 'all entries');
    const used = new Set<number>();
    for (let c = 0; c < 7; c++) {
      const own = rig.offered.filter(({ key }) => key === `c-${c}`);
      expect(own.map(({ value }) => Number(value))).toEqual(Array.from({ length: own.length }, (_, n) => c + 7 * n));
      expect(new Set(own.map(({ lane }) => lane)).size).toBe(1);
      used.add(own[0]!.lane);
    }
    expect([...used].every((lane) => lane >= 0 && lane < 3)).toBe(true);
    expect(used.size).toBeGreaterThan(1);
    expect(rig.offered.find(({ value }) => value === 'without a key')!.lane).toBe(-1);
  });

  it('lets one process read a stream, and the next one go on where it has stopped', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    const first = createRig({ url, streams: [stream], takeoverMs, line: { order: 'partition' } });
    await first.source.start();
    const second = createRig({ url, streams: [stream], takeoverMs, line: { order: 'partition' } });
    await second.source.start();
    await fill(client, stream, 50);
    await until(() => first.offered.length === 50, 'the entries');
    for (const one of first.offered.slice(0, 20)) one.settle();
    await first.source.stop();
    await fill(client, stream, 50, 50);
    // What is under way is settled before the stream changes hands.
    for (const one of first.offered.slice(20, 40)) one.settle();
    await first.source.close();
    await until(() => second.offered.length === 60, 'the rest');
    expect(first.values()).toEqual(numbers(50));
    expect(second.values()).toEqual(numbers(60, 40));
    expect(second.source.trouble).toBeUndefined();
  });

  it('shares streams among processes as they come and go', async () => {
    const client = await connect({ url });
    const streams = Array.from({ length: 4 }, (_, n) => uniqueName(`s${n}`));
    const create = (): ReturnType<typeof createRig> => createRig({ url, streams, takeoverMs, line: { order: 'partition' } });
    const held = (rig: ReturnType<typeof createRig>): number => rig.counts.lag.size;
    const first = create();
    for (const stream of streams) await fill(client, stream, 10);
    await first.source.start();
    await until(() => first.offered.length === 40, 'all entries');

    const second = create();
    await second.source.start();
    // Not before what is under way has ended.
    expect(second.offered).toEqual([]);
    first.settleAll();
    await until(() => first.log.lines.filter(({ message }) => message.includes('gives the stream')).length === 2, 'two streams handed over');
    await until(() => second.log.lines.filter(({ message }) => message.includes('reads the stream')).length === 2, 'two streams taken');
    for (const stream of streams) await fill(client, stream, 10, 10);
    await until(() => first.offered.length === 60 && second.offered.length === 20, 'the entries of each');
    for (const stream of streams) {
      const own = [...first.offered, ...second.offered].filter(({ shared }) => shared === JSON.stringify({ stream }));
      expect(own.map(({ value }) => value)).toEqual(numbers(20));
    }
    await until(() => held(first) === 2 && held(second) === 2, 'the lag of what each holds');

    first.settleAll();
    await first.source.stop();
    await first.source.close();
    for (const stream of streams) await fill(client, stream, 10, 20);
    await until(() => second.offered.length === 60, 'the entries of all');
    second.settleAll();
    for (const stream of streams) await until(async () => (await pendingOf(client, stream)) === 0, 'nothing pending');
    expect(first.counts.recovered).toEqual([]);
  });

  it('takes a stream over from a process that is gone: what was pending comes first, in order', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    await client.xgroup('CREATE', stream, 'millrace', '0', 'MKSTREAM');
    const ids = await fill(client, stream, 10);
    await client.set(leaseOf(stream, 'millrace'), 'one that was killed', 'PX', takeoverMs);
    await client.xreadgroup('GROUP', 'millrace', 'dead', 'COUNT', 5, 'STREAMS', stream, '>');
    await client.xreadgroup('GROUP', 'millrace', 'dead-too', 'COUNT', 2, 'STREAMS', stream, '>');
    await client.xack(stream, 'millrace', ids[1]!, ids[2]!);
    const rig = createRig({ url, streams: [stream], takeoverMs, batchEvents: 2, line: { order: 'partition' } });
    await rig.source.start();
    expect(rig.offered).toEqual([]);
    await until(() => rig.offered.length === 8, 'the entries');
    expect(rig.values()).toEqual(['0', '3', '4', '5', '6', '7', '8', '9']);
    expect(rig.counts.recovered).toContain('takeover');
  });

  it('reads nothing once another has the lease, lets go of what it had, and takes it up again when the lease is free', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, takeoverMs, line: { order: 'partition' } });
    const lease = leaseOf(rig.stream, rig.group);
    await fill(client, rig.stream, 5);
    await rig.source.start();
    await until(() => rig.offered.length === 5, 'the entries');
    await client.multi().set(lease, 'another', 'PX', 3 * takeoverMs).xadd(rig.stream, '*', 'value', '5').exec();
    await until(() => rig.counts.recovered.includes('lease_lost'), 'the loss');
    expect(rig.offered).toHaveLength(5);
    rig.offered[0]!.settle();
    await until(async () => (await client.get(lease)) !== 'another', 'the end of the other lease');
    await until(() => rig.offered.length >= 11, 'all of it again');
    // Nothing that was settled after the loss was acknowledged: the other may have run it.
    expect(rig.values()).toEqual([...numbers(5), ...numbers(6)]);
    expect(rig.counts.acknowledged).toBe(0);
  });

  it('holds on to a stream when Redis has lost the lease and nobody else took it', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, takeoverMs: 10_000, line: { order: 'partition' } });
    await fill(client, rig.stream, 5);
    await rig.source.start();
    await until(() => rig.offered.length === 5, 'the entries');
    // As after a failover.
    await client.del(leaseOf(rig.stream, rig.group));
    await fill(client, rig.stream, 5, 5);
    await until(() => rig.offered.length === 10, 'the other entries');
    rig.settleAll();
    await until(() => rig.counts.acknowledged === 10, 'the acknowledgements');
    expect(rig.values()).toEqual(numbers(10));
  });

  it('holds leases beside their streams in a Cluster', async () => {
    const cluster = await startCluster();
    later(() => cluster.remove());
    const connection = { cluster: { addresses: [`127.0.0.1:${cluster.nodes[0]!.port}`] } };
    const client = await connect(connection);
    const streams = ['orders', 'orders-{eu}', '{us}'].map((name) => `${name}${uniqueName('')}`);
    const rig = createRig({ ...connection, streams, line: { order: 'partition' } });
    for (const stream of streams) await fill(client, stream, 10);
    await rig.source.start();
    await until(() => rig.offered.length === 30, 'all entries');
    for (const stream of streams) {
      const own = rig.offered.filter(({ shared }) => shared === JSON.stringify({ stream }));
      expect(own.map(({ value }) => value)).toEqual(numbers(10));
    }
  }, 60_000);
});
