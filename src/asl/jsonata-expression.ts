import type { Expression } from './jsonata/expression.ts';
import { compileJsonata, JsonataError } from './jsonata/expression.ts';
import { builtinNamed } from './jsonata/functions/table.ts';
import { run as evaluation } from './jsonata/limits.ts';
import { Fault } from './fault.ts';
import { printedJson, stateFault } from './state-fault.ts';
import type { Frame, Json } from './types.ts';
import { isNumber, JsonNumber } from './numbers/json-number.ts';

/** What `$states` holds besides the context object, which is added when an expression can see it. */
export interface StatesValue {
  readonly input: unknown;
  readonly result?: unknown;
  readonly errorOutput?: unknown;
}

/** A field that may hold `{% … %}` anywhere; `get` answers a promise when an expression of it runs on the library. */
export interface JsonataField {
  readonly constant: boolean;
  /** The value's bytes as JSON are at most literalBytes + references * the bytes of what it reads; Infinity: nobody knows. */
  readonly literalBytes: number;
  readonly references: number;
  readonly readsContext: boolean;
  readonly reads: readonly string[];
  get(frame: Frame, bindings: Record<string, unknown>): unknown;
}

const EXPRESSION = /^\{%([\s\S]*)%\}$/;
/** A plain path into input or result; most expressions that people write are one. */
const PLAIN_PATH = /^\$states\.(input|result)((?:\.[A-Za-z_]\w*)*)$/;
/** `$states` used other than through input, result or errorOutput: the context may be looked at. */
const SEES_CONTEXT = /\$states(?!\s*\.\s*(?:input|result|errorOutput)\b)/;

/** The text between {% and %}, or null for a plain string (outer spaces make it one, as on AWS). */
export const expressionText = (text: string): string | null => EXPRESSION.exec(text)?.[1] ?? null;

/** A rejection that nobody comes to hear, because a sibling has raised at once, must not end the process. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Key of `$states` with its JsonNumbers, in the bindings of an execution that may have some: a plain path only carries. */
export const AS_THEY_ARE: unique symbol = Symbol('states as they are');

/** Compiles one expression; its value is checked to be data. */
export function compileExpressionField(text: string, field: string): JsonataField {
  const compiled = compileJsonata(text);
  const mayBeNoData = COMPUTES.test(text) || speaksOfFunctions(text);
  const check = (frame: Frame, value: unknown): unknown => {
    if (value === undefined) throw queryFault(frame, text, field, 'returned nothing (undefined).');
    if (mayBeNoData && !isData(value)) throw queryFault(frame, text, field, 'returned an unsupported result type.');
    return value;
  };
  return {
    constant: false,
    literalBytes: PLAIN_PATH.test(text) ? 0 : Infinity,
    references: 1,
    readsContext: SEES_CONTEXT.test(text),
    reads: compiled.reads,
    get: plainPath(text, compiled.path === 'compiled' ? synchronous(compiled, field, check) : viaLibrary(compiled, field, check)),
  };
}

/** A division by zero, or an overflow, is a number that JSON does not have. */
const COMPUTES = /[-+*/%]|\$(?:number|sum|average|power|parse)\b/;

/** False for the many expressions whose value cannot hold a function: one is neither written nor named, but for being called. */
function speaksOfFunctions(text: string): boolean {
  if (/function|λ|~>|\/|\?\s*[,)]/.test(text)) return true;
  for (const [, name] of text.matchAll(/\$([A-Za-z]\w*)(?!\w)(?!\s*\()/g)) if (builtinNamed(name!) !== undefined) return true;
  return false;
}

const isScalarData = (value: unknown): boolean => (typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'function');

/** Nothing in the value is a function or a number that is none. Iterative: data may nest deeper than the stack reaches. */
function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isScalarData(value);
  const pending: object[] = [value];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const child of Object.values(node) as unknown[]) {
      if (typeof child === 'object' && child !== null) pending.push(child);
      else if (!isScalarData(child)) return false;
    }
  }
  return true;
}

/**
 * Reads a plain path without the evaluator, as long as it leads through objects alone: an array on the way maps and flattens,
 * which is the evaluator's business, and so is a path that leads nowhere.
 */
function plainPath(text: string, evaluate: JsonataField['get']): JsonataField['get'] {
  const match = PLAIN_PATH.exec(text);
  if (match === null) return evaluate;
  const root = match[1] as 'input' | 'result';
  const names = match[2]!.split('.').slice(1);
  if (names.some((name) => name in Object.prototype || name in JsonNumber.prototype)) return evaluate;
  return (frame, bindings) => {
    let value = ((bindings as { readonly [AS_THEY_ARE]?: StatesValue })[AS_THEY_ARE] ?? (bindings['states'] as StatesValue))[root];
    for (let i = 0; i < names.length; i++) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return evaluate(frame, bindings);
      value = (value as Record<string, unknown>)[names[i]!];
    }
    return value === undefined || Array.isArray(value) ? evaluate(frame, bindings) : value;
  };
}

const BYTES_PER_WORD = 8;
/** An evaluation that allocated less, and never came to look at the clock, is not worth a word to the run loop. */
const UNTOLD_WORDS = 1_000;
/** More than the run loop lets pass without a look at the clock. */
const LONG_WORK = 1_000_000;

function synchronous(compiled: Expression, field: string, check: (frame: Frame, value: unknown) => unknown): JsonataField['get'] {
  return (frame, bindings) => {
    let value: unknown;
    try {
      value = compiled.evaluate(undefined, bindings);
    } catch (error) {
      throw evaluationFault(frame, compiled.text, field, error);
    }
    // Each evaluation has limits of its own; a state may hold thousands.
    if (evaluation.deadlineMs !== 0 || evaluation.allocated > UNTOLD_WORDS) frame.execution.spend(evaluation.deadlineMs === 0 ? evaluation.allocated : LONG_WORK, evaluation.allocated * BYTES_PER_WORD);
    return check(frame, value);
  };
}

function viaLibrary(compiled: Expression, field: string, check: (frame: Frame, value: unknown) => unknown): JsonataField['get'] {
  return (frame, bindings) =>
    quiet(
      Promise.resolve(compiled.evaluate(undefined, bindings)).then(
        (value) => check(frame, value),
        (error: unknown) => {
          throw evaluationFault(frame, compiled.text, field, error);
        },
      ),
    );
}

function queryFault(frame: Frame, text: string, field: string, what: string): Fault {
  return stateFault(frame, 'States.QueryEvaluationError', `The JSONata expression '${text}' specified for the field '${field}' ${what}`);
}

function evaluationFault(frame: Frame, text: string, field: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code, message } = error instanceof JsonataError ? error : { code: '', message: String((error as Error)?.message ?? error) };
  return queryFault(frame, text, field, `threw an error during evaluation. ${code === '' ? '' : `${code}: `}${message}`);
}

/** A value of the wrong type, in AWS's words; `text` is the field as written. */
export function typeFault(frame: Frame, written: Json, field: string, expected: string, value: unknown): Fault {
  const text = typeof written === 'string' ? (expressionText(written)?.trim() ?? written) : printedJson(written);
  const was = value === null ? 'null' : Array.isArray(value) ? 'array' : isNumber(value) ? 'number' : typeof value;
  return queryFault(frame, text, field, `returned an unexpected result type. Expected '${expected}', but was '${was}' for value: ${printedJson(value)}`);
}
