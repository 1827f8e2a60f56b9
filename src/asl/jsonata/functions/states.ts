import { createHash, randomUUID } from 'node:crypto';
import { JsonataError } from '../fault.ts';
import { chargeItems, chargeText, spend } from '../limits.ts';
import { textOf } from '../text.ts';
import { general, scalar, type BuiltinTable } from './builtin.ts';

const ALGORITHMS: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };

const refused = (message: string, value: unknown): JsonataError => new JsonataError('D3200', { message, value });

function partition(items: readonly unknown[], size: number): unknown[][] {
  if (!Number.isInteger(size) || size < 1) throw refused('The second argument of $partition must be a whole number above 0', size);
  chargeItems(items.length + Math.ceil(items.length / size) * 4);
  const parts: unknown[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}

/** The numbers from one to another, the last one included, by steps that may go down. */
function range(first: number, last: number, step: number): number[] {
  if (![first, last, step].every(Number.isInteger)) throw refused('The arguments of $range must be whole numbers', [first, last, step]);
  if (step === 0) throw refused('The third argument of $range must not be 0', step);
  const size = Math.max(0, Math.floor((last - first) / step) + 1);
  chargeItems(size);
  spend(size >> 4);
  const numbers: number[] = [];
  for (let index = 0; index < size; index++) numbers.push(first + index * step);
  return numbers;
}

function hash(data: unknown, algorithm: string): string {
  const name = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  if (name === undefined) throw refused(`The second argument of $hash must be one of ${Object.keys(ALGORITHMS).join(', ')}`, algorithm);
  const text = textOf(data) ?? '';
  chargeText(text.length);
  spend(text.length >> 4);
  return createHash(name).update(text, 'utf8').digest('hex');
}

const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;

/** A number from 0 to below 1 that a seed determines: the linear congruential generator of 48 bits, its first 53 bits. */
function seeded(seed: number): number {
  let state = (BigInt(Math.trunc(seed)) ^ MULTIPLIER) & MASK;
  const bits = (count: bigint): bigint => {
    state = (state * MULTIPLIER + 0xbn) & MASK;
    return state >> (48n - count);
  };
  const high = bits(26n);
  return Number((high << 27n) + bits(27n)) / 2 ** 53;
}

function random(seed: number | undefined): number {
  if (seed === undefined) return Math.random();
  if (!Number.isFinite(seed)) throw refused('The seed of $random must be a finite number', seed);
  return seeded(seed);
}

function parse(text: string): unknown {
  chargeText(text.length);
  spend(text.length >> 4);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new JsonataError('D3201', { message: 'The argument of $parse must be JSON', value: text });
  }
}

/** What Step Functions adds to the language. */
export const STATES: BuiltinTable = {
  partition: general('<an:a>', 2, ([items, size]) => (items === undefined ? undefined : partition(items as unknown[], size as number))),
  range: general('<nnn:a>', 3, ([first, last, step]) => (first === undefined || last === undefined || step === undefined ? undefined : range(first as number, last as number, step as number)), { sequence: true }),
  hash: scalar('<xs:s>', 2, ([data, algorithm]) => (data === undefined || algorithm === undefined ? undefined : hash(data, algorithm as string))),
  random: scalar('<n?:n>', 1, ([seed]) => random(seed as number | undefined)),
  uuid: scalar('<:s>', 0, () => randomUUID()),
  parse: general('<s-:x>', 1, ([text]) => (text === undefined ? undefined : parse(text as string))),
};
