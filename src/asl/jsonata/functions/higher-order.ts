import { JsonataError } from '../fault.ts';
import { unwind } from '../tail-calls.ts';
import { chargeItems } from '../limits.ts';
import { booleanOf, setField, type Callable } from '../values.ts';
import { general, type BuiltinTable } from './builtin.ts';

/** Calls a function with a value, and with its key and the whole where it has parameters for them. */
function call(target: Callable, value: unknown, key: unknown, whole: unknown): unknown {
  const { arity } = target;
  const args = arity >= 3 ? [value, key, whole] : arity === 2 ? [value, key] : [value];
  return unwind(target(args, null), null);
}

function map(items: readonly unknown[], target: Callable): unknown[] {
  const results: unknown[] = [];
  for (let index = 0; index < items.length; index++) {
    const result = call(target, items[index], index, items);
    if (result !== undefined) results.push(result);
  }
  chargeItems(results.length);
  return results;
}

function filter(items: readonly unknown[], target: Callable): unknown[] {
  const kept: unknown[] = [];
  for (let index = 0; index < items.length; index++) {
    if (booleanOf(call(target, items[index], index, items)) === true) kept.push(items[index]);
  }
  chargeItems(kept.length);
  return kept;
}

/** The one item for which the function holds. Throws D3138 for a second one, D3139 for none. */
function single(items: readonly unknown[], target: Callable | undefined): unknown {
  let found: unknown;
  let matches = 0;
  for (let index = 0; index < items.length; index++) {
    if (target !== undefined && booleanOf(call(target, items[index], index, items)) !== true) continue;
    if (++matches > 1) throw new JsonataError('D3138', { index });
    found = items[index];
  }
  if (matches === 0) throw new JsonataError('D3139');
  return found;
}

function reduce(items: readonly unknown[], target: Callable, initial: unknown): unknown {
  const { arity } = target;
  if (arity < 2) throw new JsonataError('D3050', { index: 1 });
  const seeded = initial !== undefined || items.length === 0;
  let result = seeded ? initial : items[0];
  for (let index = seeded ? 0 : 1; index < items.length; index++) {
    const args = [result, items[index]];
    if (arity >= 3) args.push(index);
    if (arity >= 4) args.push(items);
    result = unwind(target(args, null), null);
  }
  return result;
}

const keysOf = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);

function each(object: unknown, target: Callable): unknown[] {
  const results: unknown[] = [];
  for (const key of keysOf(object)) {
    const result = call(target, (object as Record<string, unknown>)[key], key, object);
    if (result !== undefined) results.push(result);
  }
  chargeItems(results.length);
  return results;
}

/** The fields for which the function holds; nothing where there are none. */
function sift(object: unknown, target: Callable): unknown {
  const kept: Record<string, unknown> = {};
  let some = false;
  for (const key of keysOf(object)) {
    const value = (object as Record<string, unknown>)[key];
    if (booleanOf(call(target, value, key, object)) !== true) continue;
    setField(kept, key, value);
    some = true;
  }
  return some ? kept : undefined;
}

/** Functions that take functions, which may look at whatever they are handed. */
export const HIGHER_ORDER: BuiltinTable = {
  map: general('<af>', 2, ([items, target]) => (items === undefined ? undefined : map(items as unknown[], target as Callable)), { sequence: true, observes: true }),
  filter: general('<af>', 2, ([items, target]) => (items === undefined ? undefined : filter(items as unknown[], target as Callable)), { sequence: true, observes: true }),
  single: general('<af?>', 2, ([items, target]) => (items === undefined ? undefined : single(items as unknown[], target as Callable | undefined)), { observes: true }),
  reduce: general('<afj?:j>', 3, ([items, target, initial]) => (items === undefined ? undefined : reduce(items as unknown[], target as Callable, initial)), { observes: true }),
  each: general('<o-f:a>', 2, ([object, target]) => each(object, target as Callable), { sequence: true, observes: true }),
  sift: general('<o-f?:o>', 2, ([object, target]) => sift(object, target as Callable), { observes: true }),
};
