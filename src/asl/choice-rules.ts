import { compilePath, MISSING, type Path } from './jsonpath/path.ts';
import { stateFault } from './state-fault.ts';
import { compareTimestamps, parseTimestamp, type Timestamp } from './timestamp.ts';
import type { Frame, Json } from './types.ts';
import { compareNumbers, isJsonNumber, isNumber } from './numbers/json-number.ts';

/** A compiled choice rule, without its Next. */
export type Predicate = (input: unknown, frame: Frame) => boolean;

/** Compares the variable's value with the literal or the other path's value; types never coerce: they just do not match. */
type Comparison = (value: unknown, operand: unknown) => boolean;

const numbers = (test: (order: number) => boolean): Comparison => (a, b) => test(typeof a === 'number' && typeof b === 'number' ? (a < b ? -1 : a > b ? 1 : 0) : compareNumbers(a, b));
const strings = (test: (a: string, b: string) => boolean): Comparison => (a, b) => typeof a === 'string' && typeof b === 'string' && test(a, b);
const booleans: Comparison = (a, b) => typeof a === 'boolean' && a === b;
const timestamps = (test: (order: number) => boolean): Comparison => (a, b) => {
  const left = timestampOf(a);
  const right = timestampOf(b);
  return left !== null && right !== null && test(compareTimestamps(left, right));
};
const timestampOf = (value: unknown): Timestamp | null => (typeof value === 'string' ? parseTimestamp(value) : null);

/** Operators that compare with a literal, or with another path when `Path` is appended (ASL spec, "Choice State"). */
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: strings((a, b) => a === b),
  StringLessThan: strings((a, b) => a < b),
  StringGreaterThan: strings((a, b) => a > b),
  StringLessThanEquals: strings((a, b) => a <= b),
  StringGreaterThanEquals: strings((a, b) => a >= b),
  NumericEquals: numbers((order) => order === 0),
  NumericLessThan: numbers((order) => order < 0),
  NumericGreaterThan: numbers((order) => order > 0),
  NumericLessThanEquals: numbers((order) => order <= 0),
  NumericGreaterThanEquals: numbers((order) => order >= 0),
  BooleanEquals: booleans,
  TimestampEquals: timestamps((order) => order === 0),
  TimestampLessThan: timestamps((order) => order < 0),
  TimestampGreaterThan: timestamps((order) => order > 0),
  TimestampLessThanEquals: timestamps((order) => order <= 0),
  TimestampGreaterThanEquals: timestamps((order) => order >= 0),
};

/** Operators that ask what a value is; each is compared with the boolean written. IsPresent is apart: it takes a missing one. */
const TYPE_TESTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: isNumber,
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => timestampOf(value) !== null,
};

/** Compiles a choice rule: a comparison, or And, Or, Not over others. */
export function compileRule(rule: Record<string, Json>): Predicate {
  const { And: and, Or: or, Not: not } = rule;
  if (Array.isArray(and)) {
    const rules = and.map((member) => compileRule(member as Record<string, Json>));
    return (input, frame) => rules.every((predicate) => predicate(input, frame));
  }
  if (Array.isArray(or)) {
    const rules = or.map((member) => compileRule(member as Record<string, Json>));
    return (input, frame) => rules.some((predicate) => predicate(input, frame));
  }
  if (not !== undefined) {
    const predicate = compileRule(not as Record<string, Json>);
    return (input, frame) => !predicate(input, frame);
  }
  return compileComparison(rule, compilePath(String(rule['Variable'])));
}

/** Searches in shorter texts take no time to speak of. */
const LONG_TEXT = 1000;

function compileComparison(rule: Record<string, Json>, variable: Path): Predicate {
  for (const operator of Object.keys(rule)) {
    const operand = rule[operator]!;
    if (operator === 'IsPresent') return (input, frame) => (variable.get(input, frame) !== MISSING) === operand;
    if (operator === 'StringMatches') {
      const matches = compileWildcard(String(operand));
      const { length } = String(operand);
      return (input, frame) => {
        const value = read(variable, input, frame);
        if (typeof value !== 'string') return false;
        // The search for a piece may look at every character of it at every place, at a few characters a nanosecond.
        if (value.length > LONG_TEXT) frame.execution.spend((value.length * length) / 64);
        return matches(value);
      };
    }
    if (Object.hasOwn(TYPE_TESTS, operator)) {
      const test = TYPE_TESTS[operator]!;
      return (input, frame) => test(read(variable, input, frame)) === operand;
    }
    if (Object.hasOwn(COMPARISONS, operator)) return compileLiteral(operator, variable, operand);
    const base = operator.endsWith('Path') ? operator.slice(0, -4) : '';
    if (Object.hasOwn(COMPARISONS, base)) {
      const compare = COMPARISONS[base]!;
      const other = compilePath(String(operand));
      return (input, frame) => compare(read(variable, input, frame), read(other, input, frame));
    }
  }
  throw new TypeError(`a choice rule without a comparison: ${JSON.stringify(rule)}`);
}

/** The comparisons met most are closures of their own, so that each has one shape of operand. */
function compileLiteral(operator: string, variable: Path, operand: Json): Predicate {
  const compare = COMPARISONS[operator]!;
  if (typeof operand === 'number') {
    switch (operator) {
      case 'NumericEquals': return (input, frame) => { const v = read(variable, input, frame); return v === operand || (isJsonNumber(v) && compare(v, operand)); };
      case 'NumericGreaterThan': return (input, frame) => { const v = read(variable, input, frame); return typeof v === 'number' ? v > operand : compare(v, operand); };
      case 'NumericGreaterThanEquals': return (input, frame) => { const v = read(variable, input, frame); return typeof v === 'number' ? v >= operand : compare(v, operand); };
      case 'NumericLessThan': return (input, frame) => { const v = read(variable, input, frame); return typeof v === 'number' ? v < operand : compare(v, operand); };
      case 'NumericLessThanEquals': return (input, frame) => { const v = read(variable, input, frame); return typeof v === 'number' ? v <= operand : compare(v, operand); };
    }
  }
  if (operator === 'StringEquals' || operator === 'BooleanEquals') {
    const type = operator === 'StringEquals' ? 'string' : 'boolean';
    if (typeof operand !== type) return () => false;
    return (input, frame) => read(variable, input, frame) === operand;
  }
  if (operator.startsWith('Timestamp')) {
    const at = timestampOf(operand);
    const test = operator.slice('Timestamp'.length);
    const order = ORDERS[test]!;
    return (input, frame) => {
      const value = timestampOf(read(variable, input, frame));
      return value !== null && at !== null && order(compareTimestamps(value, at));
    };
  }
  return (input, frame) => compare(read(variable, input, frame), operand);
}

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  Equals: (order) => order === 0,
  LessThan: (order) => order < 0,
  GreaterThan: (order) => order > 0,
  LessThanEquals: (order) => order <= 0,
  GreaterThanEquals: (order) => order >= 0,
};

function read(path: Path, input: unknown, frame: Frame): unknown {
  const value = path.get(input, frame);
  if (value === MISSING) {
    throw stateFault(frame, 'States.Runtime', `Invalid path '${path.text}': The choice state's condition path references an invalid value.`);
  }
  return value;
}

/**
 * StringMatches: `*` stands for any run of characters, `\\*` for an asterisk and `\\\\` for a backslash. Matches in time
 * linear in the text for each piece between two asterisks; there is nothing to backtrack.
 */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const pieces: string[] = [''];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === '\\' && i + 1 < pattern.length) pieces[pieces.length - 1] += pattern[++i]!;
    else if (char === '*') pieces.push('');
    else pieces[pieces.length - 1] += char;
  }
  const first = pieces[0]!;
  const last = pieces[pieces.length - 1]!;
  if (pieces.length === 1) return (text) => text === first;
  const middle = pieces.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}
