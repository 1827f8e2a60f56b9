import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorPosition } from '../../src/pool/json-position.ts';

describe('jsonErrorPosition', () => {
  it.each([
    ['{"a":}', 5],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{"a":1,}', 7],
    ['tru', 0],
    ['01', 0],
    ['"ab\ncd"', 3],
    ['"a\\x"', 2],
    ['{"a":1', 6],
    ['["abc', 5],
    ['', 0],
    ['1 2', 2],
    ["{'a':1}", 1],
  ])('%s stops being JSON at %i', (text, position) => {
    expect(jsonErrorPosition(text)).toBe(position);
  });

  it('finds nothing wrong with JSON, and something with whatever JSON.parse refuses', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.nat(), fc.string({ maxLength: 2 }), (value, at, piece) => {
      const text = JSON.stringify(value, null, at % 3);
      expect(jsonErrorPosition(text)).toBe(-1);
      const broken = text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + 1);
      let valid = true;
      try {
        JSON.parse(broken);
      } catch {
        valid = false;
      }
      expect(jsonErrorPosition(broken) === -1).toBe(valid);
    }), { numRuns: 2000 });
  });
});
