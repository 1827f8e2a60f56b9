import { describe, expect, it } from 'vitest';
import { checkPattern, DEEPEST } from '../../src/filter/check.ts';
import { compilePattern } from '../../src/filter/pattern.ts';

const nested = (depth: number, inner: unknown, wrap: (value: unknown) => unknown): unknown => {
  let value = inner;
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
};

const inObject = (value: unknown): unknown => ({ a: value });
const inArray = (value: unknown): unknown => [value];

describe('deep patterns and events', () => {
  it('match down to the deepest level that is taken', () => {
    const matches = compilePattern(nested(DEEPEST, ['x'], inObject));
    expect(matches(nested(DEEPEST, 'x', inObject))).toBe(true);
    expect(matches(nested(DEEPEST - 1, 'x', inObject))).toBe(false);
    expect(matches(nested(DEEPEST, ['y', 'x'], inObject))).toBe(true);
  });

  it('are refused below it, without a look at what is deeper', () => {
    for (const depth of [DEEPEST + 1, 200_000]) {
      const [fault, ...more] = checkPattern(nested(depth, ['x'], inObject));
      expect(fault?.message).toBe(`The pattern nests deeper than ${DEEPEST} levels`);
      expect(more).toEqual([]);
    }
    expect(checkPattern({ a: [nested(200_000, 'x', inArray)] })).toHaveLength(1);
    expect(checkPattern({ a: [{ numeric: [nested(200_000, 'x', inArray)] }, { 'anything-but': nested(200_000, 'x', inObject) }, { prefix: nested(200_000, 'x', inArray) }] })).toHaveLength(3);
    expect(checkPattern(nested(200_000, { b: [1] }, (value) => ({ $or: [value, { c: [1] }] })))).not.toEqual([]);
  });

  it('find a value in arrays nested as deep as JSON can be', () => {
    const deep = nested(200_000, 'x', inArray);
    expect(compilePattern({ a: ['x'] })({ a: deep })).toBe(true);
    expect(compilePattern({ a: ['y'] })({ a: deep })).toBe(false);
    expect(compilePattern({ a: [{ exists: false }] })({ a: deep })).toBe(false);
    expect(compilePattern({ a: { b: ['x'] } })({ a: nested(200_000, { b: 'x' }, inArray) })).toBe(true);
    expect(compilePattern({ a: { b: [{ exists: false }] } })({ a: nested(200_000, { c: 'x' }, inArray) })).toBe(true);
    expect(compilePattern({ a: [{ exists: false }] })({ a: nested(200_000, 'x', inObject) })).toBe(true);
  });

  it('ask of every element of nested arrays once, whatever may be absent', () => {
    const absent = nested(DEEPEST - 1, { z: [{ exists: false }] }, inObject);
    const matches = compilePattern(absent);
    const event = (leaf: unknown): unknown => nested(DEEPEST - 1, leaf, (value) => ({ a: [value, {}] }));
    expect(matches(event({ z: 1 }))).toBe(false);
    expect(matches(event({ y: 1 }))).toBe(true);
  });
});

describe('large patterns and events', () => {
  it('take twenty thousand values, fields and elements', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `v${i}`);
    const matches = compilePattern({ a: many, b: [...many.map((prefix) => ({ prefix })), ...many.map((text) => ({ 'equals-ignore-case': text }))], c: many.map((_, i) => i) });
    expect(matches({ a: many.at(-1), b: 'v19999', c: [...many, 19_999] })).toBe(true);
    expect(matches({ a: 'v', b: 'v1', c: 1 })).toBe(false);
    const wide = compilePattern(Object.fromEntries(many.map((key, i) => [key, [i]])));
    expect(wide(Object.fromEntries(many.map((key, i) => [key, i])))).toBe(true);
    expect(wide(Object.fromEntries(many.map((key) => [key, 0])))).toBe(false);
    expect(checkPattern(Object.fromEntries(many.map((key) => [key, []])))).toHaveLength(20_000);
  });

  it('do not go back in wildcards', () => {
    const text = 'a'.repeat(250_000);
    const stars = compilePattern({ a: [{ wildcard: `${'a*'.repeat(1000)}b` }, { wildcard: `*${'a'.repeat(10_000)}b*${'a'.repeat(10_000)}c*` }, { wildcard: `*${`${'a'.repeat(20)}*`.repeat(1000)}b*` }] });
    expect(stars({ a: text })).toBe(false);
    expect(stars({ a: `${text}b` })).toBe(true);
  });
});

describe('names that mean something to JavaScript', () => {
  it('are data in patterns and events', () => {
    const pattern: unknown = JSON.parse('{"__proto__":{"polluted":["yes"]},"constructor":{"prototype":[{"exists":false}]}}');
    const matches = compilePattern(pattern);
    expect(matches(JSON.parse('{"__proto__":{"polluted":"yes"}}'))).toBe(true);
    expect(matches({})).toBe(false);
    expect(matches(JSON.parse('{"__proto__":{"polluted":"yes"},"constructor":{"prototype":1}}'))).toBe(false);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('do not make an operator of what an object inherits', () => {
    for (const name of ['__proto__', 'toString', 'constructor', 'hasOwnProperty']) {
      const pattern: unknown = JSON.parse(`{"a":[{"${name}":"x"},{"anything-but":{"${name}":"x"}}]}`);
      expect(checkPattern(pattern).map((fault) => fault.message)).toEqual([`Unrecognized match type ${name}`, `Unsupported anything-but pattern: ${name}`]);
    }
  });
});
