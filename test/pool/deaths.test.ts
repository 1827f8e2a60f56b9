import { afterEach, describe, expect, it } from 'vitest';
import { ECHO, WAIT, createRig, type Rig, task, until } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const settled = (count: number): Promise<void> => until(() => rig.ledger.ends.size === count && rig.dispatch.inFlight === 0, `${count} events have ended`);

/** Restarts are counted, so that no worker may be given up for what a busy machine makes it wait. */
const BLOCKED_MS = 1000;

/** Kills as `how` says where the event asks for it; answers its name and start time otherwise. */
const killer = (how: string): string =>
  `export const handler = (event, context) => { if (event.kill) { ${how} } return { n: event.n }; };`;

describe('a worker that dies', () => {
  it.each([
    ['exits', 'process.exit(7)', 10_000, /exited with code: 7/],
    ['loops for ever', 'for (;;);', BLOCKED_MS, /blocked for more than 1000 ms/],
    ['runs out of memory', 'const all = []; for (;;) all.push(new Array(10000).fill(all.length));', 10_000, /memory limit/],
  ])('because a handler %s: the rest runs again, the culprit is poison after three', async (_, how, blockedMs, cause) => {
    rig = await createRig({ killer: task('killer'), wait: WAIT }, { killer: killer(how) }, { workers: 2, blockedMs, maxHeapMb: 64 });
    rig.offer('wait', Array.from({ length: 20 }, () => ({ seconds: 2 })));
    rig.offer('killer', Array.from({ length: 500 }, (_, n) => ({ n, kill: n === 250 })), { wantsOutput: true });
    await settled(520);
    expect(rig.ledger.doubled).toBe(0);
    expect(rig.ledger.count('POISON')).toBe(1);
    expect(rig.ledger.end('p1/250')).toMatchObject({ status: 'POISON', error: 'POISON', redeliveries: 3 });
    expect(rig.ledger.end('p1/250').cause).toMatch(cause);
    expect(rig.ledger.end('p1/251')).toMatchObject({ status: 'SUCCEEDED', output: '{"n":251}', redeliveries: 0 });
    expect(rig.ledger.count('SUCCEEDED')).toBe(519);
    expect(rig.pool.restarts).toBe(3);
  });

  it('runs the culprit again under its name and start time, and tells how often', async () => {
    const once = "import { existsSync, writeFileSync } from 'node:fs'; export const handler = (event, context) => { const mark = event.folder + '/died'; if (!existsSync(mark)) { writeFileSync(mark, ''); process.exit(1); } return 'survived'; };";
    rig = await createRig({ once: { StartAt: 'Run', States: { Run: { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:once', Next: 'Who' }, Who: { Type: 'Pass', Parameters: { 'name.$': '$$.Execution.Name', 'start.$': '$$.Execution.StartTime' }, End: true } } } }, { once });
    const startTimeMs = Date.UTC(2026, 1, 3);
    rig.offer('once', [{ folder: rig.folder }], { wantsOutput: true, startTimeMs, names: ['order-17'] });
    await settled(1);
    expect(rig.ledger.end('p0/0')).toMatchObject({ status: 'SUCCEEDED', redeliveries: 1, startTimeMs });
    expect(JSON.parse(rig.ledger.end('p0/0').output as string)).toEqual({ name: 'order-17', start: '2026-02-03T00:00:00.000Z' });
  });

  it('because of a stray callback: what is parked there runs again and takes the blame', async () => {
    const stray = "export const handler = () => { setTimeout(() => { throw new Error('stray'); }, 20); return new Promise(() => {}); };";
    rig = await createRig({ stray: task('stray'), echo: ECHO }, { stray });
    rig.offer('stray', [{}]);
    await settled(1);
    expect(rig.ledger.end('p0/0')).toMatchObject({ status: 'POISON', redeliveries: 3 });
    expect(rig.ledger.end('p0/0').cause).toContain('stray');
    rig.offer('echo', [1]);
    await settled(2);
  });

  it('blocked outside of any execution is replaced as well', async () => {
    const later = 'export const handler = async (event) => { await new Promise((r) => setTimeout(r, 10)); for (;;); };';
    rig = await createRig({ later: task('later'), echo: ECHO }, { later }, { blockedMs: BLOCKED_MS });
    rig.offer('later', [{}]);
    await settled(1);
    expect(rig.ledger.end('p0/0').status).toBe('POISON');
    expect(rig.pool.restarts).toBe(3);
  });

  it('never runs an at-most-once event again, but what had not begun', async () => {
    rig = await createRig({ killer: task('killer') }, { killer: killer('process.exit(3)') });
    rig.offer('killer', [{ n: 0 }, { n: 1, kill: true }, { n: 2 }], { wantsOutput: true, atMostOnce: true });
    await settled(3);
    expect(rig.ledger.end('p0/1')).toMatchObject({ status: 'POISON', redeliveries: 1 });
    expect(rig.ledger.end('p0/1').cause).toContain('may not run twice');
    expect(rig.ledger.end('p0/2')).toMatchObject({ status: 'SUCCEEDED', output: '{"n":2}' });
    expect(rig.pool.restarts).toBe(1);
  });

  it('is not one that works long on many executions, nor one that waits', async () => {
    const busy = 'export const handler = () => { const end = Date.now() + 40; while (Date.now() < end); return 1; };';
    rig = await createRig({ busy: task('busy'), wait: WAIT }, { busy }, { blockedMs: BLOCKED_MS });
    rig.offer('wait', [{ seconds: 2 }]);
    rig.offer('busy', Array.from({ length: 40 }, () => ({})));
    await settled(41);
    expect(rig.pool.restarts).toBe(0);
  });
});
