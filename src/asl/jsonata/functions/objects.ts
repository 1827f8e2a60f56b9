import { copyObject } from '../../copy.ts';
import { JsonataError } from '../fault.ts';
import { charge, chargeItems, spend } from '../limits.ts';
import { collect, own } from '../lookup.ts';
import { textOf } from '../text.ts';
import { append, booleanOf, isNumeric, setField } from '../values.ts';
import { general, scalar, type BuiltinTable } from './builtin.ts';

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function keysOf(value: unknown): string[] {
  if (!isObject(value)) return [];
  if (!Array.isArray(value)) {
    const keys = Object.keys(value);
    chargeItems(keys.length);
    return keys;
  }
  // Merged as properties of one object are: whole numbers come first.
  const merged: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  spend(value.length);
  for (const item of value) for (const key of keysOf(item)) merged[key] = true;
  return Object.keys(merged);
}

function spread(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (Array.isArray(value)) {
    let parts: unknown = [];
    for (const item of value) parts = append(parts, spread(item));
    return parts;
  }
  const parts: unknown[] = [];
  for (const key of Object.keys(value)) {
    const part = {};
    setField(part, key, value[key]);
    parts.push(part);
  }
  chargeItems(parts.length * 6);
  return parts;
}

function merge(objects: readonly unknown[]): Record<string, unknown> {
  let merged: Record<string, unknown> | undefined;
  for (const object of objects) {
    if (!isObject(object)) continue;
    const keys = Object.keys(object);
    charge(keys.length * 2);
    spend(keys.length);
    // The first is copied whole, which costs a fraction of setting its fields one by one.
    if (merged === undefined) merged = copyObject(object);
    else for (const key of keys) setField(merged, key, object[key]);
  }
  return merged ?? {};
}

function lookup(value: unknown, key: string): unknown {
  if (!Array.isArray(value)) return own(value, key);
  const found: unknown[] = [];
  collect(value, key, found);
  chargeItems(found.length);
  return found;
}

/** `$type`. Throws D1001 for an infinite number, as everything does that asks whether a value is one. */
function typeOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 'null';
  if (isNumeric(value)) return 'number';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'boolean' || type === 'function' ? type : 'object';
}

/** A deep copy of data, with numbers as they would be printed. */
export function clone(value: unknown): unknown {
  const text = textOf(value);
  if (text === undefined) return undefined;
  return typeof value === 'string' ? value : (JSON.parse(text) as unknown);
}

export const OBJECTS: BuiltinTable = {
  keys: general('<x-:a<s>>', 1, ([value]) => keysOf(value), { sequence: true }),
  lookup: general('<x-s:x>', 2, ([value, key]) => lookup(value, key as string), { sequence: ([value]) => Array.isArray(value) }),
  spread: general('<x-:a<o>>', 1, ([value]) => spread(value), {
    // What is joined to an array is no sequence any more; without items nothing has been joined.
    sequence: ([value], result) => !Array.isArray(value) || (value.length === 0 && result.length === 0),
  }),
  merge: general('<a<o>:o>', 1, ([objects]) => (objects === undefined ? undefined : merge(objects as unknown[]))),
  type: scalar('<x:s>', 1, ([value]) => typeOf(value)),
  clone: general('<(oa)-:o>', 1, ([value]) => clone(value)),
  error: scalar('<s?:x>', 1, ([message]) => {
    throw new JsonataError('D3137', { message: (message as string | undefined) || '$error() function evaluated' });
  }),
  assert: scalar('<bs?:x>', 2, ([condition, message]) => {
    if (booleanOf(condition) === true) return undefined;
    throw new JsonataError('D3141', { message: (message as string | undefined) || '$assert() statement failed' });
  }),
};
