import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type FaultEvent, type Feed } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { report } from './report.ts';

const TAKEOVER_MS = 2_000;
const LONG_MS = 3 * TAKEOVER_MS;
const EVENTS = 900;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

await describeWith(['kafka', 'redis'], 'a process that dies holding pending entries', ({ kafka, redis }) => {
  it('has them taken over, and nobody alive is robbed of executions that last three times as long as it takes to take over', async () => {
    feed = await FEEDS.redisStream({ brokers: kafka.brokers, redisUrl: redis.url });
    fleet = new Fleet({ config: feed.config });
    const { ledger } = fleet;
    for (let i = 0; i < 3; i++) await fleet.add();
    const sent: FaultEvent[] = Array.from({ length: EVENTS }, (_, i) => ({ key: `k${i}`, n: 0, ms: LONG_MS }));
    for (let i = 0; i < EVENTS; i += 30) await feed.send(sent.slice(i, i + 30));
    await eventually(() => new Set(ledger.read().map(({ key }) => key)).size === EVENTS, 'all have begun');
    const victim = fleet.members.toSorted((a, b) => begunBy(b.server.child.pid!) - begunBy(a.server.child.pid!))[0]!;
    const killed = victim.server.child.pid!;
    const held = begunBy(killed);
    expect(held).toBeGreaterThan(0);
    const killedAt = ledgerNow();
    await fleet.remove(victim, 'SIGKILL');
    await eventually(() => ledger.ended() === EVENTS, 'everything has ended', 120_000);
    const recoveredMs = ledgerNow() - killedAt - LONG_MS;
    const { source } = { source: feed.config['sources'] as { events: { redisStream: { stream: string } } } };
    const client = new Redis(redis.url);
    await eventually(async () => ((await client.xpending(source.events.redisStream.stream, 'faults')) as [number])[0] === 0, 'nothing is pending');
    await client.quit();

    const notes = ledger.read();
    const verdict = judge(notes, sent);
    const begins = new Map<string, number[]>();
    for (const { what, key, pid } of notes) if (what === 'b') begins.set(key, [...(begins.get(key) ?? []), pid]);
    const robbed = [...begins].filter(([, pids]) => pids.filter((pid) => pid !== killed).length > 1).map(([key]) => key);
    const again = [...begins.values()].filter((pids) => pids.length > 1).length;
    report(`a process dies holding ${held} pending entries, redisStream`, verdict, recoveredMs, `${again} begun again by others, ${robbed.length} taken from live owners; executions of ${LONG_MS / 1000} s, takeover after ${TAKEOVER_MS / 1000} s`);
    expect(verdict.missing).toEqual([]);
    expect(verdict.duplicates).toBe(0);
    expect(robbed).toEqual([]);
    expect(again).toBe(held);

    function begunBy(pid: number): number {
      return ledger.read().filter((note) => note.what === 'b' && note.pid === pid).length;
    }
  });
});
