import { type Charge, includes, looselyEqual, order, TEXT_WORK_SHIFT } from './compare.ts';
import { MISSING } from './missing.ts';
import type { Pattern } from './pattern.ts';
import type { Comparison } from './syntax.ts';
import { isContainer, isNumber } from '../numbers/json-number.ts';

type Compare = (left: unknown, right: unknown, charge: Charge) => boolean;

/** Jayway's operators. A comparison of kinds that cannot be compared is false. */
const OPERATORS: Readonly<Record<Comparison, Compare>> = {
  '==': looselyEqual,
  '!=': (left, right, charge) => !looselyEqual(left, right, charge),
  '===': strictlyEqual,
  '!==': (left, right, charge) => !strictlyEqual(left, right, charge),
  '<': (left, right, charge) => order(left, right, charge) < 0,
  '<=': (left, right, charge) => order(left, right, charge) <= 0,
  '>': (left, right, charge) => order(left, right, charge) > 0,
  '>=': (left, right, charge) => order(left, right, charge) >= 0,
  '=~': matches,
  in: (left, right, charge) => Array.isArray(right) && includes(right, left, charge),
  nin: (left, right, charge) => !(Array.isArray(right) && includes(right, left, charge)),
  subsetof: (left, right, charge) => Array.isArray(left) && Array.isArray(right) && left.every((part) => includes(right, part, charge)),
  anyof: (left, right, charge) => Array.isArray(left) && Array.isArray(right) && left.some((part) => includes(right, part, charge)),
  noneof: (left, right, charge) => Array.isArray(left) && Array.isArray(right) && !left.some((part) => includes(right, part, charge)),
  all: (left, right, charge) => Array.isArray(left) && Array.isArray(right) && right.every((part) => includes(left, part, charge)),
  contains: (left, right, charge) =>
    typeof left === 'string' ? typeof right === 'string' && holds(left, right, charge) : Array.isArray(left) && includes(left, right, charge),
  size: (left, right) => (typeof left === 'string' || Array.isArray(left)) && isNumber(right) && left.length === Math.trunc(Number(right)),
  empty: (left, right, charge) => typeof right === 'boolean' && isEmpty(left, charge) === right,
  exists: (left, right) => typeof right === 'boolean' && (left !== MISSING) === right,
};

export function compareOperands(operator: Comparison): Compare {
  return OPERATORS[operator];
}

function strictlyEqual(left: unknown, right: unknown, charge: Charge): boolean {
  return kindOf(left) === kindOf(right) && looselyEqual(left, right, charge);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : isNumber(value) ? 'number' : typeof value;
}

/** Undefined, which equals neither true nor false, for what can be neither empty nor full. */
function isEmpty(value: unknown, charge: Charge): boolean | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length === 0;
  if (!isContainer(value)) return undefined;
  const { length } = Object.keys(value);
  charge(length);
  return length === 0;
}

function holds(text: string, part: string, charge: Charge): boolean {
  charge(1 + (text.length >> TEXT_WORK_SHIFT));
  return text.includes(part);
}

/** The pattern may stand on either side; of an array any element will do. */
function matches(left: unknown, right: unknown, charge: Charge): boolean {
  if (isPattern(left) === isPattern(right)) return false;
  const [pattern, subject] = isPattern(left) ? [left, right] : [right as Pattern, left];
  const subjects: readonly unknown[] = Array.isArray(subject) ? subject : [subject];
  return subjects.some((text) => pattern.matches(textOf(text), charge));
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'boolean' || isNumber(value) ? String(value) : '';
}

/** Data are JSON and hold no functions, so that a `matches` in an event is not taken for a pattern. */
function isPattern(value: unknown): value is Pattern {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'matches') && typeof (value as { matches: unknown }).matches === 'function';
}
