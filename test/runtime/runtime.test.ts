import { describe, expect, it } from 'vitest';
import { compile } from '../../src/asl/compile.ts';
import { PARKED, SUCCEEDED, TIMED_OUT } from '../../src/runtime/contract.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';
import { Timers, type Due } from '../../src/runtime/timers.ts';
import { only, origin, run } from '../lib/run.ts';

const until = async (condition: () => boolean, what: string): Promise<void> => {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('the run loop', () => {
  it('ends an execution at its deadline, with neither error nor cause, and aborts its tasks', async () => {
    let aborted = false;
    const ended = await run(only({ Type: 'Task', Resource: 'f' }, { TimeoutSeconds: 1 }), {}, {
      tasks: {
        f: (_args, call) => {
          call.signal.addEventListener('abort', () => (aborted = true));
          return new Promise(() => undefined);
        },
      },
    });
    expect(ended).toEqual({ status: 'TIMED_OUT', error: undefined, cause: undefined, synchronous: false });
    expect(aborted).toBe(true);
  });

  it('never lives longer than 300 seconds, whatever the definition says', () => {
    expect(compile(only({ Type: 'Pass' }, { TimeoutSeconds: 9999 })).timeoutSeconds).toBe(300);
    expect(compile(only({ Type: 'Pass' }, { TimeoutSeconds: 9999 }), { timeoutSeconds: 20 }).timeoutSeconds).toBe(20);
    expect(compile(only({ Type: 'Pass' }, { TimeoutSeconds: 7 }), { timeoutSeconds: 20 }).timeoutSeconds).toBe(7);
  });

  it('lets others have their turn while one loops without end, and times that one out', async () => {
    const endless = compile({ StartAt: 'A', TimeoutSeconds: 1, States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Choice', Choices: [{ Variable: '$.never', IsPresent: true, Next: 'E' }], Default: 'A' }, E: { Type: 'Succeed' } } });
    const ends: [number, number][] = [];
    const runtime = createRuntime({ onEnd: (ticket, outcome) => ends.push([ticket, outcome.status]) });
    expect(runtime.begin(endless, {}, 2, origin, 0, 1)).toBe(PARKED);
    expect(runtime.begin(compile(only({ Type: 'Wait', Seconds: 0 })), {}, 2, origin, 0, 2)).toBe(SUCCEEDED);
    let turns = 0;
    const timer = setInterval(() => turns++, 10);
    await until(() => ends.length === 1, 'the deadline of an endless loop');
    clearInterval(timer);
    expect(ends).toEqual([[1, TIMED_OUT]]);
    expect(turns).toBeGreaterThan(2);
    expect(runtime.parked).toBe(0);
  });

  it('has its thread for one slice in a turn of the event loop, however many branches loop without end', async () => {
    const states = { A: { Type: 'Task', Resource: 'mark', Next: 'B' }, B: { Type: 'Choice', Choices: [{ Variable: '$$.State.Name', IsPresent: true, Next: 'B' }], Default: 'C' }, C: { Type: 'Succeed' } };
    let begun = 0;
    const program = compile(only({ Type: 'Map', ItemProcessor: { StartAt: 'A', States: states } }, { TimeoutSeconds: 2 }), { resolveTask: () => () => ++begun });
    let slices = 0;
    let most = 0;
    let ended = false;
    const runtime = createRuntime({ onSlice: (ticket) => (slices += ticket === 7 ? 1 : 0), onEnd: () => (ended = true) });
    const turn = (): void => {
      most = Math.max(most, slices);
      slices = 0;
      if (!ended) setImmediate(turn);
    };
    expect(runtime.begin(program, Array.from({ length: 500 }, () => 1), 1000, origin, 0, 7)).toBe(PARKED);
    expect(begun).toBe(1);
    turn();
    await until(() => ended, 'the deadline');
    expect(begun).toBeGreaterThan(2);
    expect(most).toBe(1);
  });

  it('cancels a parked execution without reporting it', async () => {
    const reported: number[] = [];
    const runtime = createRuntime({ onEnd: (ticket) => reported.push(ticket) });
    const wait = compile(only({ Type: 'Wait', Seconds: 1 }));
    expect(runtime.begin(wait, {}, 2, origin, 0, 1)).toBe(PARKED);
    expect(runtime.begin(wait, {}, 2, origin, 0, 2)).toBe(PARKED);
    expect(runtime.cancel(1)).toBe(true);
    expect(runtime.cancel(1)).toBe(false);
    await until(() => reported.length > 0, 'the end of the other execution');
    expect(reported).toEqual([2]);
  });

  it('says which parked execution has the thread, and when none has', async () => {
    const slices: number[] = [];
    let ended = false;
    const runtime = createRuntime({ onSlice: (ticket) => slices.push(ticket), onEnd: () => (ended = true) });
    runtime.begin(compile(only({ Type: 'Wait', Seconds: 1 })), {}, 2, origin, 0, 42);
    await until(() => ended, 'the end of a wait');
    expect(slices).toEqual([42, -1]);
  });

  it('turns a thrown error of a task into a fault instead of dying', async () => {
    const ended = await run(only({ Type: 'Task', Resource: 'f' }), {}, { tasks: { f: () => { throw new TypeError('oops'); } } });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(ended.cause).toContain('oops');
  });
});

describe('timers', () => {
  it('fall due in order, and not after they were removed', async () => {
    const due: number[] = [];
    const timers = new Timers(() => performance.now());
    const items = Array.from({ length: 200 }, (_, i): Due => ({ dueAt: 0, heapIndex: -1, due: () => due.push(i) }));
    const now = performance.now();
    for (const i of items.keys()) timers.add(items[(i * 37) % 200]!, now + ((i * 37) % 200) / 2);
    for (let i = 0; i < 200; i += 3) timers.remove(items[i]!);
    await until(() => timers.size === 0, 'all timers');
    expect(due).toEqual(Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 3 !== 0));
  });
});
