import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type FaultEvent, type Feed } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow, type Note } from './ledger.ts';
import { report } from './report.ts';

/** 299 s is as long as an execution may take; the suite has less time. */
const SLOW_MS = Number(process.env['MILLRACE_FAULTS_SLOW_MS'] ?? 30_000);
const WITHOUT_MS = Math.min(SLOW_MS, 60_000);
const KEYS = 20;
const EVERY_MS = 100;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

const percentile = (values: readonly number[], q: number): number => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? NaN;

/** From when events were sent to when their executions began. */
function waits(notes: readonly Note[], sentAt: ReadonlyMap<string, number>, from: number, to: number): number[] {
  return notes.flatMap(({ what, key, n, atMs }) => {
    const at = sentAt.get(`${key} ${n}`);
    return what === 'b' && at !== undefined && at >= from && at < to ? [atMs - at] : [];
  });
}

await describeWith(['kafka'], 'one key whose execution takes long', ({ kafka }) => {
  it('holds up its own events and no others', async () => {
    feed = await FEEDS.kafka({ brokers: kafka.brokers, redisUrl: '' }, { order: 'key' });
    fleet = new Fleet({ config: feed.config, workers: 2 });
    const { ledger } = fleet;
    const member = await fleet.add();
    const sent: FaultEvent[] = [];
    const sentAt = new Map<string, number>();
    const sendFor = async (ms: number): Promise<{ from: number; to: number }> => {
      const from = ledgerNow();
      while (ledgerNow() < from + ms) {
        const n = sent.length / KEYS;
        const events = Array.from({ length: KEYS }, (_, k) => ({ key: `k${k}`, n, ms: 5 }));
        for (const { key } of events) sentAt.set(`${key} ${n}`, ledgerNow());
        await feed!.send(events);
        sent.push(...events);
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
      return { from, to: ledgerNow() };
    };
    await sendFor(2_000);
    await eventually(() => ledger.ended() === sent.length, 'the way in is warm');
    const without = await sendFor(WITHOUT_MS);
    await eventually(() => ledger.ended() === sent.length, 'all have ended');
    const slow: FaultEvent = { key: 'slow', n: 0, ms: SLOW_MS };
    await feed.send([slow]);
    const behind: FaultEvent[] = [];
    await eventually(() => ledger.read().some(({ key }) => key === 'slow'), 'the long execution has begun');
    for (let n = 1; n <= 50; n++) behind.push({ key: 'slow', n, ms: 0 });
    await feed.send(behind);
    const during = await sendFor(SLOW_MS - 2_000);
    const early = ledger.read().filter(({ what, key, n }) => key === 'slow' && what === 'b' && n > 0).length;
    await eventually(() => ledger.ended() === sent.length + 51, 'everything has ended', SLOW_MS + 60_000);
    await eventually(async () => (await fleet!.metric(member, 'millrace_source_lag')) === 0, 'nothing lags');
    const notes = ledger.read();
    const verdict = judge(notes, [...sent, slow, ...behind]);
    const p99Without = percentile(waits(notes, sentAt, without.from, without.to), 0.99);
    const p99With = percentile(waits(notes, sentAt, during.from, during.to), 0.99);
    report(`one key whose execution takes ${SLOW_MS / 1000} s, order key`, verdict, undefined, `p99 of the other keys' waits ${p99Without.toFixed(0)} ms without it, ${p99With.toFixed(0)} ms with it; out of order ${verdict.outOfOrder.length}`);
    expect(verdict.missing).toEqual([]);
    expect(verdict.duplicates).toBe(0);
    expect(verdict.outOfOrder).toEqual([]);
    // Its own events waited for it; had others, they would have for as long.
    expect(early).toBe(0);
    expect(p99With).toBeLessThan(SLOW_MS / 10);
  });
});
