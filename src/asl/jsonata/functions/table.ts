import { compileSignature, type Check } from '../signatures.ts';
import { BARE, SEQUENCE, tag, type Callable } from '../values.ts';
import { ARRAYS } from './arrays.ts';
import type { Builtin } from './builtin.ts';
import { CALENDAR } from './calendar.ts';
import { HIGHER_ORDER } from './higher-order.ts';
import { NUMBERS } from './numbers.ts';
import { OBJECTS } from './objects.ts';
import { PATTERNS } from './patterns.ts';
import { STATES } from './states.ts';
import { STRINGS } from './strings.ts';

/** A function of the language as a value, with what calls by its name use directly. */
export interface BuiltinFunction extends Callable {
  readonly spec: Builtin;
  readonly check: Check;
}

const FUNCTIONS: ReadonlyMap<string, BuiltinFunction> = new Map(
  Object.entries({ ...NUMBERS, ...STRINGS, ...PATTERNS, ...ARRAYS, ...OBJECTS, ...HIGHER_ORDER, ...CALENDAR, ...STATES }).map(([name, spec]) => [name, asFunction(spec)]),
);

export const builtinNamed = (name: string): BuiltinFunction | undefined => FUNCTIONS.get(name);

/** The names that need no binding to be read. */
export const builtinNames = (): Iterable<string> => FUNCTIONS.keys();

function asFunction(spec: Builtin): BuiltinFunction {
  const check = compileSignature(spec.signature);
  const { sequence } = spec;
  const call = (args: unknown[], context: unknown, mode = 0): unknown => {
    const complete = (mode & BARE) === 0 ? check(args, context) : args;
    const result = spec.run(complete, context);
    if (sequence === undefined || !Array.isArray(result)) return result;
    return sequence === true || sequence(complete, result) ? tag(result, SEQUENCE) : result;
  };
  return Object.assign(call, { spec, check, arity: spec.arity, params: spec.params, contextual: true });
}
