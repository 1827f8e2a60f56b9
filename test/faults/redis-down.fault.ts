import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { startSentinels, type Sentinels } from '../services/redis-groups.mjs';
import { startRedis, type RedisServer } from '../services/redis.mjs';
import { FEEDS, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { Load } from './load.ts';
import { report } from './report.ts';

const KILLS = Number(process.env['MILLRACE_FAULTS_REDIS_KILLS'] ?? 3);
const REPLICATED_WITHIN_MS = 1_000;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
const servers: { remove(): Promise<void> }[] = [];
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  for (const server of servers.splice(0)) await server.remove();
  fleet = undefined;
  feed = undefined;
});

const lengths = (i: number): number => (i % 97 === 0 ? 300 : 0);

// Asks for the shared Redis only to be skipped where none can be had; those that are killed are its own.
await describeWith(['redis'], 'a Redis that is killed', () => {
  it.each(['redisStream', 'bullmq'] satisfies FeedName[])('and started again, with its append-only file, loses nothing of %s', async (name) => {
    const redis: RedisServer = await startRedis({ aof: 'always' });
    servers.push(redis);
    feed = await FEEDS[name]({ brokers: [], redisUrl: redis.url, takeoverMs: 10_000 });
    fleet = new Fleet({ config: feed.config });
    const { ledger } = fleet;
    for (let i = 0; i < 2; i++) await fleet.add();
    const load = new Load(feed, { keys: 61, ms: lengths, chunk: 20 });
    let recoveredMs = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const before = ledger.ended();
      await eventually(() => ledger.ended() > before + 500, 'there is load');
      await redis.kill();
      await redis.start();
      const backAt = ledgerNow();
      const atStart = ledger.ended();
      await eventually(() => ledger.ended() > atStart, 'events are run again');
      recoveredMs = Math.max(recoveredMs, ledgerNow() - backAt);
    }
    await load.stop();
    await eventually(() => ledger.ended() === load.sent.length, 'everything has ended', 120_000);
    const verdict = judge(ledger.read(), load.sent);
    report(`Redis killed (-9) and restarted with its append-only file ${KILLS} times, ${name}`, verdict, recoveredMs);
    expect(verdict.missing).toEqual([]);
  });

  it('and replaced by its replica, through Sentinel, loses nothing that the replica had', async () => {
    const group = await startSentinels({ aof: 'always' });
    servers.push(group);
    const addresses = group.addresses.map(({ host, port }) => `${host}:${port}`);
    feed = await replicated(await FEEDS.redisStream({ brokers: [], redisUrl: group.master.url }), group);
    const { redisStream, ...rest } = (feed.config['sources'] as { events: { redisStream: { url?: string } } }).events;
    const { url: _, ...reading } = redisStream;
    fleet = new Fleet({ config: { sources: { events: { redisStream: { ...reading, sentinels: { addresses, master: group.name } }, ...rest } } } });
    const { ledger } = fleet;
    for (let i = 0; i < 2; i++) await fleet.add();
    const load = new Load(feed, { keys: 61, ms: lengths, chunk: 20 });
    await eventually(() => ledger.ended() > 1_000, 'there is load');
    const killedAt = ledgerNow();
    await group.master.kill();
    await eventually(async () => (await group.currentPort()) !== group.master.port, 'the replica is the master');
    const failedOverMs = ledgerNow() - killedAt;
    const before = ledger.ended();
    // Comes back as a replica, so that writes can be waited for again.
    await group.master.start();
    await eventually(() => ledger.ended() > before + 500, 'events are run again');
    const recoveredMs = ledgerNow() - killedAt;
    await load.stop();
    await eventually(() => ledger.ended() === load.sent.length, 'everything has ended', 120_000);
    const verdict = judge(ledger.read(), load.sent);
    report('failover with Sentinel, redisStream', verdict, recoveredMs, `of which ${(failedOverMs / 1000).toFixed(1)} s passed until the replica was the master; the producer waits for the replica`);
    expect(verdict.missing).toEqual([]);
  });
});

/**
 * Sends through the Sentinels, and takes an event for sent once a replica has it: what only a master had that died is lost to
 * Redis itself.
 */
async function replicated(feed: Feed, { addresses, name }: Sentinels): Promise<Feed> {
  const { stream } = (feed.config['sources'] as { events: { redisStream: { stream: string } } }).events.redisStream;
  await feed.close();
  const redis = new Redis({ sentinels: addresses, name, maxRetriesPerRequest: 0, sentinelRetryStrategy: () => 100, retryStrategy: () => 100 });
  redis.on('error', () => undefined);
  return {
    config: feed.config,
    async send(events) {
      for (;;) {
        try {
          const pipeline = redis.pipeline();
          for (const event of events) pipeline.xadd(stream, '*', 'key', event.key, 'event', JSON.stringify(event));
          pipeline.wait(1, REPLICATED_WITHIN_MS);
          const answers = (await pipeline.exec()) ?? [];
          if (answers.length === events.length + 1 && answers.every(([error]) => error === null) && Number(answers.at(-1)![1]) >= 1) return;
        } catch {
          // The connection broke: nobody knows what was written.
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    close: () => Promise.resolve(redis.disconnect()),
  };
}
