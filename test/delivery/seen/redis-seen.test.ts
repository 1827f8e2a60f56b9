import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisConnection } from '../../../src/config/settings.ts';
import type { SeenStore } from '../../../src/delivery/seen/contract.ts';
import { createRedisSeen } from '../../../src/delivery/seen/redis-seen.ts';
import { createRedis, closeRedis } from '../../../src/redis/redis.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { describeSeenStore, seen, type SeenPair } from '../../contract/seen-store.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { type Cluster, startCluster } from '../../services/redis-groups.mjs';
import { startRedis } from '../../services/redis.mjs';

const open = (connection: RedisConnection, source: string, windowMs: number, group = 'g'): SeenStore => createRedisSeen({ connection, source, group, windowMs, log: silentLog });

function pair(connection: RedisConnection, windowMs: number): SeenPair {
  const source = uniqueName('seen');
  const [one, two] = [open(connection, source, windowMs), open(connection, source, windowMs)];
  return { one, two, close: async () => void (await Promise.all([one.close(), two.close()])) };
}

await describeWith(['redis'], 'events seen, in Redis', ({ redis }) => {
  describeSeenStore('Redis', (windowMs) => pair({ url: redis.url }, windowMs));

  it('keeps sources and groups apart, whatever they are called', async () => {
    const source = uniqueName('seen');
    const stores = [open({ url: redis.url }, source, 60_000, 'a'), open({ url: redis.url }, source, 60_000, 'a:{b}'), open({ url: redis.url }, `${source}2`, 60_000, 'a')];
    await Promise.all(stores.map((store) => store.ready()));
    for (const store of stores) expect(await store.claim([seen('x')])).toEqual(['new']);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('leaves no key behind that does not expire', async () => {
    const source = uniqueName('seen');
    const store = open({ url: redis.url }, source, 60_000);
    await store.ready();
    const events = [seen('claimed'), seen('again'), seen('ended')];
    await store.claim(events);
    await store.claim(events.slice(1, 2));
    await store.done(events.slice(2));
    const client = createRedis({ url: redis.url }, { purpose: 'a look', log: silentLog });
    for (const { id } of events) {
      const left = await client.pttl(`millrace:seen:${source}:g:${id}`);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(60_000);
    }
    await Promise.all([store.close(), closeRedis(client)]);
  });

  it('rejects while Redis is away, and goes on with what a persistent one has kept', async () => {
    const own = await startRedis({ aof: 'always' });
    const store = open({ url: own.url }, 's', 3_600_000);
    await store.ready();
    await store.claim([seen('a', 'a1'), seen('b', 'b1')]);
    await store.done([seen('a', 'a1')]);
    await own.kill();
    await expect(store.claim([seen('c')])).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', message: expect.stringContaining('source s') as string });
    await own.start();
    const verdicts = await until(() => store.claim([seen('a', 'a1'), seen('a', 'a2'), seen('b', 'b1')]).catch(() => undefined), 'Redis is back');
    expect(verdicts).toEqual(['done', 'duplicate', 'again']);
    await store.close();
    await own.remove();
  });

  it('says what to change when Redis refuses it', async () => {
    const own = await startRedis({ aof: false });
    const admin = createRedis({ url: own.url }, { purpose: 'the password', log: silentLog });
    await admin.config('SET', 'requirepass', 'hush');
    await closeRedis(admin);
    const store = open({ url: own.url }, 's', 60_000);
    await expect(store.ready()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('password') as string });
    await store.close();
    await own.remove();
  });
});

await describeWith(['redis'], 'events seen, in a Cluster', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(() => cluster.remove());

  describe('three nodes', () => {
    describeSeenStore('a Cluster', (windowMs) => pair({ cluster: { addresses: cluster.addresses.map(({ host, port }) => `${host}:${port}`) } }, windowMs));
  });
});
