import { JsonataError } from '../fault.ts';
import { spend } from '../limits.ts';
import { booleanOf } from '../values.ts';
import { scalar, type BuiltinTable } from './builtin.ts';

const DECIMAL = /^-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?$/;
// Anchored as the library anchors it: at the start of the first alternative and at the end of the last.
const RADIX = /^(0[xX][0-9A-Fa-f]+)|(0[oO][0-7]+)|(0[bB][0-1]+)$/;

function total(values: readonly number[]): number {
  spend(values.length >> 2);
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] as number;
  return sum;
}

/** The largest or smallest of some numbers, as Math.max and Math.min have it, for any number of them. */
function extreme(values: unknown, pick: (left: number, right: number) => number): number | undefined {
  const numbers = values as readonly number[] | undefined;
  if (numbers === undefined || numbers.length === 0) return undefined;
  spend(numbers.length >> 2);
  let best = numbers[0] as number;
  for (let index = 1; index < numbers.length; index++) best = pick(best, numbers[index] as number);
  return best;
}

/** The number that a value stands for. Throws D3030. */
export function numberOf(value: unknown): number | undefined {
  switch (typeof value) {
    case 'undefined':
    case 'number':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'string': {
      const number = Number(value);
      if (DECIMAL.test(value) ? Number.isFinite(number) : RADIX.test(value)) return number;
      break;
    }
    default:
  }
  throw new JsonataError('D3030', { value, index: 1 });
}

/** Rounds to some decimal places, halves to the even neighbour. Shifts in decimal notation: multiplying would add errors of its own. */
export function round(value: number, places: number | undefined): number {
  const shift = places === undefined || Number.isNaN(places) ? 0 : places;
  const shifted = shift === 0 ? value : shiftDecimal(value, shift);
  let rounded = Math.round(shifted);
  if (Math.abs(rounded - shifted) === 0.5 && Math.abs(rounded % 2) === 1) rounded -= 1;
  if (shift !== 0) rounded = shiftDecimal(rounded, -shift);
  return Object.is(rounded, -0) ? 0 : rounded;
}

function shiftDecimal(value: number, places: number): number {
  const [mantissa, exponent] = String(value).split('e');
  return Number(`${mantissa}e${exponent === undefined ? places : Number(exponent) + places}`);
}

/** A function of one number that answers nothing for nothing. */
const unary = (compute: (value: number) => number) =>
  scalar('<n-:n>', 1, ([value]) => (value === undefined ? undefined : compute(value as number)));

function power(base: number, exponent: number): number {
  const result = base ** exponent;
  if (!Number.isFinite(result)) throw new JsonataError('D3061', { value: base, exp: exponent, index: 1 });
  return result;
}

function squareRoot(value: number): number {
  if (value < 0) throw new JsonataError('D3060', { value, index: 1 });
  return Math.sqrt(value);
}

function formatBase(value: number, radix: number | undefined): string {
  const base = radix === undefined ? 10 : round(radix, undefined);
  if (base < 2 || base > 36) throw new JsonataError('D3100', { value: base });
  return round(value, undefined).toString(base);
}

/** Numbers and booleans. */
export const NUMBERS: BuiltinTable = {
  sum: scalar('<a<n>:n>', 1, ([values]) => (values === undefined ? undefined : total(values as number[]))),
  count: scalar('<a:n>', 1, ([values]) => (values === undefined ? 0 : (values as unknown[]).length)),
  max: scalar('<a<n>:n>', 1, ([values]) => extreme(values, Math.max)),
  min: scalar('<a<n>:n>', 1, ([values]) => extreme(values, Math.min)),
  average: scalar('<a<n>:n>', 1, ([values]) => {
    const numbers = values as number[] | undefined;
    return numbers === undefined || numbers.length === 0 ? undefined : total(numbers) / numbers.length;
  }),
  number: scalar('<(nsb)-:n>', 1, ([value]) => numberOf(value)),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  abs: unary(Math.abs),
  sqrt: unary(squareRoot),
  round: scalar('<n-n?:n>', 2, ([value, places]) => (value === undefined ? undefined : round(value as number, places as number | undefined))),
  power: scalar('<n-n:n>', 2, ([base, exponent]) => (base === undefined ? undefined : power(base as number, exponent as number))),
  formatBase: scalar('<n-n?:s>', 2, ([value, radix]) => (value === undefined ? undefined : formatBase(value as number, radix as number | undefined))),
  boolean: scalar('<x-:b>', 1, ([value]) => booleanOf(value)),
  not: scalar('<x-:b>', 1, ([value]) => (value === undefined ? undefined : booleanOf(value) !== true)),
  exists: scalar('<x:b>', 1, ([value]) => value !== undefined),
};
