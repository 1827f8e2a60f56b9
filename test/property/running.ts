import { Fault } from '../../src/asl/fault.ts';
import type { Json, Task } from '../../src/asl/types.ts';
import { Raised, type Value } from './reference-fields.ts';
import { interpret, SOME_CAUSE, type ReferenceTask, type Verdict } from './reference.ts';

/** Each task in the plainest form; the engine's are made from these. */
export const referenceTasks: Record<string, ReferenceTask> = {
  echo: (args) => args,
  echoLater: (args) => args,
  wrap: (args) => ({ n: 1, s: 'a', list: [args], result: args }),
  list: () => [1, 2, { x: 3 }],
  nothing: () => null,
  fail: () => {
    throw new Raised('E1', 'it always fails');
  },
  flaky: (args, retryCount) => {
    if (retryCount < 2) throw new Raised(retryCount === 0 ? 'E1' : 'E2', `attempt ${retryCount}`);
    return args;
  },
  picky,
  pickyLater: picky,
};

/** Fails by its input: with an error of the machine's own, a time-out, or without a cause. */
function picky(args: Value): Value {
  const n = typeof args === 'object' && args !== null && !Array.isArray(args) && Object.hasOwn(args, 'n') ? (args as { n: Value }).n : args;
  if (typeof n !== 'number') throw new Raised('E2', `no number but ${typeof n}`);
  if (n > 3) throw new Raised('States.Timeout', 'too much');
  if (n < 0) throw new Raised('E1', undefined);
  return { n: n + 1 };
}

/** The same tasks for the engine: those named Later answer by a promise. */
export const engineTasks: Record<string, Task> = Object.fromEntries(
  Object.entries(referenceTasks).map(([name, task]): [string, Task] => {
    const call: Task = (args, { retryCount }) => {
      try {
        return task(args, retryCount);
      } catch (raised) {
        throw raised instanceof Raised ? new Fault(raised.error, raised.cause === SOME_CAUSE ? undefined : raised.cause) : raised;
      }
    };
    return [name, name.endsWith('Later') ? async (args, given) => call(args, given) : call];
  }),
);

/** Whether anything of a machine may make an execution wait. */
export const parks = (machine: Json): boolean => /Later"|"Retry"/.test(JSON.stringify(machine));

export const context = {
  Execution: { Id: 'arn:aws:states:local:000000000000:express:machine:execution-7:id', StartTime: '2026-01-02T03:04:05.678Z', Name: 'execution-7', RoleArn: 'arn:aws:iam::000000000000:role/millrace' },
  StateMachine: { Id: 'arn:aws:states:local:000000000000:stateMachine:machine', Name: 'machine' },
};

export const expected = (machine: Json, input: Json, limit: number): Promise<Verdict> =>
  interpret(machine as Record<string, Json>, input, { tasks: referenceTasks, context, limit, parks: parks(machine) });

export interface Got {
  readonly status: string;
  readonly output?: unknown;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** Says how an end differs from what was expected; undefined where it does not. */
export function difference(want: Verdict, got: Got): string | undefined {
  if (want.open) return undefined;
  const told = (end: Got): Got => (end.status === 'SUCCEEDED' ? { status: end.status, output: end.output } : { status: end.status, error: end.error, cause: end.cause });
  // As text, so that the order of keys counts too.
  const [wanted, found] = [JSON.stringify(told(want)), JSON.stringify(told(got))];
  if (wanted === found) return undefined;
  if (want.tainted || like(told(want), told(got))) return undefined;
  return `expected ${wanted}\n     got ${found}`;
}

/** The same failure, its cause being one whose words are unknown. */
const like = (want: Got, got: Got): boolean => want.status === 'FAILED' && got.status === 'FAILED' && want.error === got.error && want.cause?.includes(SOME_CAUSE) === true;
