import { JsonataError } from './fault.ts';
import { chargeItems, run, spend } from './limits.ts';
import { lookUp } from './lookup.ts';
import { CONSTRUCTED, isSequence, tagOf } from './values.ts';

/**
 * Whether what the step before answered is a value's own array, which stays as it is, rather than a sequence. Written
 * last thing in a step and read at once, in place of an object for every step.
 */
export const answer = { plain: false };

/** Takes a name of every item. */
export function nameStep(items: unknown[], key: string, last: boolean): unknown[] {
  const next: unknown[] = [];
  let results = 0;
  let only: unknown;
  spend(items.length);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    const value = lookUp(item, key);
    if (value === undefined) continue;
    results++;
    if (!Array.isArray(value) || (tagOf(value) & CONSTRUCTED) !== 0) next.push(value);
    else pushAll(next, value);
    // What an array of items was asked for is a sequence, whatever it consists of, unless one item alone had it.
    only = value;
  }
  return finishStep(next, results, only, last);
}

/** A single array that is a value and no sequence remains itself behind the last step. */
export function finishStep(next: unknown[], results: number, only: unknown, last: boolean): unknown[] {
  chargeItems(next.length);
  answer.plain = last && results === 1 && Array.isArray(only) && !isSequence(only);
  return answer.plain ? (only as unknown[]) : next;
}

export function pushAll(target: unknown[], source: unknown[]): void {
  if (target.length + source.length > run.limits.sequenceLimit) throw new JsonataError('D2015', { value: run.limits.sequenceLimit });
  for (let index = 0; index < source.length; index++) target.push(source[index]);
}
