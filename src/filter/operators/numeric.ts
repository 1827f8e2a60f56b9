import { compareNumbers, isContainer, isNumber, type JsonNumber } from '../../asl/numbers/json-number.ts';
import { memberOf, type Report } from '../fault.ts';
import { either, NOTHING, type NumberTest } from '../value-test.ts';
import type { Operator } from './operator.ts';

type Limit = number | JsonNumber;

/** Numbers that JavaScript holds exactly are compared as they are; what is longer, digit by digit. */
const COMPARISONS: Readonly<Record<string, (limit: Limit) => NumberTest>> = {
  '=': (limit) => (value) => (typeof value === 'number' && typeof limit === 'number' ? value === limit : compareNumbers(value, limit) === 0),
  '<': (limit) => (value) => (typeof value === 'number' && typeof limit === 'number' ? value < limit : compareNumbers(value, limit) < 0),
  '<=': (limit) => (value) => (typeof value === 'number' && typeof limit === 'number' ? value <= limit : compareNumbers(value, limit) <= 0),
  '>': (limit) => (value) => (typeof value === 'number' && typeof limit === 'number' ? value > limit : compareNumbers(value, limit) > 0),
  '>=': (limit) => (value) => (typeof value === 'number' && typeof limit === 'number' ? value >= limit : compareNumbers(value, limit) >= 0),
};

const FORM = 'It is [comparison, number], as in [">", 0], or a range with its lower limit first, as in [">", 0, "<=", 5].';

export const numeric: Operator = { check, compile: (operands) => ({ ...NOTHING, number: either(operands.map((operand) => compileRange(operand as readonly unknown[]))) }) };

function compileRange([first, low, second, high]: readonly unknown[]): NumberTest {
  const lower = comparison(first, low);
  if (second === undefined) return lower;
  const upper = comparison(second, high);
  return (value) => lower(value) && upper(value);
}

const comparison = (name: unknown, limit: unknown): NumberTest => (COMPARISONS[name as string] as (limit: Limit) => NumberTest)(limit as Limit);

function check(operand: unknown, pointer: string, report: Report, strict: boolean): void {
  if (!Array.isArray(operand)) {
    report(pointer, 'Value of numeric must be an array.', FORM);
    return;
  }
  const [first, low, second, high] = operand as readonly unknown[];
  if (typeof first !== 'string') {
    report(operand.length === 0 ? pointer : memberOf(pointer, 0), `Invalid member in numeric match: ${operand.length === 0 ? ']' : shown(first)}`, FORM);
    return;
  }
  if (!Object.hasOwn(COMPARISONS, first)) {
    report(memberOf(pointer, 0), `Unrecognized numeric range operator: ${first}`, 'The comparisons are =, <, <=, > and >=.');
    return;
  }
  const lowFits = checkLimit(first === '=' ? 'equals' : first, low, memberOf(pointer, 1), report, strict);
  if (operand.length <= 2) return;
  if (first !== '>' && first !== '>=') {
    report(memberOf(pointer, 2), 'Too many elements in numeric expression', FORM);
    return;
  }
  if (typeof second !== 'string') report(memberOf(pointer, 2), `Bad value in numeric range: ${shown(second)}`, FORM);
  else if (second !== '<' && second !== '<=') report(memberOf(pointer, 2), `Bad numeric range operator: ${second}`, 'The upper limit of a range takes < or <=.');
  else if (checkLimit(second, high, memberOf(pointer, 3), report, strict) && lowFits && compareNumbers(low, high) >= 0) report(pointer, 'Bottom must be less than top', FORM);
  if (operand.length > 4) report(memberOf(pointer, 4), 'Too many terms in numeric range expression', FORM);
}

/** The first that stands there, as a parser that goes from one token to the next tells it. */
const shown = (value: unknown): string => (Array.isArray(value) ? '[' : isContainer(value) ? '{' : String(value));

function checkLimit(name: string, limit: unknown, pointer: string, report: Report, strict: boolean): boolean {
  if (!isNumber(limit)) {
    report(pointer, `Value of ${name} must be numeric`, FORM);
    return false;
  }
  return checkNumber(limit, pointer, report, strict);
}

/** What EventBridge's documentation gives as the range and precision in which it compares numbers. */
const MOST = 5e9;
const PLACES = 6;

/** Reports numbers that are not compared as they are written. */
export function checkNumber(value: number | JsonNumber, pointer: string, report: Report, strict: boolean): boolean {
  const double = Number(value);
  if (!Number.isFinite(double)) report(pointer, `Cannot compare number : ${value}`, 'It is beyond the range of double precision.');
  else if (strict && Math.abs(double) > MOST) report(pointer, 'Value must be between -5.0E9 and 5.0E9, inclusive', 'With compatibility: extended, every number of double precision is compared.');
  else if (strict && Number(double.toFixed(PLACES)) !== double) report(pointer, `Cannot compare number : ${value}`, `EventBridge compares ${PLACES} digits after the point; with compatibility: extended, all of double precision are.`);
  else return true;
  return false;
}
