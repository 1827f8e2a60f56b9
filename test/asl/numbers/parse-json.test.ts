import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../src/asl/json-text.ts';
import { isJsonNumber, JsonNumber, numberOf, numbersMade } from '../../../src/asl/numbers/json-number.ts';
import { mayHoldNumbers, parseExact, parseJson } from '../../../src/asl/numbers/parse-json.ts';
import { plainJson } from '../../../src/asl/numbers/plain-json.ts';

const printed = (text: string): string => jsonText(parseJson(text));

/** Any way in which JSON may write a number. */
const numberText = fc
  .tuple(fc.boolean(), fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,24}$/)), fc.option(fc.stringMatching(/^(\d{1,24}|0{1,20}|9{8,20})$/)), fc.option(fc.stringMatching(/^[eE][-+]?\d{1,2}$/)))
  .map(([minus, whole, fraction, exponent]) => `${minus ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}${exponent ?? ''}`);

/** JSON texts with blanks anywhere and numbers written in every way; keys may be `__proto__` and may repeat. */
const jsonTexts = fc.letrec<{ value: string; members: string }>((tie) => {
  const blank = fc.constantFrom('', '', ' ', '\n', '\r\n\t');
  const key = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', '1'), fc.string()).map((text) => JSON.stringify(text));
  return {
    value: fc
      .tuple(blank, fc.oneof({ maxDepth: 4 }, numberText, fc.string().map((text) => JSON.stringify(text)), fc.constantFrom('true', 'false', 'null', '"\\u0031.0\\n"', '{}', '[ ]'), tie('members')), blank)
      .map((parts) => parts.join('')),
    members: fc.oneof(
      fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
      fc.array(fc.tuple(blank, key, blank, tie('value')), { maxLength: 4 }).map((members) => `{${members.map(([before, name, after, value]) => `${before}${name}${after}:${value}`).join(',')}}`),
    ),
  };
}).value;

describe('what AWS prints of a number', () => {
  it.each([
    ['1', '1'], ['-17', '-17'], ['1.5', '1.5'], ['0.1', '0.1'], ['0.001', '0.001'],
    ['1.0', '1.0'], ['21.00', '21.0'], ['1.10', '1.1'], ['-0.0', '-0.0'], ['-0', '0'], ['0.0', '0.0'],
    ['1e3', '1000.0'], ['1E3', '1000.0'], ['1.5e2', '150.0'], ['5e-1', '0.5'], ['1e6', '1000000.0'], ['1e7', '1.0E7'], ['1e10', '1.0E10'], ['1.25E+30', '1.25E30'],
    ['0.0001', '1.0E-4'], ['1e-7', '1.0E-7'], ['12345678.5', '1.23456785E7'], ['10000000.0', '1.0E7'], ['1234567.5', '1234567.5'],
    ['9007199254740991', '9007199254740991'], ['9007199254740993', '9007199254740993'], ['12345678901234567890', '12345678901234567890'], ['-12345678901234567890', '-12345678901234567890'],
    ['0.1000000000000000055511151231257827', '0.1'], ['20.99999999999999999999', '21.0'], ['9999999.99999999999', '1.0E7'], ['1e400', 'null'],
  ])('%s is printed as %s', (written, text) => {
    expect(printed(written)).toBe(text);
    expect(printed(`{"a":[${written}, ${written} ]}`)).toBe(`{"a":[${text},${text}]}`);
  });

  it('keeps whole numbers of any length', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), (whole) => printed(`[${whole}]`) === `[${whole}]`));
  });
});

describe('the parser', () => {
  it('answers the values of JSON.parse', () => {
    fc.assert(
      fc.property(jsonTexts, (text) => {
        const plain = JSON.parse(text) as unknown;
        expect(isDeepStrictEqual(plainJson(parseExact(text)), plain)).toBe(true);
        expect(JSON.stringify(parseExact(text))).toBe(JSON.stringify(plain));
      }),
      { numRuns: 1000 },
    );
  });

  it('is asked wherever there is a number that AWS prints otherwise', () => {
    fc.assert(
      fc.property(jsonTexts, (text) => {
        const before = numbersMade();
        parseExact(text);
        if (numbersMade() !== before) expect(mayHoldNumbers(text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('prints what it prints again', () => {
    fc.assert(
      fc.property(jsonTexts, (text) => {
        expect(printed(printed(text))).toBe(printed(text));
      }),
    );
  });

  it.each(['', '[1.0', '{"a":1.0,}', '01.0', '1.', '.5', '[1.0]x', '1.0e', '{"a" 1e3}', '\u00a01.0', "{'a':1.0}"])('refuses %j as JSON.parse does', (text) => {
    const refusal = (parse: (text: string) => unknown): unknown => {
      try {
        return parse(text);
      } catch (error) {
        return String(error);
      }
    };
    expect(refusal(parseExact)).toBe(refusal(JSON.parse));
  });

  it('reads and prints what nests a hundred thousand levels deep', () => {
    const text = `${'[{"a":'.repeat(50_000)}1.0${'}]'.repeat(50_000)}`;
    expect(printed(text)).toBe(text);
    expect(isJsonNumber(plainJson(parseExact('[1.0]')) as unknown)).toBe(false);
  });

  it('takes digits within texts for texts, and costs those events nothing but time', () => {
    expect(parseJson('{"a":"x: 1.0, 12345678901234567890"}')).toEqual({ a: 'x: 1.0, 12345678901234567890' });
    expect(mayHoldNumbers('{"id":"3e4f5a6b-1234-4e5f-8a9b-000000000000","at":"2024-01-01T00:00:00.000Z","t":20.5,"n":1700000000000}')).toBe(false);
  });

  it('cannot be told by data to make a number', () => {
    const forged = parseJson('{"text":"9.9","value":1,"Symbol(text)":"9.9","a":1.0,"__proto__":{"x":1.0}}');
    expect(jsonText(forged)).toBe('{"text":"9.9","value":1,"Symbol(text)":"9.9","a":1.0,"__proto__":{"x":1.0}}');
    expect(Object.getPrototypeOf(forged)).toBe(Object.prototype);
  });
});

describe('plain numbers', () => {
  it('leaves data without a JsonNumber as they are, and copies the others', () => {
    const plain = { a: [1, { b: null }] };
    expect(plainJson(plain)).toBe(plain);
    const exact = parseJson('{"a":[1.0,{"b":1e3}],"__proto__":2.0}');
    expect(plainJson(exact)).toStrictEqual(JSON.parse('{"a":[1,{"b":1000}],"__proto__":2}'));
    expect(plainJson(exact)).toBe(plainJson(exact));
    expect(jsonText(exact)).toBe('{"a":[1.0,{"b":1000.0}],"__proto__":2.0}');
    expect(numberOf(new JsonNumber('1.0', 1))).toBe(1);
  });
});
