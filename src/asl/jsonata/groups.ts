import type { Node } from './ast.ts';
import { JsonataError } from './fault.ts';
import { charge, spend } from './limits.ts';
import type { Compile, Eval, Frame, Scope } from './scope.ts';
import { append, setField } from './values.ts';

type Pairs = ReadonlyArray<readonly [Node, Node]>;
type Grouping = (value: unknown, frame: Frame | null) => unknown;

interface Pair {
  readonly key: Eval;
  readonly value: Eval;
}

interface Entry {
  data: unknown;
  readonly pair: number;
}

const RESERVED = new Set(['_jsonata_lambda', '_jsonata_function']);

/** An object constructor: groups the items of what it is applied to by the keys that they yield. */
export function compileGroup(pairs: Pairs, position: number | undefined, scope: Scope, tags: boolean, compile: Compile): Grouping {
  const compiled = pairs.map(([key, value]) => ({ key: compile(key, scope, false), value: compile(value, scope, tags) }));
  const general = groupBy(compiled, position);
  const keys = literalKeys(pairs);
  if (keys === undefined) return general;
  const values = compiled.map(({ value }) => value);
  return (value, frame) => (Array.isArray(value) ? general(value, frame) : literalObject(keys, values, value, frame));
}

/** The keys, where all are texts written as such and none comes twice. */
function literalKeys(pairs: Pairs): string[] | undefined {
  const keys = new Set<string>();
  for (const [key] of pairs) {
    if (key.type !== 'string' || key.predicate !== undefined || key.group !== undefined || RESERVED.has(key.value as string)) return undefined;
    keys.add(key.value as string);
  }
  return keys.size === pairs.length ? [...keys] : undefined;
}

function literalObject(keys: readonly string[], values: readonly Eval[], input: unknown, frame: Frame | null): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  charge(keys.length + 4);
  for (let index = 0; index < keys.length; index++) {
    const value = (values[index] as Eval)(input, frame);
    if (value !== undefined) setField(object, keys[index] as string, value);
  }
  return object;
}

/** Throws T1003 for a key that is no text, D1009 where two pairs yield the same key. */
function groupBy(pairs: readonly Pair[], position: number | undefined): Grouping {
  return (value, frame) => {
    const items: unknown[] = Array.isArray(value) ? (value.length === 0 ? [undefined] : value) : [value];
    const groups = new Map<string, Entry>();
    spend(items.length);
    for (const item of items) {
      for (let pair = 0; pair < pairs.length; pair++) {
        const key = (pairs[pair] as Pair).key(item, frame);
        if (key === undefined) continue;
        if (typeof key !== 'string') throw new JsonataError('T1003', { value: key }).locate(position, undefined);
        if (RESERVED.has(key)) throw new JsonataError('D1013', { value: key }).locate(position, undefined);
        const entry = groups.get(key);
        if (entry === undefined) groups.set(key, { data: item, pair });
        else if (entry.pair !== pair) throw new JsonataError('D1009', { value: key }).locate(position, undefined);
        else entry.data = append(entry.data, item);
      }
    }
    const object: Record<string, unknown> = {};
    charge(groups.size * 2 + 4);
    for (const [key, { data, pair }] of groups) {
      const result = (pairs[pair] as Pair).value(data, frame);
      if (result !== undefined) setField(object, key, result);
    }
    return object;
  };
}
