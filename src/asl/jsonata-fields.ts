import { assignAll, holdToLimit, transition } from './fields.ts';
import type { StateContext } from './context.ts';
import { AS_THEY_ARE, compileExpressionField, expressionText, quiet, type JsonataField, type StatesValue } from './jsonata-expression.ts';
import { jsonBytes } from './size.ts';
import type { Continuation, Frame, Json } from './types.ts';
import { isContainer } from './numbers/json-number.ts';
import { plainJson } from './numbers/plain-json.ts';

export { expressionText, type JsonataField, type StatesValue, typeFault } from './jsonata-expression.ts';

export function compileJsonataField(value: Json, field: string): JsonataField {
  if (typeof value === 'string') {
    const text = expressionText(value);
    return text === null ? constant(value) : compileExpressionField(text.trim(), field);
  }
  if (!isContainer(value)) return constant(value);
  const keys = Array.isArray(value) ? null : Object.keys(value);
  const members = Array.isArray(value)
    ? value.map((member, i) => compileJsonataField(member, `${field}[${i}]`))
    : keys!.map((key) => compileJsonataField((value as Record<string, Json>)[key]!, `${field}/${key}`));
  if (members.every((member) => member.constant)) return constant(value);
  return {
    constant: false,
    literalBytes: members.reduce((bytes, member, i) => bytes + member.literalBytes + 1 + (keys === null ? 0 : jsonBytes(keys[i], Infinity) + 1), 2),
    references: members.reduce((count, member) => count + member.references, 0),
    readsContext: members.some((member) => member.readsContext),
    reads: [...new Set(members.flatMap((member) => member.reads))],
    get: keys === null ? arrayOf(members) : objectOf(keys, members),
  };
}

function constant(value: Json): JsonataField {
  const frozen = deepFreeze(value);
  return { constant: true, literalBytes: jsonBytes(frozen, Infinity), references: 0, readsContext: false, reads: [], get: () => frozen };
}

export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise;

function arrayOf(members: readonly JsonataField[]): JsonataField['get'] {
  return (frame, bindings) => {
    const values = members.map((member) => member.get(frame, bindings));
    return values.some(isPromise) ? quiet(Promise.all(values)) : values;
  };
}

function objectOf(keys: readonly string[], members: readonly JsonataField[]): JsonataField['get'] {
  const assemble = (values: readonly unknown[]): Record<string, unknown> => {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) setOwn(object, keys[i]!, values[i]);
    return object;
  };
  return (frame, bindings) => {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) {
      const value = members[i]!.get(frame, bindings);
      if (isPromise(value)) {
        const all = members.map((member, j) => (j < i ? object[keys[j]!] : j === i ? value : member.get(frame, bindings)));
        return quiet(Promise.all(all).then(assemble));
      }
      setOwn(object, keys[i]!, value);
    }
    return object;
  };
}

/** Assigns a key that came from data: `__proto__` becomes a property like any other. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** Bindings for one evaluation: `$states` and those variables that the fields read. */
export function bindingsFor(frame: Frame, fields: { readsContext: boolean; reads: readonly string[] }, states: StatesValue): Record<string, unknown> {
  const bound = fields.readsContext ? { context: frame.context(), ...states } : states;
  const { exact } = frame.execution;
  const bindings: Record<string | symbol, unknown> = exact ? { states: plainMembers(bound), [AS_THEY_ARE]: states } : { states: bound };
  const scope = frame.variables;
  if (scope !== null) {
    for (const name of fields.reads) {
      const value = scope[name];
      if (value !== undefined) setOwn(bindings, name, exact ? plainJson(value) : value);
    }
  }
  return bindings;
}

/** JSONata computes with doubles. The values keep their identity from one evaluation to the next. */
function plainMembers(states: StatesValue): StatesValue {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(states)) plain[name] = plainJson(value);
  return plain as unknown as StatesValue;
}

/** Several fields of a state that are evaluated together, by name; absent ones stay absent. */
export interface Stage {
  readonly names: readonly string[];
  run(frame: Frame, states: StatesValue, then: Continuation): number;
}

/** Evaluates the fields and gives `then` an object of their values; null when no field is there. */
export function compileStage(fields: Readonly<Record<string, Json | undefined>>): Stage | null {
  const names = Object.keys(fields).filter((name) => fields[name] !== undefined);
  if (names.length === 0) return null;
  const members = names.map((name) => compileJsonataField(fields[name]!, name));
  const needs = { readsContext: members.some((m) => m.readsContext), reads: [...new Set(members.flatMap((m) => m.reads))] };
  const get = objectOf(names, members);
  return {
    names,
    run: (frame, states, then) => {
      const values = get(frame, bindingsFor(frame, needs, states));
      return isPromise(values) ? frame.awaitPromise(values, then) : then(frame, values);
    },
  };
}

/**
 * What follows a result in a JSONata state: Output and Assign, evaluated together, then the transition. `states` are kept on
 * the frame's value and the result passed in; without Output the result is the output.
 */
export function compileJsonataResult(context: StateContext, definition: Readonly<Record<string, Json>> = context.definition, target = transition(context)): (frame: Frame, states: StatesValue, otherwise: unknown) => number {
  const output = definition['Output'] === undefined ? null : compileJsonataField(definition['Output'], 'Output');
  const assign = definition['Assign'] === undefined ? null : compileJsonataField(definition['Assign'], 'Assign');
  if (output === null && assign === null) {
    return (frame, _states, otherwise) => {
      frame.value = otherwise;
      return target;
    };
  }
  const needs = {
    readsContext: (output?.readsContext ?? false) || (assign?.readsContext ?? false),
    reads: [...new Set([...(output?.reads ?? []), ...(assign?.reads ?? [])])],
  };
  const finish = (frame: Frame, value: unknown, variables: unknown): number => {
    const readable = Math.max(frame.bytes, frame.inputBytes);
    if (output !== null) holdToLimit(frame, value, output.literalBytes + output.references * readable);
    if (assign !== null) assignAll(frame, variables as Record<string, unknown>, assign.literalBytes + assign.references * readable);
    frame.value = value;
    return target;
  };
  const finishLate: Continuation = (frame, values) => {
    const [value, variables] = values as [unknown, unknown];
    return finish(frame, value, variables);
  };
  return (frame, states, otherwise) => {
    const bindings = bindingsFor(frame, needs, states);
    const value = output === null ? otherwise : output.get(frame, bindings);
    const variables = assign === null ? undefined : assign.get(frame, bindings);
    if (isPromise(value) || isPromise(variables)) return frame.awaitPromise(Promise.all([value, variables]), finishLate);
    return finish(frame, value, variables);
  };
}
