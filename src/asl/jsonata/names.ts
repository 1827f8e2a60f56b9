import { interned } from '../interned.ts';
import type { Node } from './ast.ts';
import { own } from './lookup.ts';
import type { Compile, Eval, Scope } from './scope.ts';
import { answer, nameStep } from './steps.ts';
import { CONSTRUCTED, isSequence, settleItems, tagOf } from './values.ts';

/**
 * A path of names, `a.b.c` or `$x.a.b`: a walk over the objects' fields, as one would write it by hand. The first array
 * on the way hands over to the steps of sequences.
 */
export function compileNames(node: Node, steps: readonly Node[], scope: Scope, tags: boolean, compile: Compile): Eval | undefined {
  if (node.group !== undefined || node.keepSingletonArray === true || node.keepArray === true) return undefined;
  const isName = (step: Node): boolean => step.type === 'name' && step.stages === undefined && step.predicate === undefined && step.group === undefined;
  const [head, ...rest] = steps;
  if (head === undefined || !rest.every(isName)) return undefined;
  if (isName(head)) return overNames(steps.map((step) => interned(step.value as string)), tags);
  if (head.type !== 'variable' || rest.length === 0 || head.stages !== undefined || head.predicate !== undefined || head.group !== undefined || head.keepArray === true) return undefined;
  return behind(compile(head, scope, false), rest.map((step) => interned(step.value as string)), tags);
}

/** Names of what `$` stands for. Unlike a step behind a variable, the first one takes an array of items as the sequence. */
function overNames(keys: readonly string[], tags: boolean): Eval {
  const walk = behind((input) => input, keys, tags);
  return (input, frame) => (Array.isArray(input) ? overItems(input, keys, 0, tags) : walk(input, frame));
}

function behind(start: Eval, keys: readonly string[], tags: boolean): Eval {
  const [first = '', second = '', third = ''] = keys;
  switch (keys.length) {
    case 1:
      return (input, frame) => {
        const value = start(input, frame);
        return Array.isArray(value) ? overItems(itemsOf(value), keys, 0, tags) : released(own(value, first));
      };
    case 2:
      return (input, frame) => {
        const value = start(input, frame);
        if (Array.isArray(value)) return overItems(itemsOf(value), keys, 0, tags);
        const inner = own(value, first);
        return Array.isArray(inner) ? overItems(itemsOf(inner), keys, 1, tags) : released(own(inner, second));
      };
    case 3:
      return (input, frame) => {
        const value = start(input, frame);
        if (Array.isArray(value)) return overItems(itemsOf(value), keys, 0, tags);
        const outer = own(value, first);
        if (Array.isArray(outer)) return overItems(itemsOf(outer), keys, 1, tags);
        const inner = own(outer, second);
        return Array.isArray(inner) ? overItems(itemsOf(inner), keys, 2, tags) : released(own(inner, third));
      };
    default:
      return (input, frame) => {
        let value = start(input, frame);
        for (let index = 0; index < keys.length; index++) {
          if (Array.isArray(value)) return overItems(itemsOf(value), keys, index, tags);
          if (value === undefined) return undefined;
          value = own(value, keys[index] as string);
        }
        return released(value);
      };
  }
}

/** A sequence of one that was kept as an array where it was made is its item again behind another step. */
function released(value: unknown): unknown {
  if (!Array.isArray(value) || value.length > 1 || !isSequence(value)) return value;
  return value[0] as unknown;
}

const itemsOf = (array: unknown[]): unknown[] => ((tagOf(array) & CONSTRUCTED) === 0 ? array : [array]);

function overItems(items: unknown[], keys: readonly string[], from: number, tags: boolean): unknown {
  let at = items;
  answer.plain = false;
  for (let index = from; index < keys.length && at.length > 0; index++) {
    at = nameStep(at, keys[index] as string, index === keys.length - 1);
    if (answer.plain) return at;
  }
  return settleItems(at, tags);
}
