import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyJson, copyObject, importJson, putKey } from '../../src/asl/copy.ts';
import { jsonBytes } from '../../src/asl/size.ts';
import type { Json } from '../../src/asl/types.ts';
import { nestedArrays } from './jsonpath/frame.ts';

const json = fc.jsonValue({ maxDepth: 5 });
const viaText = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Every object and array of a value. */
function containers(value: unknown, into = new Set<unknown>()): Set<unknown> {
  if (typeof value === 'object' && value !== null) {
    into.add(value);
    for (const child of Object.values(value)) containers(child, into);
  }
  return into;
}

describe('copyJson', () => {
  it('is equal, in the same order, and shares nothing', () => {
    fc.assert(
      fc.property(json, (value) => {
        const copy = copyJson(value);
        expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
        for (const container of containers(copy)) expect(containers(value).has(container)).toBe(false);
      }),
    );
  });

  it('treats __proto__ as data, at any depth', () => {
    let text = '{"__proto__":{"polluted":true},"b":1}';
    for (let i = 0; i < 300; i++) text = `{"__proto__":${text},"a":[1]}`;
    const value: unknown = JSON.parse(text);
    const copy = copyJson(value) as object;
    expect(JSON.stringify(copy)).toBe(text);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('copies what nests deeper than the stack reaches', () => {
    const value = nestedArrays(100_000);
    const copy = copyJson(value);
    expect(copy === value).toBe(false);
    expect(jsonBytes(copy, Infinity)).toBe(200_001);
  });

  it('thaws frozen data', () => {
    const copy = copyJson(Object.freeze({ a: Object.freeze([1]) })) as { a: number[] };
    copy.a.push(2);
    expect(copy).toEqual({ a: [1, 2] });
    expect(Object.isFrozen(copyObject(Object.freeze({ a: 1 })))).toBe(false);
  });

  it('puts a key of any name', () => {
    const target: Record<string, unknown> = {};
    putKey(target, '__proto__', 1);
    putKey(target, 'a', 2);
    expect(JSON.stringify(target)).toBe('{"__proto__":1,"a":2}');
  });
});

describe('importJson', () => {
  class Point {
    readonly x = 1;
    #hidden = 2;
    get sum(): number {
      return this.x + this.#hidden;
    }
  }

  class Money {
    toJSON(key: string): string {
      return `money in ${key}`;
    }
  }

  const sparse: unknown[] = [];
  sparse[2] = 1;

  it.each<[string, unknown]>([
    ['plain data', { a: [1, 'b', null, true, { c: {} }] }],
    ['what text cannot say', { a: undefined, b: () => 1, c: Symbol('c'), d: [undefined, () => 1, Symbol('e')], e: Number.NaN, f: Infinity, g: -0 }],
    ['dates', { at: new Date(0), list: [new Date(1e12)] }],
    ['an invalid date', { at: new Date(Number.NaN) }],
    ['class instances', { point: new Point() }],
    ['toJSON', { price: new Money(), list: [new Money()] }],
    ['an inherited toJSON', Object.create(new Money()) as unknown],
    ['a toJSON that is no function', { toJSON: 1, a: 2 }],
    ['a function with toJSON', { f: Object.assign(() => 1, { toJSON: () => 'text' }) }],
    ['maps and sets', { map: new Map([[1, 2]]), set: new Set([1]) }],
    ['boxed values', [Object('text'), Object(1), Object(true)]],
    ['buffers', { bytes: Buffer.from('ab'), typed: new Uint8Array([1, 2]) }],
    ['a regular expression and an error', [/x/, new Error('no')]],
    ['no prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['symbol keys and hidden ones', Object.defineProperty({ [Symbol('s')]: 1, a: 2 }, 'hidden', { value: 3 })],
    ['getters', { get a(): number { return 1; } }],
    ['a sparse array', sparse],
    ['an array with a name on it', Object.assign([1], { extra: 2 })],
    ['half of a surrogate pair', { '\ud800': '\udc00' }],
    ['keys like __proto__', JSON.parse('{"__proto__":{"a":1},"constructor":2}') as unknown],
    ['shared parts', ((part) => [part, part])({ a: 1 })],
    ['deep data', ((): unknown => { let v: unknown = 1; for (let i = 0; i < 400; i++) v = { v }; return v; })()],
    ['a text', 'text'],
    ['null', null],
  ])('imports %s as through JSON', (_name, value) => {
    const imported = importJson(value);
    expect(JSON.stringify(imported)).toBe(JSON.stringify(viaText(value)));
    expect(imported).toEqual(viaText(value));
  });

  it.each([[undefined], [() => 1], [Symbol('s')]])('gives null for %s', (value) => {
    expect(importJson(value)).toBe(null);
  });

  it('raises what JSON.stringify raises', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = { list: [cycle] };
    expect(() => importJson({ n: 1n })).toThrow(TypeError);
    expect(() => importJson(cycle)).toThrow(TypeError);
    expect(() => importJson({ toJSON: () => { throw new Error('mine'); } })).toThrow('mine');
  });

  it('never hands on an object of the function', () => {
    fc.assert(
      fc.property(json, (value) => {
        const imported = importJson(value);
        expect(imported).toEqual(viaText(value));
        for (const container of containers(imported)) expect(containers(value).has(container)).toBe(false);
      }),
    );
  });

  it('agrees with JSON on any value that fast-check can think of', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withSet: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true, withBoxedValues: true }), (value) => {
        const text = JSON.stringify(value) as string | undefined;
        expect(JSON.stringify(importJson(value))).toBe(text === undefined ? 'null' : JSON.stringify(JSON.parse(text) as Json));
      }),
      { numRuns: 500 },
    );
  });
});
