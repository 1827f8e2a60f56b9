import { exhausted, JsonataError } from './fault.ts';
import { charge, run, spend } from './limits.ts';

/** Where the trampoline takes over: a call in tail position that has yet to be made. */
export class TailCall {
  readonly callee: unknown;
  readonly args: unknown[];

  constructor(callee: unknown, args: unknown[]) {
    this.callee = callee;
    this.args = args;
  }
}

/** Bits of a call's mode: answer a tail call instead of making it; take the arguments as they are. */
export const STEP = 1;
export const BARE = 2;

/** A function value. A JavaScript function, so that `typeof` keeps it apart from data without looking inside. */
export interface Callable {
  (args: unknown[], context: unknown, mode?: number): unknown;
  /** How many arguments the higher-order functions hand to it. */
  arity: number;
  /** How many parameters a partial application can fill. */
  params: number;
  /** True when it reads the context in which it is called. */
  contextual: boolean;
  matcher?: Matcher;
}

/** One match of a regular expression. */
export interface Found {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: unknown[];
}

export interface Matcher {
  /** The first match at or after an index; undefined when there is none. */
  first(text: string, from: number): Found | undefined;
  /** The match after another one. Throws D1004 where that would not get anywhere. */
  next(text: string, previous: Found): Found | undefined;
}

/**
 * The hidden mark of arrays that the evaluator itself made. JSONata tells a *sequence* (the result of a query, which
 * stands for its single item when it has only one) from an *array* that is a value. Arrays of the input never carry the
 * mark, and nothing that carries it leaves an evaluation.
 */
const TAG = Symbol('jsonata.tag');
export const SEQUENCE = 1;
/** A sequence that stays an array even with a single item: `x[]`. */
export const KEEP = 2;
/** An array written as such inside a path, which the path does not flatten: `a.[b, c]`. */
export const CONSTRUCTED = 4;
/** The wrapper around an input that is an array. */
export const OUTER = 8;

type Tagged = unknown[] & { [TAG]?: number };

export const tagOf = (array: unknown[]): number => (array as Tagged)[TAG] ?? 0;

export function tag<T extends unknown[]>(array: T, bits: number): T {
  (array as Tagged)[TAG] = bits;
  run.tagged++;
  return array;
}

/** Marks an array that cannot leave the evaluation, so that it does not count. */
export function tagInside<T extends unknown[]>(array: T, bits: number): T {
  (array as Tagged)[TAG] = bits;
  return array;
}

export const isSequence = (array: unknown[]): boolean => (tagOf(array) & SEQUENCE) !== 0;

/** What a value becomes where an expression ends: a sequence of none is nothing, a sequence of one is its item. */
export function settle(value: unknown): unknown {
  if (!Array.isArray(value) || value.length > 1) return value;
  const bits = tagOf(value);
  if ((bits & SEQUENCE) === 0) return value;
  if (value.length === 0) return undefined;
  return (bits & KEEP) === 0 ? value[0] : value;
}

/** The same behind `[]`, where a sequence of one stays an array. */
export function settleKept(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const bits = tagOf(value);
  if ((bits & SEQUENCE) === 0) return value;
  if (value.length === 0) return undefined;
  tag(value, bits | KEEP);
  return value;
}

/** Settles a fresh array that stands for a sequence; marks it only where somebody may look. */
export function settleItems(items: unknown[], tags: boolean): unknown {
  if (items.length > 1) return tags ? tag(items, SEQUENCE) : items;
  return items.length === 0 ? undefined : items[0];
}

/** True for a number that arithmetic takes. Throws D1001 for an infinite one. */
export function isNumeric(value: unknown): value is number {
  if (typeof value !== 'number') return false;
  if (value === Infinity || value === -Infinity) throw new JsonataError('D1001', { value });
  return value === value;
}

/** The boolean that a value stands for; undefined for nothing. */
export function booleanOf(value: unknown): boolean | undefined {
  switch (typeof value) {
    case 'undefined':
      return undefined;
    case 'boolean':
      return value;
    case 'string':
      return value.length > 0;
    case 'number':
      return isNumeric(value) && value !== 0;
    case 'object':
      if (value === null) return false;
      if (Array.isArray(value)) {
        spend(value.length);
        if (value.length === 1) return booleanOf(value[0]);
        let any = false;
        for (const item of value) if (booleanOf(item) === true) any = true;
        return any;
      }
      return Object.keys(value).length > 0;
    default:
      return false;
  }
}

export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  spend(1);
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) if (!deepEqual(left[index], right[index])) return false;
    return true;
  }
  // An array and an object are never alike here: the length of an array counts among its names.
  if (Array.isArray(left) || Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) if (!Object.hasOwn(right, key)) return false;
  for (const key of keys) {
    if (!deepEqual((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key])) return false;
  }
  return true;
}

/** Sets a field whose name comes from data: `__proto__` is a name like any other. */
export function setField(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/**
 * What leaves an evaluation: the same value with plain arrays. Copies the spine above what was tagged and nothing else.
 * Counts what it sees, so that a value which shares its parts until it is larger than memory ends here and not where it
 * would be written out.
 */
export function cleaned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  spend(1);
  if (++run.visited > run.limits.allocationLimit) throw exhausted('The expression answers more values than fit into memory');
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined = tagOf(value) === 0 ? undefined : Array.from(value);
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item !== 'object' || item === null) continue;
      const clean = cleaned(item);
      if (clean !== item) (copy ??= Array.from(value))[index] = clean;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item !== 'object' || item === null) continue;
    const clean = cleaned(item);
    if (clean !== item) setField((copy ??= { ...value }), key, clean);
  }
  return copy ?? value;
}

/** Joins two values to one array as the library does: arrays are joined, all else becomes an item. */
export function append(left: unknown, right: unknown): unknown {
  if (left === undefined) return right;
  if (right === undefined) return left;
  const first: unknown[] = Array.isArray(left) ? left : [left];
  const second: unknown[] = Array.isArray(right) ? right : [right];
  const length = first.length + second.length;
  if (length > run.limits.sequenceLimit) throw new JsonataError('D2015', { value: length });
  charge(length + 4);
  spend(length >> 4);
  return first.concat(second);
}
