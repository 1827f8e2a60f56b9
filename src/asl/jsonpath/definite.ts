import { MISSING } from './missing.ts';
import { JsonNumber } from '../numbers/json-number.ts';

/** Reads one node out of a value, or answers MISSING. */
export type Read = (value: unknown) => unknown;

/**
 * An own property of an object, or MISSING. JSON.parse's objects inherit from Object.prototype, so a plain read would find
 * `constructor` in every event.
 */
export function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return MISSING;
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : MISSING;
}

/** An item by index (below zero: from the end); `past` where the array has none, MISSING where there is no array. */
export function item(value: unknown, index: number, past: unknown): unknown {
  if (!Array.isArray(value)) return MISSING;
  const at = index < 0 ? value.length + index : index;
  return at >= 0 && at < value.length ? (value as unknown[])[at] : past;
}

/** Compiles names and indexes, the form of nearly every path, to a closure of the right length. `past` is as in `item`. */
export function compileKeys(keys: readonly (string | number)[], past: null | typeof MISSING): Read {
  if (keys.every((key) => typeof key === 'string')) return compileNames(keys);
  const [first] = keys;
  if (keys.length === 1 && typeof first === 'number') return (value) => item(value, first, past);
  return (value) => {
    let node = value;
    for (const key of keys) {
      node = typeof key === 'string' ? own(node, key) : item(node, key, past);
      if (node === MISSING) return MISSING;
    }
    return node;
  };
}

/**
 * Names that a plain read finds on objects or arrays which do not have them as their own: what Object.prototype and
 * Array.prototype hold and a JsonNumber's, and array indexes. For every other name a plain read of JSON data answers undefined or an own
 * property, at a third of the cost of asking first.
 */
export const isInherited = (name: string): boolean => name in Array.prototype || name in JsonNumber.prototype || /^\d+$/.test(name);

/** Reads one own property of an object. */
function compileName(name: string): Read {
  if (isInherited(name)) return (value) => own(value, name);
  return (value) => {
    if (typeof value !== 'object' || value === null) return MISSING;
    const found = (value as Readonly<Record<string, unknown>>)[name];
    return found === undefined ? MISSING : found;
  };
}

function compileNames(names: readonly string[]): Read {
  const reads = names.map(compileName);
  const [a = identity, b = identity, c = identity] = reads;
  switch (names.length) {
    case 0:
      return identity;
    case 1:
      return a;
    case 2:
      return (value) => b(a(value));
    case 3:
      return (value) => c(b(a(value)));
    default:
      return (value) => {
        let node = value;
        for (const read of reads) {
          node = read(node);
          if (node === MISSING) return MISSING;
        }
        return node;
      };
  }
}

const identity: Read = (value) => value;
