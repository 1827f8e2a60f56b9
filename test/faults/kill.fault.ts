import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type FaultEvent, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge } from './ledger.ts';
import { report } from './report.ts';

const KILLS = Number(process.env['MILLRACE_FAULTS_KILLS'] ?? 6);
const EVENTS = Number(process.env['MILLRACE_FAULTS_EVENTS'] ?? 6_000);
const KEYS = 50;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

/** Every tenth takes a while, so that a kill always meets executions that have parked. */
const event = (i: number): FaultEvent => ({ key: `k${i % KEYS}`, n: Math.floor(i / KEYS), ms: i % 10 === 0 ? 300 : 0 });

await describeWith(['kafka', 'redis'], 'kill -9 of one of three processes, repeatedly, under load', ({ kafka, redis }) => {
  it.each(['kafka', 'redisStream', 'bullmq', 'http'] satisfies FeedName[])('loses nothing of %s', async (name) => {
    feed = await FEEDS[name]({ brokers: kafka.brokers, redisUrl: redis.url }, {}, () => fleet!);
    fleet = new Fleet({ config: feed.config });
    const { ledger } = fleet;
    for (let i = 0; i < 3; i++) await fleet.add();
    const sent = Array.from({ length: EVENTS }, (_, i) => event(i));
    let sending = true;
    const feeding = (async () => {
      for (let i = 0; i < sent.length; i += 200) await feed!.send(sent.slice(i, i + 200));
      sending = false;
    })();
    let lastKillAt = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const before = ledger.ended();
      await eventually(() => ledger.ended() > before || !sending, 'something has ended since the last kill');
      const victim = fleet.members[kill % fleet.members.length]!;
      lastKillAt = performance.now();
      await fleet.restart(victim);
    }
    await feeding;
    await eventually(() => ledger.ended() === EVENTS, 'everything has ended', 180_000);
    const recoveryMs = performance.now() - lastKillAt;
    const verdict = judge(ledger.read(), sent);
    report(`kill -9, ${name}, ${KILLS} kills of one of three`, verdict, recoveryMs);
    expect(verdict.missing).toEqual([]);
    expect(verdict.ended).toBe(EVENTS);
  });
});
