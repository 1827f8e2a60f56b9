import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { Load } from './load.ts';
import { report } from './report.ts';

const FROZEN_MS = Number(process.env['MILLRACE_FAULTS_FROZEN_MS'] ?? 10_000);

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

/* Longer than the session of Kafka (6 s), the takeover and the leases of Redis streams (2 s) and the locks of BullMQ (3 s) here: others have its work when it wakes. */
await describeWith(['kafka', 'redis'], 'a process that stands still', ({ kafka, redis }) => {
  it.each([
    ['kafka', 'key'],
    ['redisStream', 'none'],
    ['redisStream', 'key'],
    ['bullmq', 'none'],
  ] satisfies [FeedName, string][])('and goes on later loses nothing of %s with order %s', async (name, order) => {
    feed = await FEEDS[name]({ brokers: kafka.brokers, redisUrl: redis.url }, { order });
    fleet = new Fleet({ config: feed.config });
    const { ledger } = fleet;
    for (let i = 0; i < 3; i++) await fleet.add();
    const load = new Load(feed, { keys: 61, ms: (i) => (i % 97 === 0 ? 300 : 0), chunk: 20 });
    await eventually(() => ledger.ended() > 2_000, 'there is load');
    const { child } = fleet.members[0]!.server;
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, FROZEN_MS));
    child.kill('SIGCONT');
    const awakeAt = ledgerNow();
    await fleet.members[0]!.server.ready();
    const taken = await fleet.metric(fleet.members[0]!, 'millrace_source_events_total');
    if (order === 'none') await eventually(async () => (await fleet!.metric(fleet!.members[0]!, 'millrace_source_events_total')) > taken, 'it reads again');
    await load.stop();
    await eventually(() => ledger.ended() === load.sent.length, 'everything has ended', 120_000);
    const recoveredMs = ledgerNow() - awakeAt;
    const verdict = judge(ledger.read(), load.sent);
    report(`main thread stopped for ${FROZEN_MS / 1000} s, ${name}, order ${order}`, verdict, recoveredMs, `out of order ${order === 'none' ? '-' : verdict.outOfOrder.length}`);
    expect(verdict.missing).toEqual([]);
    if (order === 'key') expect(verdict.outOfOrder).toEqual([]);
  });
});
