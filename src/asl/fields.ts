import type { StateContext } from './context.ts';
import { Fault } from './fault.ts';
import { compilePath, MISSING } from './jsonpath/path.ts';
import { compileReferencePath } from './jsonpath/reference.ts';
import { jsonBytes, jsonBytesAtMost } from './size.ts';
import { stateFault } from './state-fault.ts';
import { compileTemplate } from './template.ts';
import { END, VARIABLE_BYTES, type Frame, type Getter, type Json } from './types.ts';

/** Replaces the frame's value and bound; a null slot of a state means the identity. */
export type Shaper = (frame: Frame, input: unknown) => unknown;

/** The limit that frame.bytes is held against is checked exactly only when the cheap bound passes it. */
export function holdToLimit(frame: Frame, value: unknown, bound: number, what = frame.program.names[frame.state]): void {
  const limit = frame.execution.payloadBytes;
  if (bound <= limit) {
    frame.bytes = bound;
    return;
  }
  const rough = jsonBytesAtMost(value, limit);
  if (rough <= limit) {
    frame.bytes = rough;
    return;
  }
  const exact = jsonBytes(value, limit);
  if (exact > limit) throw dataLimitFault(what);
  frame.bytes = exact;
}

export const dataLimitFault = (what: string | undefined): Fault =>
  new Fault('States.DataLimitExceeded', `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`);

/** InputPath and OutputPath: null gives {}, absent gives null here (the identity). */
export function compilePathField(context: StateContext, field: 'InputPath' | 'OutputPath' | 'ItemsPath'): Getter | null {
  const { trace } = context;
  if (trace !== undefined && field === 'InputPath') {
    const path = compilePathField({ ...context, trace: undefined }, field);
    return (input, frame) => {
      const effective = path === null ? input : path(input, frame);
      trace.note('afterInputPath', effective);
      return effective;
    };
  }
  const text = context.definition[field];
  if (text === undefined || text === '$') return null;
  if (text === null) return () => Object.freeze({});
  const path = compilePath(String(text));
  const { get, narrowing } = path;
  return (input, frame) => {
    const value = get(input, frame);
    if (value === MISSING) throw stateFault(frame, 'States.Runtime', `Invalid path '${path.text}' : ${path.explain(input, frame)}`);
    // A path of several branches can answer more than it was given, and a variable or the context anything at all.
    if (!narrowing || path.root !== 'input') holdToLimit(frame, value, Infinity);
    return value;
  };
}

/** A payload template field with its size bound kept: literal bytes plus the input once for each reference. */
export function compileTemplateField(template: Json | undefined, field: string): Shaper | null {
  if (template === undefined) return null;
  const compiled = compileTemplate(template, field);
  const { references, literalBytes, unbounded } = compiled;
  return (frame, input) => {
    const value = compiled.get(input, frame);
    holdToLimit(frame, value, unbounded ? Infinity : literalBytes + references * frame.bytes);
    return value;
  };
}

/** A state's effective input: InputPath, then Parameters (or another template field). */
export function compileInput(context: StateContext, templateField: 'Parameters' | null = 'Parameters'): Shaper | null {
  const path = compilePathField(context, 'InputPath');
  const template = templateField === null ? null : compileTemplateField(context.definition[templateField], templateField);
  const { trace } = context;
  if (trace !== undefined) {
    return (frame, input) => {
      const effective = path!(input, frame);
      const shaped = template === null ? effective : template(frame, effective);
      trace.note('afterParameters', shaped);
      return shaped;
    };
  }
  if (path === null) return template;
  if (template === null) return (frame, input) => path(input, frame);
  return (frame, input) => template(frame, path(input, frame));
}

/** Assign: each name's value, all evaluated before any is set. `inputBytes` bounds the input. */
export function compileAssign(assign: Json | undefined): ((frame: Frame, input: unknown, inputBytes: number) => void) | null {
  if (assign === undefined) return null;
  const { get, references, literalBytes, unbounded } = compileTemplate(assign, 'Assign');
  return (frame, input, inputBytes) =>
    assignAll(frame, get(input, frame) as Record<string, unknown>, unbounded ? Infinity : literalBytes + references * inputBytes);
}

/** All variables in sight together may take so many times the payload limit, as on AWS: 10 MiB to 256 KiB. */
const VARIABLES_FACTOR = 40;

/**
 * Sets variables in this frame's scope; the scope it inherited stays as it is for the siblings that share it. What one Assign
 * sets is held to the payload limit. `bound` is an upper bound of its bytes.
 */
export function assignAll(frame: Frame, values: Readonly<Record<string, unknown>>, bound: number): void {
  const limit = frame.execution.payloadBytes;
  const bytes = bound <= limit ? bound : jsonBytes(values, limit);
  if (bytes > limit) throw variablesFault(frame, 'The variables that one Assign sets');
  const scope = Object.assign(Object.create(null) as Record<string, unknown> & { [VARIABLE_BYTES]?: number }, frame.variables);
  for (const name of Object.keys(values)) scope[name] = values[name];
  const all = limit * VARIABLES_FACTOR;
  let total = (scope[VARIABLE_BYTES] ?? 0) + bytes;
  if (total > all) total = jsonBytes(scope, all);
  if (total > all) throw variablesFault(frame, 'All variables together');
  scope[VARIABLE_BYTES] = total;
  frame.variables = scope;
}

function variablesFault(frame: Frame, what: string): Fault {
  return stateFault(frame, 'States.DataLimitExceeded', `${what} exceed the maximum number of bytes service limit.`);
}

/** What follows a result in a JSONPath state: ResultSelector, Assign, ResultPath, OutputPath, then the transition. */
export function compileResult(context: StateContext): (frame: Frame, result: unknown) => number {
  const { definition } = context;
  const next = transition(context);
  const selector = compileTemplateField(definition['ResultSelector'], 'ResultSelector');
  const assign = compileAssign(definition['Assign']);
  const merge = compileResultPath(definition['ResultPath']);
  const output = compilePathField(context, 'OutputPath');
  const { trace } = context;
  if (trace === undefined && selector === null && assign === null && merge === null && output === null) {
    return (frame, result) => {
      frame.value = result;
      return next;
    };
  }
  return (frame, result) => {
    const selected = selector === null ? result : selector(frame, result);
    const selectedBytes = frame.bytes;
    if (trace !== undefined) trace.note('afterResultSelector', selected);
    const merged = merge === null ? selected : merge(frame, selected);
    if (trace !== undefined) trace.note('afterResultPath', merged);
    const value = output === null ? merged : output(merged, frame);
    // Last, so that a path which fails leaves neither the value nor the variables changed for the Catch that handles it.
    if (assign !== null) assign(frame, selected, selectedBytes);
    frame.value = value;
    return next;
  };
}

/** ResultPath: where in the raw input (still frame.value) the result goes. Null is the identity (the result alone). */
export function compileResultPath(resultPath: Json | undefined): Shaper | null {
  if (resultPath === undefined || resultPath === '$') return null;
  if (resultPath === null) {
    return (frame) => {
      frame.bytes = frame.inputBytes;
      return frame.value;
    };
  }
  const path = compileReferencePath(String(resultPath));
  const spine = path.text.length + 4 * path.keys.length;
  return (frame, result) => {
    const merged = path.set(frame.value, result);
    holdToLimit(frame, merged, frame.bytes + frame.inputBytes + spine);
    return merged;
  };
}

/** Where a state goes on a result: its Next, or END. */
export function transition(context: StateContext): number {
  const next = context.definition['Next'];
  return typeof next === 'string' ? context.target(next) : END;
}
