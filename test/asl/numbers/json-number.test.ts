import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyJson } from '../../../src/asl/copy.ts';
import { javaText } from '../../../src/asl/intrinsics/java-text.ts';
import { jsonText } from '../../../src/asl/json-text.ts';
import { compareNumbers } from '../../../src/asl/numbers/json-number.ts';
import { exactNumber } from '../../../src/asl/numbers/number-text.ts';
import { parseJson } from '../../../src/asl/numbers/parse-json.ts';
import { jsonBytes, jsonBytesAtMost } from '../../../src/asl/size.ts';
import { printedJson } from '../../../src/asl/state-fault.ts';

describe('the order of numbers', () => {
  it('is that of the whole numbers, however long', () => {
    const whole = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
    fc.assert(
      fc.property(whole, fc.oneof(whole, fc.constantFrom(-1n, 0n, 1n)), (a, step) => {
        const b = a + step;
        expect(Math.sign(compareNumbers(exactNumber(String(a)), exactNumber(String(b))))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it('is by value: 1.0 is 1, and no number is more or less than what is none', () => {
    expect(compareNumbers(exactNumber('1.0'), 1)).toBe(0);
    expect(compareNumbers(exactNumber('1e3'), exactNumber('1000'))).toBe(0);
    expect(compareNumbers(exactNumber('1.0E20'), exactNumber('100000000000000000000'))).toBe(0);
    for (const other of ['1', null, true, {}, [], undefined]) expect(compareNumbers(exactNumber('1.0'), other)).toBeNaN();
  });
});

describe('data that hold such numbers', () => {
  const text = '{"a":1.0,"b":[12345678901234567890,{"c":1.0E10}]}';
  const data = parseJson(text);

  it('are printed, measured and copied', () => {
    expect(jsonText(data)).toBe(text);
    expect(printedJson(data)).toBe(text);
    expect(jsonBytes(data, Infinity)).toBe(text.length);
    expect(jsonBytesAtMost(data, Infinity)).toBeGreaterThanOrEqual(text.length);
    expect(jsonBytes(exactNumber('1.0'), Infinity)).toBe(3);
    expect(javaText(data)).toBe('{a=1.0, b=[12345678901234567890, {c=1.0E10}]}');
    expect(copyJson(data)).toStrictEqual({ a: 1, b: [12345678901234567000, { c: 1e10 }] });
  });
});
