import { librarySignature, type Signature } from './ast.ts';
import { faultOf } from './fault.ts';
import { spend } from './limits.ts';

/** Completes the arguments of a call by a signature, in the array given where that can be, or throws T0410, T0411 or T0412. */
export type Check = (args: unknown[], context: unknown) => unknown[];

interface Parameter {
  /** The symbols of the types that it takes; see symbolOf. */
  readonly accepts: string;
  readonly optional: boolean;
  readonly context: boolean;
  readonly array: boolean;
  /** The symbol that the items of an array must have. */
  readonly item: string | undefined;
}

const ANY = 'asnblfom';

/** The letter for a value's type in a signature; m for a missing one. */
export function symbolOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 's';
    case 'number':
      return 'n';
    case 'boolean':
      return 'b';
    case 'function':
      return 'f';
    case 'object':
      if (value === null) return 'l';
      return Array.isArray(value) ? 'a' : 'o';
    default:
      return 'm';
  }
}

/** Reads the parameters of a signature; undefined for one that is left to the library entirely. */
function parametersOf(definition: string): Parameter[] | undefined {
  const parameters: Parameter[] = [];
  const pattern = /\(([a-z]+)\)|([snblofajx])(?:<([a-z]*)(?::[^>]*)?>)?|[-?+:]/gy;
  pattern.lastIndex = 1;
  for (;;) {
    const match = pattern.exec(definition);
    if (match === null) return undefined;
    const [text, choice, type, item] = match;
    if (text === ':') return parameters;
    if (text === '+') return undefined;
    const last = parameters.at(-1);
    if (text === '-' || text === '?') {
      if (last === undefined) return undefined;
      parameters[parameters.length - 1] = text === '-' ? { ...last, context: true } : { ...last, optional: true };
    } else {
      parameters.push({ accepts: acceptedBy(choice, type), optional: false, context: false, array: type === 'a', item: type === 'a' ? item : undefined });
    }
    if (pattern.lastIndex >= definition.length || definition[pattern.lastIndex] === '>') return parameters;
  }
}

function acceptedBy(choice: string | undefined, type: string | undefined): string {
  if (choice !== undefined) return `${choice}m`;
  if (type === 'a' || type === 'x') return ANY;
  if (type === 'j') return 'asnblom';
  return type === 'f' ? 'f' : `${type}m`;
}

/**
 * Compiles a signature. Calls whose arguments fit one by one are checked here; all others (arguments left out in the
 * middle, and every mistake) go to the library's own validator, whose verdict and wording count.
 */
export function compileSignature(definition: string, given?: Signature): Check {
  const parameters = parametersOf(definition);
  let library = given;
  const refer: Check = (args, context) => {
    library ??= librarySignature(definition);
    try {
      return library.validate(args, context);
    } catch (error) {
      throw faultOf(error);
    }
  };
  if (parameters === undefined) return refer;
  return (args, context) => {
    if (args.length > parameters.length) return refer(args, context);
    const given = args.length;
    for (let index = 0; index < parameters.length; index++) {
      const parameter = parameters[index] as Parameter;
      if (index >= given) {
        if (parameter.context) {
          const symbol = symbolOf(context);
          if (!parameter.accepts.includes(symbol) || parameter.array) return refer(args.slice(0, given), context);
          args.push(context);
        } else if (!parameter.optional) {
          return refer(args.slice(0, given), context);
        } else {
          args.push(undefined);
        }
        continue;
      }
      const value = args[index];
      const symbol = symbolOf(value);
      if (!parameter.accepts.includes(symbol)) return refer(args, context);
      if (!parameter.array || symbol === 'm') {
        continue;
      }
      if (!fitsItems(value, symbol, parameter.item)) return refer(args, context);
      if (symbol !== 'a') args[index] = [value];
    }
    return args;
  };
}

function fitsItems(value: unknown, symbol: string, item: string | undefined): boolean {
  if (item === undefined) return true;
  if (symbol !== 'a') return symbol === item;
  const items = value as unknown[];
  spend(items.length >> 2);
  if (item === 'n') {
    for (let index = 0; index < items.length; index++) if (typeof items[index] !== 'number') return false;
    return true;
  }
  for (let index = 0; index < items.length; index++) if (symbolOf(items[index]) !== item) return false;
  return true;
}
