import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import type { End } from '../../src/delivery/contract.ts';
import { createDeduplicatingLine, type DeduplicatingLine } from '../../src/delivery/deduplication.ts';
import { compileEventIds, namesAsIds } from '../../src/delivery/event-ids.ts';
import type { Line } from '../../src/delivery/source.ts';
import type { SeenStore } from '../../src/delivery/seen/contract.ts';
import { openLmdbSeen } from '../../src/delivery/seen/lmdb-seen.ts';
import { createRedisSeen } from '../../src/delivery/seen/redis-seen.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { useServices, uniqueName } from '../lib/services.ts';
import { until } from '../lib/until.ts';
import { ECHO, task } from '../pool/rig.ts';
import { startRedis } from '../services/redis.mjs';
import { createLineRig, type LineRig, type LineRigOptions, noMeter, Settled, sourceEvents } from './line-rig.ts';

const { redis: shared } = await useServices('redis');
const rigs: LineRig[] = [];
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const rig of rigs.splice(0)) {
    await (rig.line as DeduplicatingLine).close();
    await rig.close();
  }
  for (const step of undo.splice(0).toReversed()) await step();
});

async function open(definition: unknown, store: SeenStore, { key, ...options }: LineRigOptions & { key?: string } = {}): Promise<LineRig> {
  const rig = await createLineRig(definition, {
    ...options,
    before: (line: Line) => createDeduplicatingLine(line, { store, ids: key === undefined ? namesAsIds : compileEventIds({ source: 's', key, log: silentLog, meter: noMeter }), maxInFlightBytes: 100_000_000 }),
  });
  rigs.push(rig);
  await (rig.line as DeduplicatingLine).ready();
  return rig;
}

const inRedis = (url: string, source = uniqueName('dedup'), windowMs = 3_600_000): SeenStore => createRedisSeen({ connection: { url }, source, group: 'g', windowMs, log: silentLog });

function inFolder(windowMs = 3_600_000): Promise<SeenStore> {
  const path = mkdtempSync(join(tmpdir(), 'millrace-seen-'));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return openLmdbSeen({ path, windowMs, sweepMs: 50 });
}

const ids = (from: number, count: number): { value: unknown }[] => Array.from({ length: count }, (_, i) => ({ value: { id: from + i } }));
const statuses = (rig: LineRig): string[] => [...rig.settled.ends.values()].map((end) => (end as End).status);

/** The heap after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe.each([
  ['Redis', shared === undefined ? null : (windowMs?: number) => inRedis(shared.url, undefined, windowMs)],
  ['a folder', inFolder],
] as const)('with what is seen in %s', (_, create) => {
  it.skipIf(create === null)('100,000 ids pass once, and leave nothing in the heap', { timeout: 180_000 }, async () => {
    const rig = await open(ECHO, await create!(), { line: { maxInFlight: 20_000, maxInFlightBytes: 100_000_000 } });
    const pass = async (): Promise<void> => {
      for (let from = 0; from < 100_000; from += 1000) {
        await until(() => rig.line.hasRoom(1000, 100_000), 'there is room');
        rig.give(ids(from, 1000), { names: { prefix: 'orders-0', firstSerial: from } });
      }
      await (rig.line as DeduplicatingLine).idle();
    };
    let told = 0;
    rig.settled.settled = (_events, from, to) => void (told += to - from);
    await pass();
    expect(told).toBe(100_000);
    const before = heapBytes();
    await pass();
    expect(told).toBe(200_000);
    expect(heapBytes() - before).toBeLessThan(20_000_000);
    expect(rig.line.inFlight).toBe(0);
  });

  it.skipIf(create === null)('an id runs again after the window', async () => {
    const rig = await open(ECHO, await create!(1000), { key: 'value.id', wantsEnds: true });
    rig.give(ids(1, 1));
    await until(() => rig.settled.ends.size === 1, 'the first has run');
    await until(async () => {
      const { size } = rig.settled.ends;
      rig.give(ids(1, 1));
      await until(() => rig.settled.ends.size > size, 'it is settled');
      return statuses(rig).at(-1) === 'SUCCEEDED';
    }, 'it has run again');
    expect(statuses(rig).slice(1, -1).every((status) => status === 'FILTERED')).toBe(true);
  });
});

describe.skipIf(shared === undefined)('two processes that share a Redis', () => {
  it('run each id once, whichever of them gets it, and in both', async () => {
    const source = uniqueName('dedup');
    const pair = await Promise.all([1, 2].map(() => open(ECHO, inRedis(shared!.url, source), { key: 'value.id', wantsEnds: true })));
    for (let from = 0; from < 500; from += 50) for (const [n, rig] of pair.entries()) rig.give(ids(n === 0 ? from : 450 - from, 50), { names: { prefix: `p${n}-${from}`, firstSerial: 0 } });
    await until(() => pair.every((rig) => rig.settled.ends.size === 500), 'all are settled');
    const outputs = pair.flatMap((rig) => [...rig.settled.ends.values()].flatMap((end) => (end as End).output ?? []));
    expect(new Set(outputs).size).toBe(500);
    expect(outputs).toHaveLength(500);
  });

  it('hand an event over when one of them dies between its end and its acknowledgement', async () => {
    const source = uniqueName('dedup');
    const functions = { f: 'export const handler = () => process.pid;' };
    const one = await open(task('f'), inRedis(shared!.url, source), { functions });
    const two = await open(task('f'), inRedis(shared!.url, source), { functions, wantsEnds: true });
    one.give(ids(1, 3), { names: ['a', 'b', 'c'] });
    await until(() => one.settled.ends.size === 3, 'they have ended');
    // Nothing was acknowledged; the next owner reads them all again, and one that is new.
    one.lease.release();
    two.lease.offer({ ...sourceEvents(ids(1, 4), 'again'), names: ['a', 'b', 'c', 'd'] });
    await until(() => two.settled.ends.size === 4, 'they are settled again');
    expect(statuses(two).toSorted()).toEqual(['FILTERED', 'FILTERED', 'FILTERED', 'SUCCEEDED']);
  });

  it('run what the one that died had begun', async () => {
    const source = uniqueName('dedup');
    const WAITS = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 60, End: true } } };
    const one = await open(WAITS, inRedis(shared!.url, source));
    const two = await open(ECHO, inRedis(shared!.url, source), { wantsEnds: true });
    one.give(ids(1, 3), { names: ['a', 'b', 'c'] });
    await until(() => one.rig.pool.parked === 3, 'they run');
    two.lease.offer({ ...sourceEvents(ids(1, 3), 'again'), names: ['a', 'b', 'c'] });
    await until(() => two.settled.ends.size === 3, 'they have run here');
    expect(statuses(two)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  });
});

describe.skipIf(shared === undefined)('a Redis that goes away', () => {
  it('holds events back and loses none of them, nor runs one twice', { timeout: 60_000 }, async () => {
    const own = await startRedis({ aof: 'always' });
    undo.push(() => own.remove());
    const rig = await open(ECHO, inRedis(own.url), { key: 'value.id', wantsEnds: true });
    rig.give(ids(0, 100));
    await until(() => rig.settled.ends.size === 100, 'the first are settled');
    await own.kill();
    rig.give(ids(50, 100));
    await until(() => (rig.line as DeduplicatingLine).trouble?.includes('The Redis of the de-duplication'), 'the trouble is said');
    rig.give(ids(100, 100));
    expect([rig.settled.ends.size, rig.lease.inFlight]).toEqual([100, 200]);
    await own.start();
    await until(() => rig.settled.ends.size === 300, 'all are settled');
    const outputs = [...rig.settled.ends.values()].flatMap((end) => (end as End).output ?? []);
    expect(new Set(outputs).size).toBe(200);
    expect(outputs).toHaveLength(200);
    expect((rig.line as DeduplicatingLine).trouble).toBeUndefined();
    const other = new Settled();
    rig.line.lease(other, { wantsEnds: true }).offer(sourceEvents(ids(0, 200), 'other'));
    await until(() => other.ends.size === 200, 'duplicates of all are known');
    expect([...other.ends.values()].every((end) => (end as End).status === 'FILTERED')).toBe(true);
  });
});
