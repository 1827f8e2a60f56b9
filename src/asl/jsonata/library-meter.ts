import { exhausted } from './fault.ts';
import type { Limits } from './limits.ts';

/** The library calls what is bound to this symbol after each node that it has evaluated, and hands it the value. */
export const EXIT = Symbol.for('jsonata.__evaluate_exit');

/**
 * Parts that one value may have, however often it holds the same one. The library's functions walk a value whole and look at
 * no clock meanwhile; a payload of 256 KiB has half as many parts at the most.
 */
const VALUE_PARTS = 262_144;
/** Characters of one text. Node ends the process, not the thread, when an array of its characters grows too large. */
const TEXT_CHARACTERS = 4_194_304;

/** Nodes whose value was there before them. */
const READERS: ReadonlySet<string> = new Set(['variable', 'name', 'path', 'string', 'value']);

interface Meter {
  /** Words made so far in one evaluation. */
  made: number;
  /** Parts of the values met so far. */
  readonly parts: WeakMap<object, number>;
}

export type ExitHook = (node: { readonly type: string }, input: unknown, environment: { readonly base: object }, value: unknown) => void;

/** Counts what an evaluation of the library makes, and ends it with U1001 before that exhausts the worker. */
export function exitHook(bounds: Limits): ExitHook {
  const meters = new WeakMap<object, Meter>();
  const text = Math.min(TEXT_CHARACTERS, bounds.textLimit);
  const make = (meter: Meter, words: number): void => {
    meter.made += words;
    if (meter.made > bounds.allocationLimit) throw refused(`The expression allocates more than ${bounds.allocationLimit * 8} bytes`, bounds.allocationLimit);
  };
  return (node, _input, { base }, value) => {
    if (typeof value === 'string') {
      if (value.length > text) throw refused(`The expression builds a text of more than ${text} characters`, text);
      if (value.length <= 64 || READERS.has(node.type)) return;
    } else if (typeof value !== 'object' || value === null) return;
    let meter = meters.get(base);
    if (meter === undefined) {
      meter = { made: 0, parts: new WeakMap() };
      meters.set(base, meter);
    }
    if (typeof value === 'string') make(meter, value.length >> 3);
    else if (!meter.parts.has(value)) {
      make(meter, Array.isArray(value) ? value.length + 4 : 8);
      if (partsOf(value, meter.parts) > VALUE_PARTS) throw refused(`The expression builds a value of more than ${VALUE_PARTS} parts`, VALUE_PARTS);
    }
  };
}

/** Raised as the library raises: a plain object, to which it adds. */
const refused = (message: string, value: number): object => exhausted(message, value).toLibrary();

/** Counts a part as often as it occurs; each object is walked once, and none that is larger than what is let through. */
function partsOf(value: unknown, known: WeakMap<object, number>): number {
  if (typeof value !== 'object' || value === null) return 1;
  const before = known.get(value);
  if (before !== undefined) return before;
  let parts = 1;
  // A function of the library is a value of one part: what it closes over is not its own.
  if (!Object.hasOwn(value, '_jsonata_lambda') && !Object.hasOwn(value, '_jsonata_function')) {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length && parts <= VALUE_PARTS; i++) parts += partsOf(value[i], known);
    } else {
      for (const key of Object.keys(value)) {
        if (parts > VALUE_PARTS) break;
        parts += partsOf((value as Record<string, unknown>)[key], known);
      }
    }
  }
  known.set(value, parts);
  return parts;
}
