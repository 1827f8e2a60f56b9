import { copyObject } from '../copy.ts';
import { isContainer, isJsonNumber, numberOf } from './json-number.ts';

type Keyed = Record<string, unknown>;

/** What was asked for before: an expression of a Map is evaluated for each item, with the same input around it. */
const known = new WeakMap<object, unknown>();

/**
 * The same data with plain numbers, for what computes with them: JSONata, JSON Schema. Data without a JsonNumber are answered
 * as they are, not copied. Iterative: data may nest deeper than the stack reaches.
 */
export function plainJson(value: unknown): unknown {
  if (!isContainer(value)) return numberOf(value);
  let plain = known.get(value);
  if (plain === undefined) {
    plain = holdsNumber(value) ? copyPlain(value) : value;
    known.set(value, plain);
  }
  return plain;
}

function holdsNumber(value: object): boolean {
  const pending: object[] = [value];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const child of Array.isArray(node) ? (node as unknown[]) : Object.values(node)) {
      if (isJsonNumber(child)) return true;
      if (isContainer(child)) pending.push(child);
    }
  }
  return false;
}

const shallow = (value: object): unknown[] | Keyed => (Array.isArray(value) ? (value as unknown[]).slice() : copyObject(value));

function copyPlain(value: object): unknown {
  const root = shallow(value);
  const pending: (unknown[] | Keyed)[] = [root];
  for (let copy = pending.pop(); copy !== undefined; copy = pending.pop()) {
    const keyed = copy as Keyed; // an array's indexes are keys like any other
    for (const key of Object.keys(keyed)) {
      const child = keyed[key];
      if (isJsonNumber(child)) keyed[key] = child.valueOf(); // an own property already: safe for `__proto__` too
      else if (isContainer(child)) {
        const inner = shallow(child);
        keyed[key] = inner;
        pending.push(inner);
      }
    }
  }
  return root;
}
