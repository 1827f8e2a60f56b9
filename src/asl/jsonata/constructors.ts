import type { Node } from './ast.ts';
import { JsonataError } from './fault.ts';
import { chargeItems, run, spend } from './limits.ts';
import { rangeOf } from './operators.ts';
import type { Compile, Eval, Scope } from './scope.ts';
import { CONSTRUCTED, OUTER, settleItems, tag, tagOf } from './values.ts';

/** An array constructor: what its items yield is joined, save that an array written inside it stays an item. */
export function compileArray(node: Node, scope: Scope, tags: boolean, compile: Compile): Eval {
  const items = (node.expressions ?? []).map((item) => ({
    nested: item.value === '[',
    evaluate: compile(item, scope, tags),
  }));
  const constructed = node.consarray === true;
  return (input, frame) => {
    const array: unknown[] = [];
    for (let index = 0; index < items.length; index++) {
      const { nested, evaluate } = items[index] as (typeof items)[number];
      const value = evaluate(input, frame);
      if (value === undefined) continue;
      if (nested || !Array.isArray(value)) {
        array.push(value);
        continue;
      }
      if (array.length + value.length > run.limits.sequenceLimit) throw new JsonataError('D2015', { value: array.length + value.length });
      for (let at = 0; at < value.length; at++) array.push(value[at]);
    }
    chargeItems(array.length);
    return constructed ? tag(array, CONSTRUCTED) : array;
  };
}

export function compileRange(node: Node, scope: Scope, tags: boolean, compile: Compile): Eval {
  const from = compile(node.lhs as Node, scope, false);
  const to = compile(node.rhs as Node, scope, false);
  return (input, frame) => {
    const numbers = rangeOf(from(input, frame), to(input, frame), node.position);
    return numbers === undefined ? undefined : settleItems(numbers, tags);
  };
}

/** `*`: the fields of an object, those that are arrays flattened through and through. */
export function wildcard(input: unknown): { readonly items: unknown[]; readonly plain: boolean } {
  const value: unknown = Array.isArray(input) && (tagOf(input) & OUTER) !== 0 ? input[0] : input;
  const items: unknown[] = [];
  // The library joins arrays to a new array, which is no sequence any more: it does not stand for a single item.
  let plain = false;
  if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[key];
      if (Array.isArray(field)) {
        flatten(field, items);
        plain = true;
      } else {
        items.push(field);
      }
    }
  }
  spend(items.length);
  chargeItems(items.length);
  return { items, plain };
}

function flatten(array: unknown[], items: unknown[]): void {
  spend(array.length);
  for (const item of array) {
    if (Array.isArray(item)) flatten(item, items);
    else items.push(item);
  }
}

/** `**`: a value and all that is in it, save the arrays themselves. */
export function descendants(input: unknown): unknown[] {
  const items: unknown[] = [];
  if (input !== undefined) descend(input, items);
  chargeItems(items.length);
  return items;
}

function descend(value: unknown, items: unknown[]): void {
  spend(1);
  if (Array.isArray(value)) {
    for (const item of value) descend(item, items);
    return;
  }
  items.push(value);
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) descend((value as Record<string, unknown>)[key], items);
}
