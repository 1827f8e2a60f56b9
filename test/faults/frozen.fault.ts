import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { Load } from './load.ts';
import { report } from './report.ts';

const FROZEN_MS = Number(process.env['MILLRACE_FAULTS_FROZEN_MS'] ?? 10_000);
/** Of executions that outlast the takeover of a stream, and the time that it takes to notice. */
const LONG_MS = 12_000;

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
  it('settles nothing of a Redis stream that another process owns by then', async () => {
    feed = await FEEDS.redisStream({ brokers: [], redisUrl: redis.url }, { order: 'key' });
    const { stream, group } = (feed.config['sources'] as { events: { redisStream: { stream: string; group: string } } }).events.redisStream;
    fleet = new Fleet({ config: feed.config });
    const { ledger, members } = fleet;
    const [old, other] = [await fleet.add(), await fleet.add()];
    const begunBy = (member: (typeof members)[number]): Set<string> => new Set(ledger.read().filter(({ what, pid }) => what === 'b' && pid === member.server.child.pid).map(({ key }) => key));
    const client = new Redis(redis.url);
    const pending = async (): Promise<number> => ((await client.xpending(stream, group)) as [number])[0];
    try {
      const sent = Array.from({ length: 200 }, (_, i) => ({ key: `k${i}`, n: 0, ms: LONG_MS }));
      await feed.send(sent);
      await eventually(() => begunBy(old).size + begunBy(other).size === sent.length, 'all have begun');
      // The lease is with one of them.
      const [frozen, heir] = begunBy(old).size > 0 ? [old, other] : [other, old];
      expect(begunBy(frozen).size).toBe(sent.length);
      frozen.server.child.kill('SIGSTOP');
      await eventually(() => begunBy(heir).size === sent.length, 'another process has taken all over');
      frozen.server.child.kill('SIGCONT');
      await eventually(async () => (await fleet!.metric(frozen, 'millrace_source_recoveries_total')) > 0, 'it notices');
      // The executions are over where it stood still before they are where they run now: only those count.
      const heirPid = heir.server.child.pid;
      const endedThere = (): number => ledger.read().filter(({ what, pid }) => what === 'e' && pid === heirPid).length;
      let least = sent.length;
      await eventually(async () => {
        const left = await pending();
        if (endedThere() === 0) least = Math.min(least, left);
        return endedThere() === sent.length;
      }, 'they have ended there');
      expect(least).toBe(sent.length);
      await eventually(async () => (await pending()) === 0, 'everything is acknowledged');
      const verdict = judge(ledger.read(), sent);
      report('the owner of a Redis stream stopped until another has taken it over', verdict, undefined, `${least} of ${sent.length} entries pending until they had ended there`);
      expect(verdict.missing).toEqual([]);
    } finally {
      client.disconnect();
    }
  });
});
