import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonBytes, jsonBytesAtMost } from '../../src/asl/size.ts';
import { nestedArrays } from './jsonpath/frame.ts';

const measured = (value: unknown): number => Buffer.byteLength(JSON.stringify(value), 'utf8');

const anyText = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u0001', '\u007f', 'é', '€', '🆗', '\ud800', '\udc00', '\u2028'), maxLength: 90 });

describe('jsonBytes', () => {
  it.each<[unknown]>([
    [null], [true], [false], [0], [-0], [7], [42], [999], [1000], [9999], [99_999], [999_999], [1_000_000], [-5], [1.5], [1e21], [5e-324], [Number.MAX_SAFE_INTEGER], [Number.NaN], [-Infinity],
    [''], ['plain'], ['x'.repeat(200)], [`${'x'.repeat(200)}"\u0007é🆗`], [1e15], [1e15 - 1], [123_456_789_012], ['"\\\b\f\n\r\t\u0000\u001f\u007f'], ['é€🆗'], ['\ud800'], ['\udc00x'], ['\ud800\ud800\udc00'],
    [[]], [{}], [[[]]], [[1, 'a', null, {}]], [{ a: 1, b: [true], 'ü"': {} }], [{ a: undefined }], [{ a: undefined, b: 1 }], [[undefined]],
  ])('of %j', (value) => {
    expect(jsonBytes(value, Infinity)).toBe(measured(value));
  });

  it('equals the length of the text for any JSON', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      expect(jsonBytes(value, Infinity)).toBe(measured(value));
    }), { numRuns: 500 });
    fc.assert(fc.property(anyText, (text) => {
      expect(jsonBytes({ [text]: text }, Infinity)).toBe(measured({ [text]: text }));
    }), { numRuns: 500 });
  });

  it('passes the limit exactly when the text does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(60), (value, limit) => {
        const size = measured(value);
        if (size <= limit) expect(jsonBytes(value, limit)).toBe(size);
        else expect(jsonBytes(value, limit)).toBeGreaterThan(limit);
      }),
      { numRuns: 500 },
    );
  });

  it('stops at the limit', () => {
    let read = 0;
    const counting = new Proxy(Array.from({ length: 1000 }, () => 'x'.repeat(100)), {
      get(target, key, receiver): unknown {
        if (/^\d+$/.test(String(key))) read++;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    expect(jsonBytes(counting, 2000)).toBeGreaterThan(2000);
    expect(read).toBeLessThan(20);
  });

  it('measures what nests deeper than the stack reaches', () => {
    expect(jsonBytes(nestedArrays(200_000), Infinity)).toBe(400_001);
  });
});

describe('jsonBytesAtMost', () => {
  it('is never less than the exact number, and says so of what nests too deeply to be looked at', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      expect(jsonBytesAtMost(value, Infinity)).toBeGreaterThanOrEqual(jsonBytes(value, Infinity));
    }), { numRuns: 500 });
    fc.assert(fc.property(anyText, (text) => {
      expect(jsonBytesAtMost([text, { [text]: text }], Infinity)).toBeGreaterThanOrEqual(jsonBytes([text, { [text]: text }], Infinity));
    }));
    expect(jsonBytesAtMost(nestedArrays(100_000), 1000)).toBeGreaterThan(1000);
  });
});
