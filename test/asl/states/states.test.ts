import { describe, expect, it } from 'vitest';
import type { Task } from '../../../src/asl/types.ts';
import { Fault } from '../../../src/asl/fault.ts';
import { only, run } from '../../lib/run.ts';

const fail = (error: string, cause = 'because'): Task => () => {
  throw new Fault(error, cause);
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('Pass', () => {
  it('passes its input on', async () => {
    expect(await run(only({ Type: 'Pass' }), { a: 1 })).toEqual({ status: 'SUCCEEDED', output: { a: 1 }, synchronous: true });
  });
  it('places a Result by ResultPath beside the input', async () => {
    expect((await run(only({ Type: 'Pass', Result: [1], ResultPath: '$.x.y' }), { a: 1 })).output).toEqual({ a: 1, x: { y: [1] } });
  });
  it('shapes input by InputPath and Parameters, output by OutputPath', async () => {
    const state = { Type: 'Pass', InputPath: '$.in', Parameters: { 'v.$': '$.v', fixed: true }, ResultPath: '$.r', OutputPath: '$.r' };
    expect((await run(only(state), { in: { v: 5 } })).output).toEqual({ v: 5, fixed: true });
  });
  it('gives an empty object for InputPath null and discards the result for ResultPath null', async () => {
    expect((await run(only({ Type: 'Pass', InputPath: null }), { a: 1 })).output).toEqual({});
    expect((await run(only({ Type: 'Pass', Result: 1, ResultPath: null }), { a: 1 })).output).toEqual({ a: 1 });
  });
  it('names the path that leads nowhere', async () => {
    const ended = await run(only({ Type: 'Pass', InputPath: '$.no.where' }), { a: 1 });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(ended.cause).toContain("Invalid path '$.no.where'");
  });
});

describe('Choice', () => {
  const choose = (rule: Record<string, unknown>, input: unknown): Promise<unknown> =>
    run(
      {
        StartAt: 'S',
        States: { S: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' }, Yes: { Type: 'Pass', Result: true, End: true }, No: { Type: 'Pass', Result: false, End: true } },
      } as never,
      input as never,
    ).then((ended) => (ended.status === 'SUCCEEDED' ? ended.output : ended.error));

  it.each([
    [{ Variable: '$.v', StringEquals: 'a' }, 'a', true],
    [{ Variable: '$.v', StringLessThan: 'b' }, 'a', true],
    [{ Variable: '$.v', StringGreaterThanEquals: 'b' }, 'a', false],
    [{ Variable: '$.v', StringMatches: 'log-*.txt' }, 'log-2026.txt', true],
    [{ Variable: '$.v', StringMatches: 'a\\*b' }, 'a*b', true],
    [{ Variable: '$.v', StringMatches: 'a\\*b' }, 'axb', false],
    [{ Variable: '$.v', NumericEquals: 42 }, '42', false],
    [{ Variable: '$.v', NumericLessThanEquals: 42 }, 42, true],
    [{ Variable: '$.v', BooleanEquals: true }, true, true],
    [{ Variable: '$.v', TimestampLessThan: '2026-01-02T00:00:00Z' }, '2026-01-01T23:59:59.999Z', true],
    [{ Variable: '$.v', TimestampEquals: '2026-01-01T00:00:00Z' }, '2026-01-01T01:00:00+01:00', true],
    [{ Variable: '$.v', IsTimestamp: true }, '2026-02-30T00:00:00Z', false],
    [{ Variable: '$.v', IsNull: true }, null, true],
    [{ Variable: '$.w', IsPresent: false }, 1, true],
    [{ Variable: '$.v', NumericEqualsPath: '$.o' }, 1, true],
    [{ Not: { Variable: '$.v', IsString: true } }, 1, true],
    [{ And: [{ Variable: '$.v', IsNumeric: true }, { Variable: '$.v', NumericGreaterThan: 0 }] }, 1, true],
    [{ Or: [{ Variable: '$.v', IsString: true }, { Variable: '$.v', NumericGreaterThan: 5 }] }, 1, false],
  ])('%j of %j is %j', async (rule, v, expected) => {
    expect(await choose(rule, { v, o: 1 })).toBe(expected);
  });
  it('fails on a variable that is not there, but for IsPresent', async () => {
    expect(await choose({ Variable: '$.w', StringEquals: 'a' }, { v: 1 })).toBe('States.Runtime');
  });
  it('raises States.NoChoiceMatched without a Default', async () => {
    const ended = await run({ StartAt: 'S', States: { S: { Type: 'Choice', Choices: [{ Variable: '$.v', NumericEquals: 1, Next: 'Y' }] }, Y: { Type: 'Succeed' } } }, { v: 2 });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });
});

describe('Task', () => {
  it('stays synchronous with a task that answers at once, and parks on a promise', async () => {
    expect(await run(only({ Type: 'Task', Resource: 'f' }), { a: 1 }, { tasks: { f: (args) => ({ got: args }) } })).toEqual({ status: 'SUCCEEDED', output: { got: { a: 1 } }, synchronous: true });
    expect(await run(only({ Type: 'Task', Resource: 'f' }), {}, { tasks: { f: async () => 5 } })).toEqual({ status: 'SUCCEEDED', output: 5, synchronous: false });
  });
  it('selects from the result and places it', async () => {
    const state = { Type: 'Task', Resource: 'f', ResultSelector: { 'n.$': '$.deep.n' }, ResultPath: '$.out' };
    expect((await run(only(state), { keep: 1 }, { tasks: { f: () => ({ deep: { n: 3 }, rest: 4 }) } })).output).toEqual({ keep: 1, out: { n: 3 } });
  });
  it('retries as often as each Retry entry says, then catches', async () => {
    let calls = 0;
    const state = {
      Type: 'Task',
      Resource: 'f',
      Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1, JitterStrategy: 'FULL' }],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Caught' }],
    };
    const machine = { StartAt: 'S', States: { S: { ...state, End: true }, Caught: { Type: 'Pass', End: true } } };
    const ended = await run(machine, { a: 1 }, { random: () => 0.01, tasks: { f: () => { calls++; throw new Fault('Flaky', `call ${calls}`); } } });
    expect(ended.output).toEqual({ a: 1, error: { Error: 'Flaky', Cause: 'call 3' } });
  });
  it('does not catch States.Runtime, not even by name', async () => {
    const machine = { StartAt: 'S', States: { S: { Type: 'Task', Resource: 'f', Parameters: { 'x.$': '$.no' }, Catch: [{ ErrorEquals: ['States.Runtime', 'States.ALL'], Next: 'C' }], End: true }, C: { Type: 'Succeed' } } };
    const ended = await run({ ...machine, States: { ...machine.States, S: { ...machine.States.S, Catch: [{ ErrorEquals: ['States.Runtime'], Next: 'C' }] } } }, {}, { tasks: { f: () => 1 } });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
  it('matches States.TaskFailed with any error but States.Timeout', async () => {
    const machine = (error: string) => run({ StartAt: 'S', States: { S: { Type: 'Task', Resource: 'f', Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'C' }], End: true }, C: { Type: 'Succeed' } } }, {}, { tasks: { f: fail(error) } });
    expect((await machine('Whatever')).status).toBe('SUCCEEDED');
    expect((await machine('States.Timeout')).status).toBe('FAILED');
  });
  it('times out, aborts the signal and hears nothing of the late answer', async () => {
    let aborted = false;
    const slow: Task = async (_args, call) => {
      call.signal.addEventListener('abort', () => (aborted = true));
      await pause(1500);
      return 'late';
    };
    const machine = { StartAt: 'S', States: { S: { Type: 'Task', Resource: 'f', TimeoutSeconds: 1, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'C' }], End: true }, C: { Type: 'Wait', Seconds: 1, End: true } } };
    const ended = await run(machine, {}, { tasks: { f: slow } });
    expect(ended.output).toEqual({ Error: 'States.Timeout' });
    expect(aborted).toBe(true);
  });
  it('misses a heartbeat unless the task gives one', async () => {
    const beating: Task = async (_args, call) => {
      for (let i = 0; i < 5; i++) {
        await pause(300);
        call.heartbeat();
      }
      return 'alive';
    };
    const state = { Type: 'Task', Resource: 'f', HeartbeatSeconds: 1, TimeoutSeconds: 30 };
    expect((await run(only(state), {}, { tasks: { f: beating } })).output).toBe('alive');
    expect(await run(only(state), {}, { tasks: { f: () => pause(1400) } })).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' });
  });
  it('refuses a result beyond the payload limit; States.ALL catches that', async () => {
    const tasks = { f: (): string => 'x'.repeat(300_000) };
    expect(await run(only({ Type: 'Task', Resource: 'f' }), {}, { tasks })).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    const machine = { StartAt: 'S', States: { S: { Type: 'Task', Resource: 'f', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }], End: true }, C: { Type: 'Succeed' } } };
    expect((await run(machine, {}, { tasks })).output).toMatchObject({ Error: 'States.DataLimitExceeded' });
  });
  it('reads the limit of a growing payload though no single value passes it', async () => {
    const states: Record<string, unknown> = {};
    for (let i = 0; i < 20; i++) states[`P${i}`] = { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, ...(i === 19 ? { End: true } : { Next: `P${i + 1}` }) };
    expect(await run({ StartAt: 'P0', States: states } as never, { text: 'x'.repeat(100) })).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

describe('Wait', () => {
  it('waits, in all its forms', async () => {
    const begin = Date.now();
    const at = new Date(begin + 2000).toISOString();
    await Promise.all([
      run(only({ Type: 'Wait', Seconds: 1 }), {}),
      run(only({ Type: 'Wait', SecondsPath: '$.n' }), { n: 1 }),
      run(only({ Type: 'Wait', Timestamp: at }), {}),
      run(only({ Type: 'Wait', TimestampPath: '$.at' }), { at }),
    ]).then((all) => expect(all.every((ended) => ended.status === 'SUCCEEDED' && !ended.synchronous)).toBe(true));
    expect(Date.now() - begin).toBeGreaterThanOrEqual(990);
  });
  it('does not park for a time that has passed', async () => {
    expect(await run(only({ Type: 'Wait', Timestamp: '2020-01-01T00:00:00Z' }), { a: 1 })).toEqual({ status: 'SUCCEEDED', output: { a: 1 }, synchronous: true });
  });
});

describe('Fail and Succeed', () => {
  it('fails with what is written, or what the paths lead to', async () => {
    expect(await run(only({ Type: 'Fail', Error: 'E', Cause: 'C' }))).toMatchObject({ status: 'FAILED', error: 'E', cause: 'C' });
    expect(await run(only({ Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('of {}', $.c)" }), { e: 'E', c: 'it' })).toMatchObject({ error: 'E', cause: 'of it' });
    expect(await run(only({ Type: 'Fail' }))).toEqual({ status: 'FAILED', error: undefined, cause: undefined, synchronous: true });
  });
  it('ends with its shaped input', async () => {
    expect((await run(only({ Type: 'Succeed', InputPath: '$.a', OutputPath: '$.b' }), { a: { b: 1 } })).output).toBe(1);
  });
});

describe('Parallel', () => {
  const branch = (states: Record<string, unknown>, start: string): unknown => ({ StartAt: start, States: states });
  it('gives each branch the input and collects the outputs in order', async () => {
    const state = { Type: 'Parallel', Branches: [branch({ A: { Type: 'Wait', Seconds: 1, End: true } }, 'A'), branch({ B: { Type: 'Pass', Result: 2, End: true } }, 'B')] };
    expect((await run(only(state), { a: 1 })).output).toEqual([{ a: 1 }, 2]);
  });
  it('is synchronous when every branch is', async () => {
    const state = { Type: 'Parallel', Branches: [branch({ A: { Type: 'Pass', End: true } }, 'A')], ResultPath: '$.r' };
    expect(await run(only(state), { a: 1 })).toEqual({ status: 'SUCCEEDED', output: { a: 1, r: [{ a: 1 }] }, synchronous: true });
  });
  it('cancels the others when one fails, and may catch it', async () => {
    let aborted = false;
    const tasks = {
      slow: (async (_args, call) => {
        call.signal.addEventListener('abort', () => (aborted = true));
        await pause(5000);
      }) as Task,
      bad: fail('Bad'),
    };
    const state = {
      Type: 'Parallel',
      Branches: [branch({ A: { Type: 'Task', Resource: 'slow', End: true } }, 'A'), branch({ B: { Type: 'Wait', Seconds: 1, Next: 'B2' }, B2: { Type: 'Task', Resource: 'bad', End: true } }, 'B')],
      Catch: [{ ErrorEquals: ['Bad'], Next: 'C' }],
      End: true,
    };
    const ended = await run({ StartAt: 'S', States: { S: state, C: { Type: 'Succeed' } } } as never, {}, { tasks });
    expect(ended.output).toEqual({ Error: 'Bad', Cause: 'because' });
    expect(aborted).toBe(true);
  });
});

describe('Map', () => {
  const each = (states: Record<string, unknown>, start: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({ Type: 'Map', ItemProcessor: { StartAt: start, States: states }, ...more });
  it('runs the processor for each item, with the older Iterator too', async () => {
    const states = { P: { Type: 'Pass', Parameters: { 'n.$': '$' }, End: true } };
    expect((await run(only(each(states, 'P', { ItemsPath: '$.xs' })), { xs: [1, 2, 3] })).output).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect((await run(only({ Type: 'Map', Iterator: { StartAt: 'P', States: states } }), [4])).output).toEqual([{ n: 4 }]);
    expect((await run(only(each(states, 'P')), [])).output).toEqual([]);
  });
  it('selects each item with the context object at hand', async () => {
    const state = each({ P: { Type: 'Pass', End: true } }, 'P', { ItemsPath: '$.xs', ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value', 'all.$': '$.name' } });
    expect((await run(only(state), { name: 'n', xs: ['a', 'b'] })).output).toEqual([{ i: 0, v: 'a', all: 'n' }, { i: 1, v: 'b', all: 'n' }]);
  });
  it('keeps to MaxConcurrency', async () => {
    let running = 0;
    let most = 0;
    const task: Task = async (args) => {
      most = Math.max(most, ++running);
      await pause(20);
      running--;
      return args;
    };
    const state = each({ T: { Type: 'Task', Resource: 'f', End: true } }, 'T', { MaxConcurrency: 3 });
    const items = Array.from({ length: 12 }, (_, i) => i);
    expect((await run(only(state), items, { tasks: { f: task } })).output).toEqual(items);
    expect(most).toBe(3);
  });
  it('tolerates failures up to the threshold', async () => {
    const task: Task = (args) => {
      if (args === 2) throw new Fault('Two', 'it is two');
      return args;
    };
    const states = { T: { Type: 'Task', Resource: 'f', End: true } };
    expect((await run(only(each(states, 'T', { ToleratedFailureCount: 1 })), [1, 2, 3], { tasks: { f: task } })).output).toEqual([1, 3]);
    expect(await run(only(each(states, 'T', { ToleratedFailurePercentage: 10 })), [1, 2, 3], { tasks: { f: task } })).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
    expect(await run(only(each(states, 'T')), [1, 2, 3], { tasks: { f: task } })).toMatchObject({ error: 'Two', cause: 'it is two' });
  });
  it('says what it got in place of an array', async () => {
    expect(await run(only(each({ P: { Type: 'Pass', End: true } }, 'P')), { a: 1 })).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
  it('keeps variables of one item from the others', async () => {
    const states = { A: { Type: 'Pass', Assign: { 'x.$': '$' }, Next: 'W' }, W: { Type: 'Wait', Seconds: 1, Next: 'B' }, B: { Type: 'Pass', Parameters: { 'x.$': '$x' }, End: true } };
    expect((await run(only(each(states, 'A')), [1, 2])).output).toEqual([{ x: 1 }, { x: 2 }]);
  });
});

describe('the context object', () => {
  it('says who the execution is', async () => {
    const { output } = await run(only({ Type: 'Pass', Parameters: { 'c.$': '$$' } }), { a: 1 });
    expect(output).toMatchObject({
      c: {
        Execution: { Id: 'arn:aws:states:local:000000000000:express:machine:execution-7:id', Name: 'execution-7', Input: { a: 1 }, StartTime: '2026-01-02T03:04:05.678Z' },
        State: { Name: 'S' },
        StateMachine: { Name: 'machine' },
      },
    });
  });
});

describe('keys that name prototypes', () => {
  it('are data in input, ResultPath and Parameters, and pollute nothing', async () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}}') as never;
    const machine = {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Result: { polluted: 3 }, ResultPath: "$['__proto__'].deep", Next: 'B' },
        B: { Type: 'Pass', Parameters: JSON.parse('{"__proto__": {"x.$": "$"}}') as object, End: true },
      },
    };
    const { status, output } = await run(machine as never, hostile);
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse(JSON.stringify(output))).toEqual(JSON.parse('{"__proto__": {"x": {"__proto__": {"polluted": 1, "deep": {"polluted": 3}}, "constructor": {"prototype": {"polluted": 2}}}}}'));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
