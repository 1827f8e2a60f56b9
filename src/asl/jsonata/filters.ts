import type { Stage } from './ast.ts';
import { spend } from './limits.ts';
import type { Compile, Eval, Frame, Scope } from './scope.ts';
import { booleanOf, isNumeric } from './values.ts';

/** A compiled filter: a literal index, or a predicate. */
export interface Filter {
  readonly index: number | undefined;
  readonly predicate: Eval;
}

export function compileFilters(stages: readonly Stage[] | undefined, scope: Scope, compile: Compile): Filter[] {
  return (stages ?? []).map(({ expr }) => ({
    index: expr.type === 'number' && expr.predicate === undefined ? Math.floor(expr.value as number) : undefined,
    predicate: compile(expr, scope, false),
  }));
}

const asItems = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** The item at a literal index, from the end when it is negative. */
export function itemAt(value: unknown, index: number): unknown {
  if (!Array.isArray(value)) return index === 0 || index === -1 ? value : undefined;
  return value[index < 0 ? value.length + index : index] as unknown;
}

/** The items for which a predicate holds, or whose position it names. A fresh array that stands for a sequence. */
export function filterItems(value: unknown, predicate: Eval, frame: Frame | null): unknown[] {
  const items = asItems(value);
  const kept: unknown[] = [];
  spend(items.length);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    const verdict = predicate(item, frame);
    if (verdict === true) kept.push(item);
    else if (verdict !== false && verdict !== undefined) keepByVerdict(kept, item, index, items.length, verdict);
  }
  return kept;
}

function keepByVerdict(kept: unknown[], item: unknown, index: number, length: number, verdict: unknown): void {
  const positions = isNumeric(verdict) ? [verdict] : verdict;
  if (!isNumbers(positions)) {
    if (booleanOf(verdict) === true) kept.push(item);
    return;
  }
  spend(positions.length);
  for (const position of positions) {
    const whole = Math.floor(position);
    if ((whole < 0 ? length + whole : whole) === index) kept.push(item);
  }
}

/** True for an array of numbers, the empty one included. */
export const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumeric);

/** Applies filters to a value that stands alone, as in `$x[0]` or `f()[a = 1]`; `plain` tells a value's own array from a sequence. */
export function applyFilters(value: unknown, filters: readonly Filter[], frame: Frame | null): { readonly items: unknown[]; readonly plain: boolean } {
  let items: unknown = value;
  let plain = false;
  for (const { index, predicate } of filters) {
    plain = false;
    if (index === undefined) {
      items = filterItems(items, predicate, frame);
      continue;
    }
    const item = itemAt(items, index);
    plain = Array.isArray(item);
    items = item === undefined ? [] : asItems(item);
  }
  return { items: items as unknown[], plain };
}
