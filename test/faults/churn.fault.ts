import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { Load } from './load.ts';
import { report } from './report.ts';

const CHURN_MS = Number(process.env['MILLRACE_FAULTS_CHURN_MS'] ?? 120_000);
const EVERY_MS = 500;
const MOST_MEMBERS = 4;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

await describeWith(['kafka', 'redis'], 'members that join and leave all the time', ({ kafka, redis }) => {
  it.each([
    ['kafka', 'key'],
    ['redisStream', 'none'],
  ] satisfies [FeedName, string][])('lose nothing of %s with order %s', async (name, order) => {
    feed = await FEEDS[name]({ brokers: kafka.brokers, redisUrl: redis.url }, { order });
    const running = (fleet = new Fleet({ config: feed.config, graceMs: 3_000 }));
    const { ledger, members } = running;
    await running.add();
    const load = new Load(feed, { keys: 61, ms: (i) => (i % 97 === 0 ? 300 : 0), chunk: 40 });
    const leaving: Promise<unknown>[] = [];
    const changes = { joined: 0, terminated: 0, killed: 0 };
    const until = performance.now() + CHURN_MS;
    for (let turn = 0; performance.now() < until; turn++) {
      const next = performance.now() + EVERY_MS;
      // The oldest leaves: it has most to lose. Every other one without a word.
      if (members.length >= MOST_MEMBERS || (turn % 2 === 1 && members.length > 1)) {
        const signal = changes.terminated <= changes.killed ? 'SIGTERM' : 'SIGKILL';
        changes[signal === 'SIGTERM' ? 'terminated' : 'killed']++;
        leaving.push(running.remove(members[0]!, signal));
      } else {
        changes.joined++;
        await running.add({ wait: false });
      }
      await new Promise((resolve) => setTimeout(resolve, next - performance.now()));
    }
    await load.stop();
    const during = ledger.ended();
    const lastAt = ledgerNow();
    await eventually(() => ledger.ended() === load.sent.length, 'everything has ended', 180_000);
    const recoveredMs = ledgerNow() - lastAt;
    await Promise.all(leaving);
    const verdict = judge(ledger.read(), load.sent);
    const { joined, terminated, killed } = changes;
    report(`joins and leaves every ${EVERY_MS} ms for ${CHURN_MS / 1000} s, ${name}, order ${order}`, verdict, recoveredMs, `${joined} joined, ${terminated} SIGTERM, ${killed} SIGKILL; ${during} had ended by the last; out of order ${order === 'none' ? '-' : verdict.outOfOrder.length}`);
    expect(verdict.missing).toEqual([]);
    if (order === 'key') expect(verdict.outOfOrder).toEqual([]);
  });
});
