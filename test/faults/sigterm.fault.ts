import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow, type Note } from './ledger.ts';
import { Load } from './load.ts';
import { report } from './report.ts';

const ROUNDS = Number(process.env['MILLRACE_FAULTS_SIGTERMS'] ?? 3);
const GRACE_MS = 4_000;
/** What ended so long before the signal, or later, must not run again. What ended before may have gone to another process in a rebalance. */
const BEFORE_MS = 500;
/** Longer than the grace period: what takes so long cannot end where it was when the signal came. */
const LONG_MS = 9_000;
const KEYS = 61;
/** Events of a twentieth of a second: about what there is time for on two cores beside their sender. */
const CHUNKS = { kafka: 100, redisStream: 100, bullmq: 20, http: 20 } satisfies Record<FeedName, number>;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

/** Some park, a few for long, each key in its turn. */
const length = (i: number): number => (i % 1999 === 7 ? LONG_MS : i % 97 === 0 ? 100 : 0);

/** Events that a process had ended by its exit, however shortly before, from a time on that is known by pid, and that began again after. */
function rerun(notes: readonly Note[], since: ReadonlyMap<number, number>): string[] {
  const endedThere = new Set<string>();
  const again: string[] = [];
  for (const { what, key, n, pid, atMs } of notes) {
    const id = `${key} ${n}`;
    if (what === 'e' && atMs >= (since.get(pid) ?? Infinity)) endedThere.add(id);
    else if (what === 'b' && endedThere.has(id)) again.push(id);
  }
  return again;
}

await describeWith(['kafka', 'redis'], 'SIGTERM at full load', ({ kafka, redis }) => {
  it.each([
    ['kafka', 'key'],
    ['redisStream', 'none'],
    ['redisStream', 'key'],
    ['bullmq', 'none'],
  ] satisfies [FeedName, string][])('repeats nothing that %s with order %s had ended', async (name, order) => {
    feed = await FEEDS[name]({ brokers: kafka.brokers, redisUrl: redis.url, takeoverMs: 10_000 }, order === 'none' ? {} : { order });
    fleet = new Fleet({ config: feed.config, graceMs: GRACE_MS });
    const { ledger } = fleet;
    for (let i = 0; i < 3; i++) await fleet.add();
    const load = new Load(feed, { keys: KEYS, ms: length, chunk: CHUNKS[name] });
    const stopped = new Map<number, number>();
    const tookMs: number[] = [];
    let lastAt = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const before = ledger.ended();
      await eventually(() => ledger.ended() > before + 1_500, 'there is load');
      const victim = fleet.members[0]!;
      lastAt = ledgerNow();
      stopped.set(victim.server.child.pid!, lastAt - BEFORE_MS);
      const code = await fleet.remove(victim, 'SIGTERM');
      tookMs.push(ledgerNow() - lastAt);
      expect(code, victim.server.stderr).toBe(0);
      await fleet.add();
    }
    await load.stop();
    await eventually(() => ledger.ended() === load.sent.length, 'everything has ended', 120_000);
    const notes = ledger.read();
    const verdict = judge(notes, load.sent);
    report(`SIGTERM at full load, ${name}, order ${order}, ${ROUNDS} times`, verdict, ledgerNow() - lastAt, `exits after ${tookMs.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s of ${GRACE_MS / 1000} s grace; out of order ${order === 'none' ? '-' : verdict.outOfOrder.length}`);
    expect(verdict.missing).toEqual([]);
    expect(rerun(notes, stopped)).toEqual([]);
    if (order === 'key') expect(verdict.outOfOrder).toEqual([]);
    for (const ms of tookMs) expect(ms).toBeLessThan(GRACE_MS + 6_000);
  });
});
