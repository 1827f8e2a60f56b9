import { chargeItems, spend } from '../limits.ts';
import { JsonataError } from '../fault.ts';
import { isNumbers } from '../filters.ts';
import { unwind } from '../tail-calls.ts';
import { mergeSort } from '../sorting.ts';
import { append, deepEqual, isSequence, type Callable } from '../values.ts';
import { general, type Builtin, type BuiltinTable } from './builtin.ts';

const isTexts = (items: unknown[]): boolean => items.every((item) => typeof item === 'string');

/** A function of one array that answers an array of at most one item as it is. */
const rearranged = (compute: (items: unknown[]) => unknown[]): Builtin['run'] => ([items]) => {
  if (!Array.isArray(items) || items.length <= 1) return items;
  chargeItems(items.length);
  spend(items.length >> 4);
  return compute(items);
};

function sort(items: unknown[], comparator: Callable | undefined): unknown[] {
  if (items.length <= 1) return items;
  if (comparator !== undefined) return mergeSort(items, (left, right) => Boolean(unwind(comparator([left, right], null), null)));
  if (!isNumbers(items) && !isTexts(items)) throw new JsonataError('D3070', { index: 1 });
  return mergeSort(items, (left, right) => (left as number) > (right as number));
}

function shuffled(items: unknown[]): unknown[] {
  const result: unknown[] = [];
  for (let index = 0; index < items.length; index++) {
    const at = Math.floor(Math.random() * (index + 1));
    result[index] = result[at];
    result[at] = items[index];
  }
  return result;
}

function distinct(items: unknown[]): unknown[] {
  const scalars = new Set<unknown>();
  const found: unknown[] = [];
  const compound: unknown[] = [];
  spend(items.length);
  for (const item of items) {
    if (typeof item === 'object' && item !== null) {
      if (compound.some((other) => deepEqual(item, other))) continue;
      spend(compound.length);
      compound.push(item);
    } else if (item === item) {
      if (scalars.has(item)) continue;
      scalars.add(item);
    }
    found.push(item);
  }
  return found;
}

function zip(arrays: readonly unknown[]): unknown[] {
  let length = arrays.length === 0 ? 0 : Infinity;
  for (const array of arrays) length = Math.min(length, Array.isArray(array) ? array.length : 0);
  chargeItems(length * (arrays.length + 4));
  const rows: unknown[] = [];
  for (let row = 0; row < length; row++) rows.push(arrays.map((array) => (array as unknown[])[row]));
  return rows;
}

export const ARRAYS: BuiltinTable = {
  append: general('<xx:a>', 2, ([left, right]) => append(left, right)),
  reverse: general('<a:a>', 1, rearranged((items) => items.slice().reverse())),
  shuffle: general('<a:a>', 1, rearranged(shuffled)),
  distinct: general('<x:x>', 1, rearranged(distinct), {
    observes: true,
    sequence: ([items], result) => items !== result && isSequence(items as unknown[]),
  }),
  sort: general('<af?:a>', 2, ([items, comparator]) => (items === undefined ? undefined : sort(items as unknown[], comparator as Callable | undefined)), { observes: true }),
  zip: { ...general('<a+>', 0, zip), params: 1 },
};
