import { expect, it } from 'vitest';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { startCluster, startSentinels } from '../../services/redis-groups.mjs';
import { startRedis, type RedisServer } from '../../services/redis.mjs';
import { connect, createRig, fill, later, numbers, pendingOf } from './rig.ts';

async function ownRedis(): Promise<RedisServer> {
  const server = await startRedis({ aof: 'always' });
  later(() => server.remove());
  return server;
}

await describeWith(['redis'], 'a source of Redis streams, when Redis fails', ({ redis: { url: shared } }) => {
  it('goes on after Redis was killed and started: nothing is lost, what is under way is not run twice', async () => {
    const server = await ownRedis();
    const client = await connect(server);
    const rig = createRig({ url: server.url, batchEvents: 32 });
    await fill(client, rig.stream, 100);
    await rig.source.start();
    await until(() => rig.offered.length === 100, 'the first entries');
    for (const one of rig.offered.slice(0, 50)) one.settle();
    await server.kill();
    await until(() => rig.source.trouble?.includes('does not answer'), 'the trouble');
    // Settled while there is nobody to tell.
    for (const one of rig.offered.slice(50, 75)) one.settle();
    await server.start();
    await fill(client, rig.stream, 100, 100);
    await until(() => rig.offered.length >= 200, 'the other entries');
    await until(() => rig.source.trouble === undefined, 'the end of the trouble');
    rig.settleAll();
    await until(async () => (await pendingOf(client, rig.stream)) === 0, 'nothing pending');
    expect(rig.values()).toEqual(numbers(200));
    expect(rig.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('runs entries whose delivery was lost with the connection', async () => {
    const server = await ownRedis();
    const client = await connect(server);
    const rig = createRig({ url: server.url, consumer: 'me' });
    await rig.source.start();
    await until(async () => String(await client.client('LIST')).includes('cmd=xreadgroup'), 'the first read');
    await fill(client, rig.stream, 1);
    await until(() => rig.offered.length === 1, 'the entry');
    // Delivered to its name by a connection that is not there any more.
    await fill(client, rig.stream, 2, 1);
    await until(() => rig.offered.length === 3, 'the entries');
    await rig.source.stop();
    await fill(client, rig.stream, 2, 3);
    await client.xreadgroup('GROUP', rig.group, 'me', 'COUNT', 2, 'STREAMS', rig.stream, '>');
    const again = createRig({ url: server.url, streams: rig.settings.streams, consumer: 'me' });
    await again.source.start();
    await until(() => again.offered.length === 5, 'all that is pending for it');
    expect(again.values()).toEqual(numbers(5));
    await client.call('client', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(() => again.counts.repeated === 5, 'another look at what is pending');
    expect(again.offered).toHaveLength(5);
  });

  it('creates the group again when the stream is deleted, and reads what comes then', async () => {
    const client = await connect({ url: shared });
    const rig = createRig({ url: shared, from: '$', line: { auto: true } });
    await rig.source.start();
    await fill(client, rig.stream, 2);
    await until(() => rig.offered.length === 2, 'the entries');
    await client.multi().del(rig.stream).xadd(rig.stream, '*', 'value', '2').exec();
    await until(() => rig.counts.recovered.includes('group_recreated'), 'the new group');
    await fill(client, rig.stream, 1, 3);
    await until(() => rig.offered.length === 4, 'the entries of the new stream');
    expect(rig.values()).toEqual(numbers(4));
    await until(async () => (await pendingOf(client, rig.stream)) === 0, 'nothing pending');
  });

  it('waits for a Redis that is not there at its start', async () => {
    const server = await ownRedis();
    const client = await connect(server);
    const rig = createRig({ url: server.url, line: { auto: true } });
    await fill(client, rig.stream, 1);
    await server.kill();
    const started = rig.source.start();
    await until(() => rig.source.trouble?.includes('ECONNREFUSED'), 'the trouble');
    await server.start();
    await started;
    await until(() => rig.offered.length === 1, 'the entry');
    await until(() => rig.source.trouble === undefined, 'the end of the trouble');
  });

  it('can be stopped while it waits for Redis', async () => {
    const server = await ownRedis();
    await server.kill();
    const rig = createRig({ url: server.url });
    const started = rig.source.start().catch((error: unknown) => error);
    await until(() => rig.source.trouble !== undefined, 'the trouble');
    await rig.source.stop();
    await rig.source.close();
    expect(await started).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('goes on after a failover, and runs again what the new master does not know to be acknowledged', async () => {
    const group = await startSentinels();
    later(() => group.remove());
    const sentinels = { addresses: group.addresses.map(({ host, port }) => `${host}:${port}`), master: group.name };
    const client = await connect({ sentinels });
    const rig = createRig({ sentinels, takeoverMs: 2000, batchEvents: 16 });
    await fill(client, rig.stream, 100);
    await rig.source.start();
    await until(() => rig.offered.length === 100, 'the first entries');
    await until(async () => {
      const replica = await connect({ url: group.replicas[0]!.url });
      return (await pendingOf(replica, rig.stream).catch(() => 0)) === 100;
    }, 'the replica to know');
    // The replica hears of nothing from here on.
    group.replicas[0]!.pause();
    await (await connect({ url: group.master.url })).call('client', 'KILL', 'TYPE', 'replica');
    for (const one of rig.offered.slice(0, 40)) one.settle();
    await until(() => rig.counts.acknowledged === 40, 'acknowledgements that will be lost');
    await group.master.kill();
    group.replicas[0]!.resume();
    await until(async () => (await group.currentPort()) !== group.master.port, 'the failover', 40_000);
    await fill(client, rig.stream, 100, 100);
    await until(() => {
      rig.settleAll();
      return new Set(rig.values()).size === 200;
    }, 'all entries', 40_000);
    await until(async () => {
      rig.settleAll();
      return (await pendingOf(client, rig.stream)) === 0;
    }, 'nothing pending');
    // Those that were under way went on. The new master gave out again what it did not know to be acknowledged; what was read
    // together with entries still under way was remembered here.
    const repeated = rig.values().filter((value, i, all) => all.indexOf(value) < i);
    expect(repeated.length).toBeGreaterThan(0);
    expect(repeated.every((value) => Number(value) < 40)).toBe(true);
    await until(() => rig.source.trouble === undefined, 'the end of the trouble');
  }, 120_000);

  it('reads streams of all nodes of a Cluster, and goes on after one was killed and started', async () => {
    const cluster = await startCluster({ aof: 'always' });
    later(() => cluster.remove());
    const connection = { cluster: { addresses: [`127.0.0.1:${cluster.nodes[0]!.port}`] } };
    const client = await connect(connection);
    const streams = Array.from({ length: 6 }, () => uniqueName('orders'));
    const rig = createRig({ ...connection, streams, line: { auto: true } });
    await rig.source.start();
    for (const [n, stream] of streams.entries()) await fill(client, stream, 20, 20 * n);
    await until(() => rig.offered.length === 120, 'all entries');
    await cluster.nodes[1]!.kill();
    await until(() => rig.source.trouble !== undefined, 'the trouble');
    await cluster.nodes[1]!.start();
    for (const [n, stream] of streams.entries()) await fill(client, stream, 20, 120 + 20 * n);
    await until(() => rig.offered.length >= 240, 'all other entries', 40_000);
    expect(rig.values().map(Number).toSorted((a, b) => a - b)).toEqual(numbers(240).map(Number));
    await until(() => rig.source.trouble === undefined, 'the end of the trouble');
    for (const stream of streams) await until(async () => (await pendingOf(client, stream)) === 0, 'nothing pending');
    await rig.source.stop();
    await rig.source.close();
  }, 120_000);
});
