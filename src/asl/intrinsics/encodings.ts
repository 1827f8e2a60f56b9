import { createHash } from 'node:crypto';
import { copyObject, putKey } from '../copy.ts';
import { printJson } from '../json-text.ts';
import { numbersMade } from '../numbers/json-number.ts';
import { parseJson } from '../numbers/parse-json.ts';
import type { Frame } from '../types.ts';
import { weigh } from './weight.ts';
import { refuse, wantObject, wantString } from './failure.ts';

/** AWS's limit for States.Base64Encode, Base64Decode and Hash, in characters. */
const TEXT_LIMIT = 10_000;
/** As JSON, at the most: \udXXX. */
const BYTES_PER_CHARACTER = 6;

const ALGORITHMS: ReadonlyMap<unknown, string> = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

/** A blank text is null; `-0` is 0. */
export function stringToJson(text: unknown, frame: Frame): unknown {
  const json = wantString(text, 'the argument').trim();
  frame.execution.spend(json.length, 4 * json.length);
  if (json === '') return null;
  const made = numbersMade();
  let value: unknown;
  try {
    value = parseJson(json);
  } catch {
    refuse('Invalid arguments: the string is not valid JSON.');
  }
  if (numbersMade() !== made) frame.execution.exact = true;
  return typeof value === 'number' ? value + 0 : value;
}

export function jsonToString(value: unknown, frame: Frame): string {
  weigh(value, frame);
  return printJson(value) as string;
}

export function base64Encode(text: unknown): string {
  return Buffer.from(short(wantString(text, 'the argument')), 'utf8').toString('base64');
}

export function base64Decode(text: unknown): string {
  const encoded = short(wantString(text, 'the argument'));
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(encoded)) refuse('Invalid arguments: the string is not valid Base64.');
  return Buffer.from(encoded, 'base64').toString('utf8');
}

/** Hexadecimal, in lower case. What is not a string is hashed as its JSON text. */
export function hash(data: unknown, algorithm: unknown, frame: Frame): string {
  const name = ALGORITHMS.get(algorithm);
  if (name === undefined) return refuse(`Invalid arguments: the algorithm must be one of ${[...ALGORITHMS.keys()].join(', ')}.`);
  weigh(data, frame, BYTES_PER_CHARACTER * TEXT_LIMIT);
  return createHash(name).update(short(typeof data === 'string' ? data : (printJson(data) as string)), 'utf8').digest('hex');
}

/** One level deep, the right one's members winning; AWS knows no other mode. */
export function jsonMerge(left: unknown, right: unknown, deep: unknown, frame: Frame): unknown {
  if (deep !== false) refuse('Invalid arguments: the third argument must be false, since deep merging is not supported.');
  const merged = copyObject(wantObject(left, 'the first argument'));
  const over = wantObject(right, 'the second argument') as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(over)) putKey(merged, key, over[key]);
  const { length } = Object.keys(merged);
  frame.execution.spend(10 * length, 16 * length);
  return merged;
}

/** Every character of the second argument splits, and empty parts vanish. */
export function stringSplit(text: unknown, delimiters: unknown, frame: Frame): string[] {
  const source = wantString(text, 'the first argument');
  frame.execution.spend(4 * source.length, 4 * source.length);
  const splitters = new Set(wantString(delimiters, 'the second argument'));
  const parts: string[] = [];
  let part = '';
  for (const c of source) {
    if (!splitters.has(c)) part += c;
    else if (part !== '') {
      parts.push(part);
      part = '';
    }
  }
  if (part !== '') parts.push(part);
  return parts;
}

function short(text: string): string {
  return text.length <= TEXT_LIMIT ? text : refuse(`Invalid arguments: the string has more than ${TEXT_LIMIT} characters.`);
}
