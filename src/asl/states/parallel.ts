import type { CompiledState, StateCompiler, StateContext } from '../context.ts';
import { compileAttempts, compileJsonataCatchers, compileJsonPathCatchers } from '../catch.ts';
import { compileInput, compileResult, holdToLimit } from '../fields.ts';
import { compileJsonataResult, compileStage } from '../jsonata-fields.ts';
import { objects } from '../retry.ts';
import type { Continuation, Frame, Join, Program } from '../types.ts';
import type { Fault } from '../fault.ts';

/** Parallel (ASL spec, "Parallel State"): every branch gets the effective input; the result is the array of their outputs. */
export const compileParallel: StateCompiler = (context) => (context.language === 'JSONata' ? compileJsonata(context) : compileJsonPath(context));

const branchesOf = (context: StateContext): Program[] => objects(context.definition['Branches']).map((branch) => context.body(branch));

class Branches implements Join {
  readonly programs: readonly Program[];
  readonly value: unknown;
  readonly valueBytes: number;
  readonly then: Continuation;
  readonly results: unknown[];
  bytes = 2;

  constructor(programs: readonly Program[], value: unknown, valueBytes: number, then: Continuation) {
    this.programs = programs;
    this.value = value;
    this.valueBytes = valueBytes;
    this.then = then;
    this.results = Array.from({ length: programs.length });
  }

  get count(): number { return this.programs.length; }
  get concurrency(): number { return this.programs.length; }
  program(index: number): Program { return this.programs[index]!; }
  item(): null { return null; }
  prepare(child: Frame): undefined {
    child.value = this.value;
    child.bytes = this.valueBytes;
  }
  tolerates(): boolean { return false; }
  failure(_index: number, fault: Fault): Fault { return fault; }
}

function compileJsonPath(context: StateContext): CompiledState {
  const { trace } = context;
  const programs = branchesOf(context);
  // AWS does not show what the input of a Parallel becomes.
  const input = compileInput({ ...context, trace: undefined });
  const finish = compileResult(context);
  const complete: Continuation = (frame, results) => {
    holdToLimit(frame, results, frame.join?.bytes ?? Infinity);
    return finish(frame, results);
  };
  const attempt: Continuation = (frame) => {
    const value = input === null ? frame.value : input(frame, frame.value);
    if (trace !== undefined) return complete(frame, trace.joined(programs.length, null));
    return frame.fork(new Branches(programs, value, frame.bytes, complete));
  };
  return compileAttempts(context, compileJsonPathCatchers(context), attempt);
}

function compileJsonata(context: StateContext): CompiledState {
  const { trace } = context;
  const programs = branchesOf(context);
  const finish = compileJsonataResult(context);
  const stage = compileStage({ Arguments: context.definition['Arguments'] });
  const complete: Continuation = (frame, results) => {
    holdToLimit(frame, results, frame.join?.bytes ?? Infinity);
    return finish(frame, { input: frame.value, result: results }, results);
  };
  const fork: Continuation = (frame, values) => {
    const args = (values as { Arguments?: unknown }).Arguments;
    if (stage !== null) holdToLimit(frame, args, Infinity);
    if (trace !== undefined) return complete(frame, trace.joined(programs.length, null));
    return frame.fork(new Branches(programs, stage === null ? frame.value : args, frame.bytes, complete));
  };
  const attempt: Continuation = (frame) => {
    return stage === null ? fork(frame, {}) : stage.run(frame, { input: frame.value }, fork);
  };
  return compileAttempts(context, compileJsonataCatchers(context), attempt);
}
