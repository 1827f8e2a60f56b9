import { interned } from '../interned.ts';
import type { Node } from './ast.ts';
import { compileFilters, filterItems, itemAt, type Filter } from './filters.ts';
import { compileGroup } from './groups.ts';
import { spend } from './limits.ts';
import { lookUp } from './lookup.ts';
import { compileNames } from './names.ts';
import type { Compile, Eval, Frame, Scope } from './scope.ts';
import { compileSort } from './sorting.ts';
import { answer, finishStep, nameStep, pushAll } from './steps.ts';
import { CONSTRUCTED, isSequence, KEEP, SEQUENCE, settleItems, tag, tagInside, tagOf } from './values.ts';

/** One step: the items before it to the items behind it. */
type Step = (items: unknown[], frame: Frame | null) => unknown[];

/** A path of any kind. Paths of nothing but names over objects take the short way; see compileNames. */
export function compilePath(node: Node, scope: Scope, tags: boolean, compile: Compile): Eval {
  const steps = node.steps ?? [];
  const names = compileNames(node, steps, scope, tags, compile);
  if (names !== undefined) return names;

  const head = steps[0] as Node;
  const absolute = head.type === 'variable';
  const whole = head.consarray === true ? compile(head, scope, true) : undefined;
  const compiled = steps.map((step, index) => (index === 0 && whole !== undefined ? undefined : compileStep(step, index === steps.length - 1, scope, tags, compile)));
  const finish = compileFinish(node, scope, tags, compile);
  return (input, frame) => {
    let items: unknown[] = absolute || !Array.isArray(input) ? [input] : (input as unknown[]);
    let plain = false;
    for (let index = 0; index < compiled.length; index++) {
      const step = compiled[index];
      if (step === undefined) {
        const value = (whole as Eval)(Array.isArray(input) && !absolute ? input : tagInside([input], SEQUENCE), frame);
        if (!Array.isArray(value)) {
          // No array after all: nothing for later steps, but a grouping makes its object even of nothing.
          const alone = compiled.length === 1;
          if (node.group === undefined) return alone ? value : undefined;
          return finish(alone && value !== undefined ? [value] : [], false, frame);
        }
        items = value;
        plain = !isSequence(value);
      } else {
        answer.plain = plain;
        items = step(items, frame);
        plain = answer.plain;
      }
      if (items.length === 0) break;
    }
    return finish(items, plain, frame);
  };
}

/** What becomes of the items behind the last step: grouped, kept as an array, or settled. */
function compileFinish(node: Node, scope: Scope, tags: boolean, compile: Compile): (items: unknown[], plain: boolean, frame: Frame | null) => unknown {
  const group = node.group === undefined ? undefined : compileGroup(node.group.lhs, node.group.position, scope, tags, compile);
  const keep = node.keepSingletonArray === true || node.keepArray === true;
  return (items, plain, frame) => {
    let wrapped = items;
    let own = plain;
    if (node.keepSingletonArray === true && plain && (tagOf(items) & CONSTRUCTED) !== 0) {
      wrapped = [items];
      own = false;
    }
    if (group !== undefined) return group(wrapped, frame);
    if (own) return wrapped;
    if (!keep) return settleItems(wrapped, tags);
    if (wrapped.length === 0) return undefined;
    return tags ? tag(wrapped, SEQUENCE | KEEP) : wrapped;
  };
}

function compileStep(step: Node, last: boolean, scope: Scope, tags: boolean, compile: Compile): Step {
  const filters = compileFilters(step.stages, scope, compile);
  if (step.type === 'sort') return compileSortStep(step, filters, scope, compile);
  const key = step.type === 'name' && step.predicate === undefined && step.group === undefined ? interned(step.value as string) : undefined;
  if (key !== undefined && filters.length === 0) return (items) => nameStep(items, key, last);
  // Later steps look into what this one yields. An object is no sequence itself: behind the last step only others could look.
  const marked = !last || tags || step.type !== 'unary' || step.value !== '{';
  const evaluate: Eval = key === undefined ? compile(step, scope, marked) : (item) => lookUp(item, key);
  return filters.length === 0 ? plainStep(evaluate, last) : filteredStep(evaluate, filters, last);
}

function plainStep(evaluate: Eval, last: boolean): Step {
  return (items, frame) => {
    const next: unknown[] = [];
    let results = 0;
    let only: unknown;
    spend(items.length);
    for (let index = 0; index < items.length; index++) {
      const value = evaluate(items[index], frame);
      if (value === undefined) continue;
      results++;
      if (!Array.isArray(value) || (tagOf(value) & CONSTRUCTED) !== 0) next.push(value);
      else pushAll(next, value);
      only = value;
    }
    return finishStep(next, results, only, last);
  };
}

function filteredStep(evaluate: Eval, filters: readonly Filter[], last: boolean): Step {
  return (items, frame) => {
    const next: unknown[] = [];
    let only: unknown[] | undefined;
    spend(items.length);
    for (let index = 0; index < items.length; index++) {
      let value = evaluate(items[index], frame);
      let sequence = true;
      for (const filter of filters) {
        sequence = true;
        if (filter.index === undefined) {
          value = filterItems(value, filter.predicate, frame);
          continue;
        }
        const item = itemAt(value, filter.index);
        if (Array.isArray(item)) {
          sequence = isSequence(item);
          value = item;
        } else {
          value = item === undefined ? [] : [item];
        }
      }
      const found = value as unknown[];
      if (items.length === 1 && !sequence) only = found;
      if ((tagOf(found) & CONSTRUCTED) !== 0) next.push(found);
      else pushAll(next, found);
    }
    return finishStep(next, 1, only, last);
  };
}

function compileSortStep(step: Node, filters: readonly Filter[], scope: Scope, compile: Compile): Step {
  const sort = compileSort(step.terms ?? [], step.position, scope, compile);
  return (items, frame) => {
    let sorted = items;
    let plain = answer.plain;
    if (items.length > 1) {
      sorted = sort(items, frame);
      plain = true;
    }
    for (const { index, predicate } of filters) {
      plain = false;
      if (index === undefined) {
        sorted = filterItems(sorted, predicate, frame);
        continue;
      }
      const item = itemAt(sorted, index);
      plain = Array.isArray(item);
      if (Array.isArray(item)) sorted = item as unknown[];
      else sorted = item === undefined ? [] : [item];
    }
    answer.plain = plain;
    return sorted;
  };
}
