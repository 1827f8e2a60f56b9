const TEXT: unique symbol = Symbol('text');
const VALUE: unique symbol = Symbol('value');

let made = 0;
let met = 0;

/**
 * A number that AWS prints otherwise than JavaScript does: `1.0`, `1.0E10`, an integer past 2^53. It stands in data wherever
 * the number is only carried; what computes or compares takes its value.
 *
 * Its members are named by symbols: to a path it is a number, with nothing in it. Nothing that data can say makes one.
 */
export class JsonNumber {
  readonly [TEXT]: string;
  readonly [VALUE]: number;

  constructor(text: string, value: number) {
    this[TEXT] = text;
    this[VALUE] = value;
    made++;
  }

  valueOf(): number {
    return this[VALUE];
  }

  toString(): string {
    return this[TEXT];
  }

  /** JSON.stringify cannot write the text: whoever prints data asks afterwards whether it came by here. */
  toJSON(): number {
    met++;
    return this[VALUE];
  }
}

/** How many of them this thread has made: a count that has not moved says that what was parsed in between holds none. */
export const numbersMade = (): number => made;

/** How many JSON.stringify has come across. */
export const numbersMet = (): number => met;

export const isJsonNumber = (value: unknown): value is JsonNumber => value instanceof JsonNumber;

/** True for a number in either form. */
export const isNumber = (value: unknown): value is number | JsonNumber => typeof value === 'number' || value instanceof JsonNumber;

/** The number in place of a JsonNumber; anything else as it is. */
export const numberOf = (value: unknown): unknown => (typeof value === 'object' && value instanceof JsonNumber ? value[VALUE] : value);

/** True for arrays and objects, which is what `typeof` answers for a JsonNumber too. */
export const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null && !(value instanceof JsonNumber);

/**
 * The order of two numbers, either of which may be a JsonNumber: below zero, zero or above; NaN where one is no number. Whole
 * numbers are told apart to their last digit, however long.
 */
export function compareNumbers(left: unknown, right: unknown): number {
  const a = numberOf(left);
  const b = numberOf(right);
  if (typeof a !== 'number' || typeof b !== 'number') return Number.NaN;
  if (a !== b) return a - b;
  if (Math.abs(a) <= Number.MAX_SAFE_INTEGER || left === right) return 0;
  const exactA = wholeOf(left);
  const exactB = wholeOf(right);
  return exactA === null || exactB === null || exactA === exactB ? 0 : exactA < exactB ? -1 : 1;
}

/** Past 2^53 every number is whole; null for what is too large for a double and not written out. */
function wholeOf(number: unknown): bigint | null {
  if (number instanceof JsonNumber && /^-?\d+$/.test(number[TEXT])) return BigInt(number[TEXT]);
  const value = Number(number);
  return Number.isFinite(value) ? BigInt(value) : null;
}
