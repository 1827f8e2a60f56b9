import { expect, it } from 'vitest';
import { closeRedis, createRedis, redisReady } from '../../../src/redis/redis.ts';
import { canReadDirectly, readDirectly } from '../../../src/sources/redis-stream/direct-reads.ts';
import { listOf } from '../../../src/sources/redis-stream/ids.ts';
import { readGroup, sendBy } from '../../../src/sources/redis-stream/reads.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { startRedis } from '../../services/redis.mjs';
import { connect, later } from './rig.ts';

const valueField = Buffer.from('value');

async function reader(url: string) {
  const client = createRedis({ url }, { purpose: 'test', log: silentLog, whenAway: 'fail' });
  later(() => closeRedis(client));
  await redisReady(client, { url }, 'test');
  // Fails when another version of ioredis listens to its socket in another way: reads are slow then, and right all the same.
  if (!canReadDirectly(client)) throw new Error('the connection cannot be read directly');
  return client;
}

await describeWith(['redis'], 'reads past ioredis', ({ redis: { url } }) => {
  it('bring what those of ioredis bring, between its own commands', async () => {
    const client = await connect({ url });
    const streams = [uniqueName('a'), uniqueName('b')];
    for (const stream of streams) {
      for (const group of ['direct', 'library']) await client.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
      for (let n = 0; n < 50; n++) await client.xadd(stream, '*', 'value', Buffer.alloc(n * n * 10, n), ...(n % 7 === 0 ? ['other', 'ö'] : []));
    }
    const direct = await reader(url);
    const request = { consumer: 'c', count: 30, blockMs: 1000, streams, after: ['>', '>'] };
    for (let round = 0; round < 2; round++) {
      const portions = await readDirectly(direct, { ...request, group: 'direct' }, valueField);
      expect(await direct.ping()).toBe('PONG');
      expect(canReadDirectly(direct)).toBe(true);
      const expected = await readGroup(sendBy(client), { ...request, group: 'library' });
      const plain = (list: typeof portions): unknown => list.map(({ stream, entries, deleted }) => ({ stream, deleted, entries: listOf(entries.ids).map((id, i) => [id, entries.fields(i).map(String)]) }));
      expect(plain(portions)).toEqual(plain(expected));
      expect(portions.map(({ entries }) => entries.ids.length)).toEqual(round === 0 ? [30, 30] : [20, 20]);
    }
    expect(await readDirectly(direct, { ...request, group: 'direct', blockMs: 10 }, valueField)).toEqual([]);
    await expect(readDirectly(direct, { ...request, group: 'none' }, valueField)).rejects.toThrow(/^NOGROUP/);
    expect(await direct.ping()).toBe('PONG');
  });

  it('are made several at once, and only the first waits', async () => {
    const client = await connect({ url });
    const stream = uniqueName('many');
    await client.xgroup('CREATE', stream, 'g', '0', 'MKSTREAM');
    const direct = await reader(url);
    const request = { group: 'g', consumer: 'c', count: 30, blockMs: 5000, streams: [stream], after: ['>'], reads: 3 };
    // More than one piece of what a socket reads.
    for (let n = 0; n < 70; n++) await client.xadd(stream, '*', 'value', Buffer.alloc(3000, n));
    const portions = await readDirectly(direct, request, valueField);
    expect(portions.map(({ entries }) => entries.ids.length)).toEqual([30, 30, 10]);
    expect(portions.flatMap(({ entries }) => listOf(entries.ids).map((_, i) => entries.fields(i)[1]![0]))).toEqual(Array.from({ length: 70 }, (_, n) => n));
    const waiting = readDirectly(direct, request, valueField);
    const id = await client.xadd(stream, '*', 'value', 'late');
    expect((await waiting).map(({ entries }) => listOf(entries.ids))).toEqual([[id]]);
    await expect(readDirectly(direct, { ...request, group: 'none' }, valueField)).rejects.toThrow(/^NOGROUP/);
    expect(await direct.ping()).toBe('PONG');
  });

  it('cannot be where another command is under way', async () => {
    const client = await reader(url);
    const answer = client.ping();
    expect(canReadDirectly(client)).toBe(false);
    await answer;
    expect(canReadDirectly(client)).toBe(true);
  });

  it('reject when the connection breaks, and ioredis makes the next one', async () => {
    const server = await startRedis({ aof: false });
    later(() => server.remove());
    const client = await reader(server.url);
    await client.xgroup('CREATE', 's', 'g', '0', 'MKSTREAM');
    const read = readDirectly(client, { group: 'g', consumer: 'c', count: 1, blockMs: 10_000, streams: ['s'], after: ['>'] }, valueField).catch((error: unknown) => error);
    await server.kill();
    expect(await read).toMatchObject({ message: 'Connection is closed.' });
    const ready = redisReady(client, server, 'test');
    await server.start();
    await ready;
    expect(await client.ping()).toBe('PONG');
    expect(canReadDirectly(client)).toBe(true);
  });
});
