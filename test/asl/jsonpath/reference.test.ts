import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePath, PathSyntaxError } from '../../../src/asl/jsonpath/path.ts';
import { compileReferencePath } from '../../../src/asl/jsonpath/reference.ts';
import { faultOf, frameOf } from './frame.ts';

const set = (text: string, root: unknown, value: unknown): unknown => compileReferencePath(text).set(root, value);

describe('reference paths', () => {
  it('set a node and keep the order of keys', () => {
    expect(JSON.stringify(set('$.b', { a: 1, b: 2, c: 3 }, 9))).toBe('{"a":1,"b":9,"c":3}');
    expect(JSON.stringify(set('$.d', { a: 1, b: 2 }, 9))).toBe('{"a":1,"b":2,"d":9}');
    expect(set('$', { a: 1 }, 9)).toBe(9);
    expect(set("$.x['y z'].w", { a: 1 }, 9)).toEqual({ a: 1, x: { 'y z': { w: 9 } } });
    expect(set('$.list[1].x', { list: [1, { y: 2 }, 3] }, 9)).toEqual({ list: [1, { y: 2, x: 9 }, 3] });
    expect(set('$[0]', [1, 2], 9)).toEqual([9, 2]);
  });

  it('copy the spine and share the rest', () => {
    const root = { a: { b: { c: 1 }, d: { e: 2 } }, f: { g: 3 } };
    const before = structuredClone(root);
    const after = set('$.a.b.c', Object.freeze(root), 9) as typeof root;
    expect(root).toEqual(before);
    expect(after.a.b.c).toBe(9);
    expect(after.a.d).toBe(root.a.d);
    expect(after.f).toBe(root.f);
  });

  it.each<[string, unknown, string]>([
    ['$.x', [1], 'Unable to apply step "x" to input [1]'],
    ['$.x', 'text', 'Unable to apply step "x" to input "text"'],
    ['$.x', null, 'Unable to apply step "x" to input null'],
    ['$.a.x', { a: 1 }, 'Unable to apply step "x" to input {"a":1}'],
    ['$.a[2]', { a: [1, 2] }, 'Unable to apply step "2" to input {"a":[1,2]}'],
    ['$.a[0]', { a: { b: 1 } }, 'Unable to apply step "0" to input {"a":{"b":1}}'],
    ['$.gone[0]', {}, 'Unable to apply step "0" to input {}'],
  ])('%s cannot be applied to %j', (text, root, cause) => {
    expect(faultOf(() => set(text, root, 9))).toMatchObject({ error: 'States.ResultPathMatchFailure', cause, terminal: false });
  });

  it.each(['$.a[*]', '$..a', '$.a[0,1]', '$.a[1:]', '$.a[-1]', "$['a','b']", '$.a[?(@.b)]', '$.a.length()', '$$.a', '$var.a', 'a'])('refuses %s', (text) => {
    expect(() => compileReferencePath(text)).toThrow(PathSyntaxError);
  });

  it('treat __proto__ as data', () => {
    const root = JSON.parse('{"a":1,"__proto__":{"b":2}}') as object;
    const after = set('$.__proto__.b', root, 9) as object;
    expect(JSON.stringify(after)).toBe('{"a":1,"__proto__":{"b":9}}');
    expect(JSON.stringify(set('$.__proto__', { a: 1 }, { polluted: true }))).toBe('{"a":1,"__proto__":{"polluted":true}}');
    expect(JSON.stringify(set('$.constructor.prototype.x', {}, 9))).toBe('{"constructor":{"prototype":{"x":9}}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
  });

  it('read back what was set', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', '__proto__', "it's", 'x y', '0'), fc.string());
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), fc.array(key, { minLength: 1, maxLength: 4 }), fc.jsonValue(), (root, keys, value) => {
        const text = `$${keys.map((name) => `[${JSON.stringify(name)}]`).join('')}`;
        const before = JSON.stringify(root);
        let after: unknown;
        try {
          after = set(text, root, value);
        } catch (fault) {
          expect(fault).toMatchObject({ error: 'States.ResultPathMatchFailure' });
          return;
        }
        expect(compilePath(text).get(after, frameOf())).toBe(value);
        expect(JSON.stringify(root)).toBe(before);
      }),
      { numRuns: 300 },
    );
  });
});
