import { MISSING } from './missing.ts';
import { isContainer, isNumber, numberOf } from '../numbers/json-number.ts';
import { printJson } from '../json-text.ts';

/** Applies a path function to the node that the path led to. MISSING where Jayway raises. */
export type PathFunction = (value: unknown, args: readonly unknown[]) => unknown;

/**
 * The functions of Jayway's paths, such as `$.numbers.avg()`. AWS's own version of the library is older than they are and
 * takes their names for properties, so a definition that uses them runs here only.
 */
export const PATH_FUNCTIONS: ReadonlyMap<string, PathFunction> = new Map<string, PathFunction>([
  ['length', length],
  ['size', length],
  ['keys', (value) => (isObject(value) ? Object.keys(value) : null)],
  ['min', (value, args) => aggregate(value, args, (numbers) => numbers.reduce((a, b) => Math.min(a, b)))],
  ['max', (value, args) => aggregate(value, args, (numbers) => numbers.reduce((a, b) => Math.max(a, b)))],
  ['sum', (value, args) => aggregate(value, args, sum)],
  ['avg', (value, args) => aggregate(value, args, (numbers) => sum(numbers) / numbers.length)],
  ['stddev', (value, args) => aggregate(value, args, standardDeviation)],
  ['concat', concat],
  ['append', (value, args) => (Array.isArray(value) ? [...(value as unknown[]), ...args] : value)],
  ['first', (value) => item(value, 0)],
  ['last', (value) => item(value, -1)],
  ['index', (value, args) => (isNumber(args[0]) ? item(value, Math.trunc(Number(args[0]))) : MISSING)],
]);

function length(value: unknown): number | null {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** Of the whole population, not of a sample. */
function standardDeviation(numbers: readonly number[]): number {
  const mean = sum(numbers) / numbers.length;
  return Math.sqrt(sum(numbers.map((n) => (n - mean) ** 2)) / numbers.length);
}

/** Takes the numbers among an array's items and the arguments; what is not a number is passed over. */
function aggregate(value: unknown, args: readonly unknown[], of: (numbers: readonly number[]) => number): unknown {
  const numbers = [...(Array.isArray(value) ? (value as unknown[]) : []), ...args.flat()].map(numberOf).filter((n) => typeof n === 'number');
  return numbers.length === 0 ? MISSING : of(numbers);
}

function concat(value: unknown, args: readonly unknown[]): string {
  const own = Array.isArray(value) ? (value as unknown[]).filter((part) => typeof part === 'string') : [];
  const given = args.flat().filter((part) => part !== null && part !== undefined);
  return [...own, ...given].map((part) => (typeof part === 'object' ? printJson(part) : String(part))).join('');
}

function item(value: unknown, index: number): unknown {
  if (!Array.isArray(value)) return MISSING;
  const at = index < 0 ? value.length + index : index;
  return at >= 0 && at < value.length ? (value as unknown[])[at] : MISSING;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isContainer(value) && !Array.isArray(value);
}
