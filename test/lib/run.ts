import { compile, type CompileOptions } from '../../src/asl/compile.ts';
import type { Json, Task } from '../../src/asl/types.ts';
import { FAILED, PARKED, SUCCEEDED, type Origin, type Outcome, type RuntimeOptions } from '../../src/runtime/contract.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';

export interface Ended {
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
  output?: unknown;
  error?: string | undefined;
  cause?: string | undefined;
  /** True when `begin` itself ended the execution: nothing parked, no promise was made. */
  synchronous: boolean;
}

export const origin: Origin = {
  machineName: 'machine',
  machineArn: 'arn:aws:states:local:000000000000:stateMachine:machine',
  roleArn: 'arn:aws:iam::000000000000:role/millrace',
  nameOf: (index) => `execution-${index}`,
  arnOf: (index) => `arn:aws:states:local:000000000000:express:machine:execution-${index}:id`,
  startTimeOf: () => Date.parse('2026-01-02T03:04:05.678Z'),
};

export interface RunOptions extends RuntimeOptions {
  tasks?: Record<string, Task>;
  compile?: CompileOptions;
}

/** Runs one execution of a definition with the given tasks (by Resource) on a runtime of its own. */
export async function run(definition: Json, input: Json = {}, options: RunOptions = {}): Promise<Ended> {
  const program = compile(definition, { resolveTask: (resource) => options.tasks?.[resource], ...options.compile });
  return new Promise((resolve) => {
    const settle = (outcome: Outcome, synchronous: boolean): void => {
      if (outcome.status === SUCCEEDED) resolve({ status: 'SUCCEEDED', output: outcome.output, synchronous });
      else resolve({ status: outcome.status === FAILED ? 'FAILED' : 'TIMED_OUT', error: outcome.error, cause: outcome.cause, synchronous });
    };
    const runtime = createRuntime({ ...options, onEnd: (_ticket, outcome) => settle(outcome, false) });
    const text = JSON.stringify(input);
    if (runtime.begin(program, JSON.parse(text), Buffer.byteLength(text), origin, 7, 1) !== PARKED) settle(runtime.outcome, true);
  });
}

/** A machine of one state named S. */
export const only = (state: Record<string, unknown>, more: Record<string, unknown> = {}): Json => ({ StartAt: 'S', States: { S: { ...state, ...(state['Type'] === 'Choice' || state['Type'] === 'Fail' || state['Type'] === 'Succeed' ? {} : { End: true }) } }, ...more }) as Json;
