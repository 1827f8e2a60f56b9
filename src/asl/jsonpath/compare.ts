import { MISSING } from './missing.ts';
import { compareNumbers, isContainer, isNumber, numberOf } from '../numbers/json-number.ts';

/** Told how much work was done; throws once a path has done too much. */
export type Charge = (work: number) => void;

/**
 * Jayway's `==`: a number and a string are equal when the string says the same number (a string on the left: when it is
 * written the same); objects and arrays when all of their parts are; a missing value equals nothing. 1.0 equals 1.
 */
export function looselyEqual(left: unknown, right: unknown, charge: Charge): boolean {
  if (typeof right === 'string' && isNumber(left)) {
    charge(1 + (right.length >> 2));
    return right.trim() !== '' && numberOf(left) === Number(right);
  }
  if (typeof left === 'string' && isNumber(right)) return left === String(right);
  if (left === MISSING || right === MISSING) return false;
  return deepEqual(left, right, charge);
}

/** Texts of one length are compared character by character. */
function sameScalar(left: unknown, right: unknown, charge: Charge): boolean {
  if (typeof left === 'string' && typeof right === 'string' && left.length === right.length) charge(left.length >> TEXT_WORK_SHIFT);
  return left === right || ((typeof left === 'object' || typeof right === 'object') && compareNumbers(left, right) === 0);
}

/** So many characters (2 to the power of) are compared in the time of one visit. */
export const TEXT_WORK_SHIFT = 6;

/** Equality of JSON data. Iterative: data may nest deeper than the stack reaches. */
export function deepEqual(left: unknown, right: unknown, charge: Charge): boolean {
  if (!isContainer(left) || !isContainer(right)) return sameScalar(left, right, charge);
  const pending: unknown[] = [left, right];
  while (pending.length > 0) {
    const b = pending.pop();
    const a = pending.pop();
    charge(1);
    if (!isContainer(a) || !isContainer(b)) {
      if (sameScalar(a, b, charge)) continue;
      return false;
    }
    if (a === b) continue;
    if (Array.isArray(a) || Array.isArray(b)) {
      if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
      charge(a.length);
      for (let i = 0; i < a.length; i++) pending.push(a[i], b[i]);
      continue;
    }
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    charge(keys.length);
    for (const key of keys) {
      if (!Object.hasOwn(b, key)) return false;
      pending.push((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]);
    }
  }
  return true;
}

/** Below zero, zero or above for two numbers or two strings; NaN, which no order holds for, for anything else. */
export function order(left: unknown, right: unknown, charge: Charge): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (typeof left !== 'string' || typeof right !== 'string') return Number.NaN;
  charge(1 + (Math.min(left.length, right.length) >> TEXT_WORK_SHIFT));
  return left < right ? -1 : left > right ? 1 : 0;
}

export function includes(list: readonly unknown[], value: unknown, charge: Charge): boolean {
  return list.some((element) => {
    charge(1);
    return looselyEqual(value, element, charge);
  });
}
