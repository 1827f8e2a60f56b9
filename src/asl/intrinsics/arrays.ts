import { deepEqual } from '../jsonpath/compare.ts';
import { isContainer, isJsonNumber, numberOf } from '../numbers/json-number.ts';
import type { Frame } from '../types.ts';
import { weigh } from './weight.ts';
import { refuse, wantArray, wantInteger } from './failure.ts';

/** AWS's limit on what States.ArrayRange makes. */
const RANGE_LIMIT = 1000;
const COMPARISON_LIMIT = 10_000_000;
/** Comparisons between two words to the run loop. */
const TOLD_EVERY = 4096;

export function partition(array: unknown, size: unknown, frame: Frame): unknown[][] {
  const items = wantArray(array, 'the array');
  frame.execution.spend(items.length, 8 * items.length);
  const length = wantInteger(size, 'the chunk size');
  if (length < 1) refuse('Invalid arguments: the chunk size must be a positive integer.');
  const chunks: unknown[][] = [];
  for (let i = 0; i < items.length; i += length) chunks.push(items.slice(i, i + length));
  return chunks;
}

export function contains(array: unknown, value: unknown, frame: Frame): boolean {
  const charge = limitedWork(frame);
  return wantArray(array, 'the array').some((item) => {
    charge(1);
    return deepEqual(item, value, charge);
  });
}

export function range(first: unknown, last: unknown, step: unknown): number[] {
  const start = wantInteger(first, 'the first number');
  const end = wantInteger(last, 'the last number');
  const by = wantInteger(step, 'the step');
  if (by === 0) refuse('Invalid arguments: the step must not be zero.');
  const count = Math.max(0, Math.floor((end - start) / by) + 1);
  if (count > RANGE_LIMIT) refuse(`Invalid arguments: the range has more than ${RANGE_LIMIT} elements.`);
  return Array.from({ length: count }, (_, i) => start + i * by);
}

export function getItem(array: unknown, index: unknown): unknown {
  const items = wantArray(array, 'the array');
  const at = wantInteger(index, 'the index');
  if (at < 0 || at >= items.length) refuse(`Invalid arguments: the index ${at} is out of bounds for an array of length ${items.length}.`);
  return items[at];
}

export function length(array: unknown): number {
  return wantArray(array, 'the array').length;
}

/** Keeps the first of equal items. Objects are equal whatever the order of their keys. */
export function unique(array: unknown, frame: Frame): unknown[] {
  const seen = new Set<unknown>();
  weigh(array, frame);
  return wantArray(array, 'the array').filter((item) => {
    const identity = isContainer(item) ? `object ${canonical(item)}` : typeof item === 'string' ? `string ${item}` : numberIdentity(item);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

/** 1.0 is 1; whole numbers that a double cannot tell apart are told apart by their text. */
function numberIdentity(value: unknown): unknown {
  const plain = numberOf(value);
  return plain === value || Math.abs(plain as number) <= Number.MAX_SAFE_INTEGER ? plain : `number ${String(value)}`;
}

/** JSON text that is the same for equal values: keys are sorted. */
function canonical(value: unknown): string {
  if (!isContainer(value)) return isJsonNumber(value) ? String(numberIdentity(value)) : JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as unknown[]).map(canonical).join(',')}]`;
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`);
  return `{${members.join(',')}}`;
}

function limitedWork(frame: Frame): (work: number) => void {
  let left = COMPARISON_LIMIT;
  let told = left;
  return (work) => {
    left -= work;
    if (told - left < TOLD_EVERY) return;
    frame.execution.spend(4 * (told - left));
    told = left;
    if (left < 0) refuse('Invalid arguments: the arguments are too large to be compared.');
  };
}
