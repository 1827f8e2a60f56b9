import jsonata from 'jsonata';
import { callIntrinsic, IntrinsicRefusal } from './reference-intrinsics.ts';
import { nowhere, readPath, type Scope } from './reference-paths.ts';

/** Stands for a cause whose words the reference does not know; in data it may stand for any text. */
export const SOME_CAUSE = '«some cause»';

export type Value = unknown;
export type Fields = Readonly<Record<string, Value>>;

/** What a state raises. `terminal`: a States.Runtime of the interpreter itself, which nothing retries or catches. */
export class Raised {
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly terminal: boolean;
  constructor(error: string | undefined, cause: string | undefined, terminal = false) {
    this.error = error;
    this.cause = cause;
    this.terminal = terminal;
  }
}

export const runtimeError = (): Raised => new Raised('States.Runtime', SOME_CAUSE, true);

/** A running state as its fields see it. */
export interface At {
  readonly state: string;
  readonly variables: ReadonlyMap<string, Value>;
  readonly context: () => Value;
  /** The payload limit in bytes. */
  readonly limit: number;
}

export const sizeOf = (value: Value): number => Buffer.byteLength(JSON.stringify(value));

/** Every value that goes into or comes out of anything is held to the payload limit. */
export function hold<T>(value: T, at: At): T {
  if (sizeOf(value) > at.limit) throw new Raised('States.DataLimitExceeded', SOME_CAUSE);
  return value;
}

const scopeOf = (input: Value, at: At): Scope => ({ input, context: at.context, variables: at.variables });

/** InputPath, OutputPath, ItemsPath: absent is the identity, null is {}. */
export function pathField(text: Value, input: Value, at: At): Value {
  if (text === undefined) return input;
  if (text === null) return {};
  const value = readPath(String(text), scopeOf(input, at));
  if (value === nowhere) throw runtimeError();
  return hold(value, at);
}

export function read(text: Value, input: Value, at: At): Value {
  return readPath(String(text), scopeOf(input, at));
}

function intrinsic(text: string, input: Value, at: At): Value {
  try {
    return callIntrinsic(text, scopeOf(input, at));
  } catch (error) {
    if (!(error instanceof IntrinsicRefusal)) throw error;
    throw error.missingPath ? runtimeError() : new Raised('States.IntrinsicFailure', SOME_CAUSE);
  }
}

export function pathOrIntrinsic(text: string, input: Value, at: At): Value {
  if (!text.startsWith('$')) return intrinsic(text, input, at);
  const value = read(text, input, at);
  if (value === nowhere) throw runtimeError();
  return value;
}

/** Parameters, ResultSelector, ItemSelector, Assign: keys that end in `.$` are computed, in the order written. */
export function template(value: Value, input: Value, at: At): Value {
  if (Array.isArray(value)) return value.map((item) => template(item, input, at));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, Value] => (key.endsWith('.$') ? [key.slice(0, -2), pathOrIntrinsic(String(inner), input, at)] : [key, template(inner, input, at)])),
  );
}

const plain = (value: Value): Value => JSON.parse(JSON.stringify(value));

/** A field of a JSONata state: expressions anywhere in it, in the order written. `states` is what $states holds beside the context. */
export async function query(value: Value, field: string, states: Fields, at: At): Promise<Value> {
  if (typeof value === 'string') {
    if (!value.startsWith('{%') || !value.endsWith('%}')) return value;
    return evaluate(value.slice(2, -2).trim(), field, states, at);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: Value[] = [];
    for (const [i, item] of value.entries()) items.push(await query(item, `${field}[${i}]`, states, at));
    return items;
  }
  const entries: [string, Value][] = [];
  for (const [key, inner] of Object.entries(value)) entries.push([key, await query(inner, `${field}/${key}`, states, at)]);
  return Object.fromEntries(entries);
}

async function evaluate(text: string, field: string, states: Fields, at: At): Promise<Value> {
  const expression = jsonata(text);
  expression.registerFunction('partition', (items: Value[], size: number) => items.flatMap((_, i) => (i % size === 0 ? [items.slice(i, i + size)] : [])), '<an:a>');
  expression.registerFunction('parse', (source: string) => JSON.parse(source) as Value, '<s:x>');
  const bindings = Object.fromEntries([...at.variables, ['states', { context: at.context(), ...states }]]);
  let value: Value;
  try {
    value = await expression.evaluate(undefined, plain(bindings) as Record<string, Value>);
  } catch {
    throw new Raised('States.QueryEvaluationError', SOME_CAUSE);
  }
  if (value === undefined) throw queryError(at, text, field, 'returned nothing (undefined).');
  if (!isData(value)) throw new Raised('States.QueryEvaluationError', SOME_CAUSE);
  return plain(value);
}

/** A function is no data, wherever it stands; nor is what a division by zero gives. */
function isData(value: Value): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  return !('_jsonata_lambda' in value) && !('_jsonata_function' in value) && Object.values(value).every(isData);
}

export function queryError(at: At, text: string, field: string, what: string): Raised {
  return new Raised('States.QueryEvaluationError', `An error occurred while executing the state '${at.state}' (entered at the event id #0). The JSONata expression '${text}' specified for the field '${field}' ${what}`);
}

export function wrongType(at: At, written: Value, field: string, expected: string, value: Value): Raised {
  const text = typeof written === 'string' ? written.replace(/^\{%([\s\S]*)%\}$/, (_all, inner: string) => inner.trim()) : JSON.stringify(written);
  const was = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return queryError(at, text, field, `returned an unexpected result type. Expected '${expected}', but was '${was}' for value: ${JSON.stringify(value)}`);
}
