import type jsonata from 'jsonata';
import { faultOf } from './fault.ts';
import { builtinNamed } from './functions/table.ts';
import { EXIT, exitHook } from './library-meter.ts';
import { jsonataLibrary } from './library-module.ts';
import { begin, end, type Limits } from './limits.ts';
import { boundedExec, harmlessLength, plainFunction } from './regex.ts';
import { setField } from './values.ts';

/** Functions that the library lacks, or that could allocate without end there. */
const REPLACED = ['partition', 'range', 'hash', 'random', 'uuid', 'parse', 'pad'];

/** Nodes that the library evaluates inside each other for one call of a function, as a rule. */
const NODES_PER_CALL = 8;

type LibraryExpression = ReturnType<typeof jsonata>;
type LibraryOptions = NonNullable<Parameters<typeof jsonata>[1]>;

/**
 * Evaluates with the library, bounded as it allows: it looks at time and depth before every node and at what was made
 * behind it, and regular expressions run under the watchdog. It is given copies, since it leaves marks in the arrays that it meets.
 */
export function compileLibrary(text: string, bounds: Limits, evalFunction: boolean): (input: unknown, bindings: Readonly<Record<string, unknown>>) => Promise<unknown> {
  const options = {
    timeout: bounds.timeLimitMs,
    stack: bounds.depthLimit * NODES_PER_CALL,
    sequence: bounds.sequenceLimit,
    RegexEngine: boundedRegExp(bounds),
  };
  const expression = jsonataLibrary()(text, options as unknown as LibraryOptions);
  for (const name of REPLACED) register(expression, name, bounds);
  if (!evalFunction) expression.assign('eval', undefined);
  expression.assign(EXIT as unknown as string, exitHook(bounds));
  return async (input, bindings) => {
    try {
      return plain(await expression.evaluate(plain(input), plain(bindings) as Record<string, unknown>));
    } catch (error) {
      throw faultOf(error);
    }
  };
}

interface Focus {
  createSequence(): unknown[];
}

function register(expression: LibraryExpression, name: string, bounds: Limits): void {
  const builtin = builtinNamed(name);
  if (builtin === undefined) return;
  const { spec } = builtin;
  function implementation(this: Focus, ...args: unknown[]): unknown {
    const result = within(bounds, () => spec.run(args, undefined));
    if (spec.sequence !== true || !Array.isArray(result)) return result;
    const sequence = this.createSequence();
    for (const item of result) sequence.push(item);
    return sequence;
  }
  expression.registerFunction(name, implementation as (...args: unknown[]) => unknown, spec.signature);
}

/** Runs something of ours inside the library, within limits of its own; raises errors that the library can add to. */
function within<T>(bounds: Limits, body: () => T): T {
  begin(undefined, {}, bounds);
  try {
    return body();
  } catch (error) {
    throw faultOf(error).toLibrary();
  } finally {
    end();
  }
}

/** What the library uses in place of RegExp. */
function boundedRegExp(bounds: Limits): new (source: RegExp) => { lastIndex: number; exec(text: string): RegExpExecArray | null } {
  return class {
    readonly #expression: RegExp;
    readonly #harmless: number;

    constructor(source: RegExp) {
      this.#expression = new RegExp(source);
      this.#harmless = harmlessLength(source.source);
    }

    get lastIndex(): number {
      return this.#expression.lastIndex;
    }

    set lastIndex(index: number) {
      this.#expression.lastIndex = index;
    }

    exec(text: string): RegExpExecArray | null {
      return within(bounds, () => boundedExec(this.#expression, text, this.#harmless));
    }
  };
}

interface LibraryFunction {
  readonly _jsonata_lambda?: unknown;
  readonly _jsonata_function?: unknown;
  readonly apply?: unknown;
  readonly implementation?: unknown;
}

const isLibraryFunction = (value: LibraryFunction): boolean =>
  (value._jsonata_lambda === true && typeof value.apply === 'function') || (value._jsonata_function === true && typeof value.implementation === 'function');

/** A deep copy without hidden marks, into plain objects. A function of the library becomes one that cannot be called outside it. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, plain);
  if (isLibraryFunction(value)) return plainFunction(0, () => undefined);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setField(copy, key, plain((value as Record<string, unknown>)[key]));
  return copy;
}
