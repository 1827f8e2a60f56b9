import type { CompiledState, StateCompiler, StateContext } from '../context.ts';
import { Fault } from '../fault.ts';
import { compileInput, compileResult, holdToLimit } from '../fields.ts';
import { compileJsonataResult, compileStage, typeFault } from '../jsonata-fields.ts';
import { compilePath, MISSING } from '../jsonpath/path.ts';
import { compileAttempts, compileJsonataCatchers, compileJsonPathCatchers } from '../catch.ts';
import { stateFault } from '../state-fault.ts';
import type { Continuation, Frame, Json, Task } from '../types.ts';
import { numberOf } from '../numbers/json-number.ts';
import { printJson } from '../json-text.ts';

/** Task (ASL spec, "Task State"). A task that answers at once keeps the execution synchronous; a promise parks it. */
export const compileTask: StateCompiler = (context) => (context.language === 'JSONata' ? compileJsonata(context) : compileJsonPath(context));

interface Bounds {
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
}

/** The task behind the Resource. One that nobody offers is found out when the state runs: the definition may be ahead of its functions. */
function resolve(context: StateContext): Task {
  const resource = String(context.definition['Resource']);
  const task = context.resolveTask?.(resource, { stateName: context.name, definition: context.definition });
  if (task !== undefined) return task;
  return () => {
    throw new Fault('States.TaskFailed', `No task is registered for the resource '${resource}' of the state '${context.name}'.`);
  };
}

/** Calls the task; the value goes to `then` at once, or once its promise has settled. */
function invoke(frame: Frame, task: Task, args: unknown, bounds: Bounds, then: Continuation): number {
  const call = frame.taskCall();
  const result = task(args, call);
  if (result !== null && typeof result === 'object' && typeof (result as PromiseLike<unknown>).then === 'function') {
    return frame.awaitTask(result as PromiseLike<unknown>, call, bounds.timeoutMs, bounds.heartbeatMs, then);
  }
  return then(frame, result);
}

/** What a cause calls the task when its result is too large: its service for an integration, else the state. */
function resultName(context: StateContext): string {
  const service = /^arn:[^:]*:(?:states:[^:]*:[^:]*:(?:aws-sdk:)?(\w+):|(lambda):)/.exec(String(context.definition['Resource']));
  return service?.[1] ?? service?.[2] ?? context.name;
}

function compileJsonPath(context: StateContext): CompiledState {
  const { definition, trace } = context;
  const task = resolve(context);
  const input = compileInput(context);
  const finish = compileResult(context);
  const what = resultName(context);
  const timeout = compileSeconds(definition, 'TimeoutSeconds');
  const heartbeat = compileSeconds(definition, 'HeartbeatSeconds');
  const complete: Continuation = (frame, result) => {
    holdToLimit(frame, result, Infinity, what);
    if (trace !== undefined) trace.note('result', result);
    return finish(frame, result);
  };
  const attempt: Continuation = (frame) => {
    const args = input === null ? frame.value : input(frame, frame.value);
    return invoke(frame, task, args, { timeoutMs: timeout(frame), heartbeatMs: heartbeat(frame) }, complete);
  };
  return compileAttempts(context, compileJsonPathCatchers(context), attempt);
}

/** TimeoutSeconds or HeartbeatSeconds, or their Path forms, in milliseconds; Infinity when there is none. */
function compileSeconds(definition: Readonly<Record<string, Json>>, field: 'TimeoutSeconds' | 'HeartbeatSeconds'): (frame: Frame) => number {
  const literal = definition[field];
  if (typeof literal === 'number') return () => literal * 1000;
  const pathText = definition[`${field}Path`];
  if (typeof pathText !== 'string') return () => Infinity;
  const path = compilePath(pathText);
  return (frame) => {
    const found = path.get(frame.value, frame);
    const value = numberOf(found);
    if (value === MISSING) throw stateFault(frame, 'States.Runtime', `Invalid path '${pathText}' : ${path.explain(frame.value, frame)}`);
    if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0) {
      throw stateFault(frame, 'States.Runtime', `The ${field}Path field must reference a positive integer, but was: ${printJson(found)}: ${pathText}`);
    }
    return value * 1000;
  };
}

function compileJsonata(context: StateContext): CompiledState {
  const { definition, trace } = context;
  const task = resolve(context);
  const finish = compileJsonataResult(context);
  const what = resultName(context);
  const complete: Continuation = (frame, result) => {
    holdToLimit(frame, result, Infinity, what);
    if (trace !== undefined) trace.note('result', result);
    return finish(frame, { input: frame.value, result }, result);
  };
  const stage = compileStage({
    Arguments: definition['Arguments'],
    TimeoutSeconds: definition['TimeoutSeconds'],
    HeartbeatSeconds: definition['HeartbeatSeconds'],
  });
  const seconds = (frame: Frame, values: Record<string, unknown>, field: string): number => {
    const value = numberOf(values[field]);
    if (value === undefined) return Infinity;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw typeFault(frame, definition[field]!, field, 'integer', value);
    if (value <= 0) throw stateFault(frame, 'States.QueryEvaluationError', `The ${field} field must be a positive integer, but was: ${value}`);
    return value * 1000;
  };
  const call: Continuation = (frame, value) => {
    const values = value as Record<string, unknown>;
    const args = definition['Arguments'] === undefined ? frame.value : values['Arguments'];
    if (definition['Arguments'] !== undefined) holdToLimit(frame, args, Infinity);
    if (trace !== undefined && definition['Arguments'] !== undefined) trace.note('afterArguments', args);
    const bounds = { timeoutMs: seconds(frame, values, 'TimeoutSeconds'), heartbeatMs: seconds(frame, values, 'HeartbeatSeconds') };
    return invoke(frame, task, args, bounds, complete);
  };
  const attempt: Continuation = (frame) => {
    return stage === null ? call(frame, {}) : stage.run(frame, { input: frame.value }, call);
  };
  return compileAttempts(context, compileJsonataCatchers(context), attempt);
}
