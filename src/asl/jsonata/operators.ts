import { JsonataError } from './fault.ts';
import { chargeItems, chargeText, spend } from './limits.ts';
import type { Eval } from './scope.ts';
import { booleanOf, deepEqual, isNumeric } from './values.ts';
import { textOf } from './text.ts';

type Located = (left: unknown, right: unknown, position: number | undefined) => unknown;

/** Both operands as finite numbers, undefined where one of them is nothing; throws T2001, T2002 or D1001. */
function numeric(operator: string, compute: (left: number, right: number) => number): Located {
  return (left, right, position) => {
    // Infinity - Infinity and NaN - NaN are NaN: only finite numbers pass without the slow checks.
    if (typeof left === 'number' && typeof right === 'number' && left - left === 0 && right - right === 0) {
      return compute(left, right);
    }
    try {
      if (left !== undefined && !isNumeric(left)) throw new JsonataError('T2001', { value: left });
      if (right !== undefined && !isNumeric(right)) throw new JsonataError('T2002', { value: right });
    } catch (error) {
      throw error instanceof JsonataError ? error.relocate(position, operator) : error;
    }
    return undefined;
  };
}

const isComparable = (value: unknown): boolean => value === undefined || typeof value === 'string' || typeof value === 'number';

/** Compares two numbers or two texts; undefined where one of them is nothing; throws T2009 or T2010. */
function ordered(operator: string, compute: (left: number | string, right: number | string) => boolean): Located {
  return (left, right, position) => {
    if (typeof left === 'number' && typeof right === 'number') return compute(left, right);
    if (typeof left === 'string' && typeof right === 'string') return compute(left, right);
    if (!isComparable(left) || !isComparable(right)) {
      const value = typeof left === 'string' || typeof left === 'number' ? right : left;
      throw new JsonataError('T2010', { value }).relocate(position, operator);
    }
    if (left === undefined || right === undefined) return undefined;
    throw new JsonataError('T2009', { value: left, value2: right }).relocate(position, operator);
  };
}

const OPERATORS: Readonly<Record<string, Located>> = {
  '+': numeric('+', (left, right) => left + right),
  '-': numeric('-', (left, right) => left - right),
  '*': numeric('*', (left, right) => left * right),
  '/': numeric('/', (left, right) => left / right),
  '%': numeric('%', (left, right) => left % right),
  '<': ordered('<', (left, right) => left < right),
  '<=': ordered('<=', (left, right) => left <= right),
  '>': ordered('>', (left, right) => left > right),
  '>=': ordered('>=', (left, right) => left >= right),
  '=': (left, right) => left !== undefined && right !== undefined && deepEqual(left, right),
  '!=': (left, right) => left !== undefined && right !== undefined && !deepEqual(left, right),
  in: includes,
  '&': concatenate,
};

export function compileOperator(operator: string, left: Eval, right: Eval, position: number | undefined): Eval | undefined {
  if (operator === 'and') return compileAnd(left, right, position);
  if (operator === 'or') return compileOr(left, right, position);
  const apply = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (apply === undefined) return undefined;
  const direct = compileDirect(operator, left, right, position, apply);
  if (direct !== undefined) return direct;
  return (input, frame) => apply(left(input, frame), right(input, frame), position);
}

/** The operators that workflows use most, with the usual operands handled on the spot. */
function compileDirect(operator: string, left: Eval, right: Eval, position: number | undefined, apply: Located): Eval | undefined {
  switch (operator) {
    case '+':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        if (typeof first === 'number' && typeof second === 'number' && first - first === 0 && second - second === 0) return first + second;
        return apply(first, second, position);
      };
    case '*':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        if (typeof first === 'number' && typeof second === 'number' && first - first === 0 && second - second === 0) return first * second;
        return apply(first, second, position);
      };
    case '>':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        return typeof first === 'number' && typeof second === 'number' ? first > second : apply(first, second, position);
      };
    case '<':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        return typeof first === 'number' && typeof second === 'number' ? first < second : apply(first, second, position);
      };
    case '=':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        if (first === undefined || second === undefined) return false;
        return first === second || (typeof first === 'object' && deepEqual(first, second));
      };
    default:
      return undefined;
  }
}

function includes(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return false;
  if (!Array.isArray(right)) return left === right;
  spend(right.length >> 2);
  // Not Array.includes: a number that is not one equals nothing.
  return right.indexOf(left) !== -1;
}

function concatenate(left: unknown, right: unknown, position: number | undefined): string {
  try {
    const first = textOf(left) ?? '';
    const second = textOf(right) ?? '';
    const length = first.length + second.length;
    // A joined text is a pair of references until somebody reads it: only long ones can add up to much.
    if (length > 65_536) chargeText(length);
    return first + second;
  } catch (error) {
    throw error instanceof JsonataError ? error.relocate(position, '&') : error;
  }
}

function compileAnd(left: Eval, right: Eval, position: number | undefined): Eval {
  return (input, frame) => {
    const first = left(input, frame);
    try {
      return booleanOf(first) === true && booleanOf(right(input, frame)) === true;
    } catch (error) {
      throw error instanceof JsonataError ? error.relocate(position, 'and') : error;
    }
  };
}

function compileOr(left: Eval, right: Eval, position: number | undefined): Eval {
  return (input, frame) => {
    const first = left(input, frame);
    try {
      return booleanOf(first) === true || booleanOf(right(input, frame)) === true;
    } catch (error) {
      throw error instanceof JsonataError ? error.relocate(position, 'or') : error;
    }
  };
}

export function compileMinus(operand: Eval, position: number | undefined): Eval {
  return (input, frame) => {
    const value = operand(input, frame);
    if (value === undefined) return undefined;
    if (isNumeric(value)) return -value;
    throw new JsonataError('D1002', { value }).locate(position, '-');
  };
}

/** The whole numbers of a range, as a fresh array that stands for a sequence; undefined for none. */
export function rangeOf(from: unknown, to: unknown, position: number | undefined): number[] | undefined {
  if (from !== undefined && !Number.isInteger(from)) throw new JsonataError('T2003', { value: from }).relocate(position, '..');
  if (to !== undefined && !Number.isInteger(to)) throw new JsonataError('T2004', { value: to }).relocate(position, '..');
  if (from === undefined || to === undefined || (from as number) > (to as number)) return undefined;
  return wholeNumbers(from as number, to as number, position);
}

function wholeNumbers(from: number, to: number, position: number | undefined): number[] {
  const size = to - from + 1;
  if (size > 1e7) throw new JsonataError('D2014', { value: size }).relocate(position, '..');
  chargeItems(size);
  spend(size >> 4);
  const numbers: number[] = [];
  for (let index = 0; index < size; index++) numbers.push(from + index);
  return numbers;
}
