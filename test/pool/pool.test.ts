import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { executionArn, DEFAULT_ARN_SCOPE } from '../../src/delivery/arn.ts';
import { MillraceError } from '../../src/errors.ts';
import { DURATION_BUCKETS_MS } from '../../src/pool/counts.ts';
import type { MachineCounts } from '../../src/telemetry/batch-totals.ts';
import { ECHO, WAIT, createRig, pass, type Rig, task, until } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const settled = (count: number): Promise<void> => until(() => rig.ledger.ends.size === count && rig.dispatch.inFlight === 0, `${count} events have ended`);
const answer = (result: unknown): string => JSON.stringify(pass({ Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Answer' }, Answer: { Type: 'Pass', Result: result as object, End: true } }));

describe('revisions', () => {
  it('lets running executions finish on theirs, and starts new ones on the current', async () => {
    rig = await createRig({}, {}, { workers: 2 });
    await rig.pool.install({ machine: 'm', definition: answer('old') });
    rig.offer('m', Array.from({ length: 20 }, () => ({ seconds: 1 })), { wantsOutput: true });
    await until(() => rig.ledger.parkedEvents.size === 20, 'all have parked');
    await rig.pool.install({ machine: 'm', definition: answer('new') });
    rig.offer('m', Array.from({ length: 20 }, () => ({ seconds: 0 })), { wantsOutput: true });
    await settled(40);
    expect(new Set(Array.from({ length: 20 }, (_, i) => rig.ledger.end(`p0/${i}`).output))).toEqual(new Set(['"old"']));
    expect(new Set(Array.from({ length: 20 }, (_, i) => rig.ledger.end(`p1/${i}`).output))).toEqual(new Set(['"new"']));
  });

  it('refuses a definition with its diagnostics and keeps the one before', async () => {
    rig = await createRig({ m: ECHO });
    const before = rig.pool.current('m');
    const fault = await rig.pool.install({ machine: 'm', definition: '{"StartAt":"A","States":{"A":{"Type":"Nonsense"}}}' }).catch((error: unknown) => error as MillraceError);
    expect(fault).toBeInstanceOf(MillraceError);
    expect(fault).toMatchObject({ code: 'INVALID_DEFINITION' });
    expect((fault as MillraceError).diagnostics.length).toBeGreaterThan(0);
    expect(rig.pool.current('m')).toBe(before);
    rig.offer('m', [1]);
    await settled(1);
  });

  it('loads changed functions under a new revision', async () => {
    rig = await createRig({ f: task('f') }, { f: 'export const handler = () => 1;' });
    writeFileSync(join(rig.folder, 'f.mjs'), 'export const handler = () => 2;');
    await rig.pool.install({ machine: 'f', definition: JSON.stringify(task('f')), functionsFolder: rig.folder, functionsRevision: '2' });
    rig.offer('f', [{}], { wantsOutput: true });
    await settled(1);
    expect(rig.ledger.end('p0/0').output).toBe('2');
  });

  it('gives a new worker every machine that the old one had', async () => {
    rig = await createRig({ kill: task('kill'), echo: ECHO, wait: WAIT }, { kill: 'export const handler = () => process.exit(1);' });
    await rig.pool.install({ machine: 'late', definition: answer('late') });
    rig.offer('kill', [{}]);
    rig.offer('late', [{ seconds: 0 }], { wantsOutput: true });
    rig.offer('echo', [1]);
    await settled(3);
    expect(rig.ledger.end('p1/0').output).toBe('"late"');
  });

  it('says so when a function takes its worker down while it is loaded', async () => {
    rig = await createRig({ echo: ECHO }, { bad: 'process.exit(9); export const handler = () => 1;' }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'INVALID_FUNCTION' });
      return createRig({});
    });
    await rig.pool.install({ machine: 'echo', definition: JSON.stringify(ECHO) });
    rig.offer('echo', [1]);
    await settled(1);
  });
});

describe('counts', () => {
  it('adds up to what was settled, by status and by duration', async () => {
    rig = await createRig({ echo: ECHO, wait: WAIT, fail: pass({ No: { Type: 'Fail', Error: 'X' } }) }, {}, { workers: 2 });
    const counted: MachineCounts[] = [];
    rig.pool.onCounts((counts) => counted.push(...counts));
    rig.offer('echo', Array.from({ length: 1000 }, () => 1));
    rig.raw('echo', ['nonsense']);
    rig.offer('fail', [1, 2, 3]);
    rig.offer('wait', [{ seconds: 1 }]);
    await settled(1005);
    rig.pool.flushCounts();
    const sum = (machine: string, pick: (counts: MachineCounts) => number): number => counted.filter((counts) => counts.machine === machine).reduce((total, counts) => total + pick(counts), 0);
    const durations = (machine: string): number => sum(machine, (counts) => [...(counts.durationBuckets as number[])].reduce((a, b) => a + b, 0));
    expect([sum('echo', (c) => c.started), sum('echo', (c) => c.succeeded), sum('echo', (c) => c.rejected), durations('echo')]).toEqual([1000, 1000, 1, 1000]);
    expect([sum('fail', (c) => c.failed), durations('fail')]).toEqual([3, 3]);
    expect(sum('wait', (c) => c.durationSumMs)).toBeGreaterThan(900);
    expect(counted[0]?.durationBuckets.length).toBe(DURATION_BUCKETS_MS.length + 1);
  });
});

describe('identity', () => {
  it('is the same on the main thread and in a worker', async () => {
    rig = await createRig({ who: pass({ Who: { Type: 'Pass', Parameters: { 'id.$': '$$.Execution.Id' }, End: true } }) });
    rig.offer('who', [1], { wantsOutput: true, names: ['n'], startTimeMs: 5 });
    await settled(1);
    expect(rig.ledger.end('p0/0').output).toBe(JSON.stringify({ id: executionArn(DEFAULT_ARN_SCOPE, 'who', 'n', 5) }));
  });
});
