import type { Term } from './ast.ts';
import { JsonataError } from './fault.ts';
import { chargeItems, spend } from './limits.ts';
import type { Compile, Frame, Scope } from './scope.ts';

/** Sorts stably by merging halves; `swap` tells whether the first of two items belongs behind the second. */
export function mergeSort(items: unknown[], swap: (left: unknown, right: unknown) => boolean): unknown[] {
  chargeItems(items.length);
  return sorted(items, 0, items.length, swap);
}

function sorted(items: unknown[], from: number, to: number, swap: (left: unknown, right: unknown) => boolean): unknown[] {
  if (to - from <= 1) return items.slice(from, to);
  const middle = from + ((to - from) >> 1);
  const left = sorted(items, from, middle, swap);
  const right = sorted(items, middle, to, swap);
  const merged: unknown[] = [];
  let first = 0;
  let second = 0;
  spend(to - from);
  while (first < left.length && second < right.length) {
    merged.push(swap(left[first], right[second]) ? right[second++] : left[first++]);
  }
  while (first < left.length) merged.push(left[first++]);
  while (second < right.length) merged.push(right[second++]);
  return merged;
}

/** The order-by operator: `x^(a, >b)`. What lacks a term comes last. Throws T2007 and T2008. */
export function compileSort(terms: readonly Term[], position: number | undefined, scope: Scope, compile: Compile): (items: unknown[], frame: Frame | null) => unknown[] {
  const compiled = terms.map(({ descending, expression }) => ({ descending, evaluate: compile(expression, scope, false) }));
  return (items, frame) =>
    mergeSort(items, (left, right) => {
      for (const { descending, evaluate } of compiled) {
        const order = compareTerms(evaluate(left, frame), evaluate(right, frame), descending, position);
        if (order !== 0) return order > 0;
      }
      return false;
    });
}

const isSortable = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

function compareTerms(left: unknown, right: unknown, descending: boolean, position: number | undefined): number {
  if (left === undefined) return right === undefined ? 0 : 1;
  if (right === undefined) return -1;
  if (!isSortable(left) || !isSortable(right)) throw new JsonataError('T2008', { value: isSortable(left) ? right : left }).locate(position, undefined);
  if (typeof left !== typeof right) throw new JsonataError('T2007', { value: left, value2: right }).locate(position, undefined);
  if (left === right) return 0;
  const order = left < right ? -1 : 1;
  return descending ? -order : order;
}
