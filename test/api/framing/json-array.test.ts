import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonArrayFramer } from '../../../src/api/framing/json-array.ts';
import { cut, everyPlace } from './cutting.ts';

const LIMIT = 1000;
const places = fc.array(fc.nat(2000), { maxLength: 40 });

/** JSON with strings full of what could be mistaken for structure. */
const json = fc.jsonValue({ maxDepth: 4, stringUnit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', ' ', '\n', 'a', 'ü', '𝄞', '\u2028') });
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

describe('JsonArrayFramer', () => {
  it('finds the elements of any array, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(json, space, space)), space, places, fc.boolean(), (elements, lead, cuts, pretty) => {
        const texts = elements.map(([value, before, after]) => `${before}${JSON.stringify(value, null, pretty ? 2 : 0)}${after}`);
        const bytes = Buffer.from(`[${lead}${texts.join(',')}]${lead}`);
        const framer = new JsonArrayFramer(100_000);
        const found = cut(framer, bytes, cuts);
        expect(framer.fault).toBeUndefined();
        expect(found.map((text) => JSON.parse(text!) as unknown)).toEqual(elements.map(([value]) => JSON.parse(JSON.stringify(value)) as unknown));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the same when every byte comes alone', () => {
    const bytes = Buffer.from(' [1,"a\\"]\\\\", {"k":["]",{}]} ,\n[ ],null,"",-1.5e3 ] \n'.trimStart());
    const found = cut(new JsonArrayFramer(LIMIT), bytes, everyPlace(bytes));
    expect(found).toEqual(['1', '"a\\"]\\\\"', '{"k":["]",{}]}', '[ ]', 'null', '""', '-1.5e3']);
    expect(cut(new JsonArrayFramer(LIMIT), bytes, [])).toEqual(found);
  });

  it('drops elements over the limit as they come and keeps their place', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 40 }), { maxLength: 30 }), places, (lengths, cuts) => {
        const texts = lengths.map((length) => `"${'x'.repeat(length - 2)}"`);
        const found = cut(new JsonArrayFramer(20), Buffer.from(`[${texts.join(', ')}]`), cuts);
        expect(found).toEqual(texts.map((text) => (text.length > 20 ? null : text)));
      }),
    );
  });

  it.each([
    ['[1 2]', ['1'], 'At byte 3 of the body, after 1 element of the array, "," or "]" was expected, not "2".'],
    ['[1,]', ['1'], 'At byte 3 of the body, after 1 element of the array, an element was expected, not "]".'],
    ['[,1]', [], 'At byte 1 of the body, after 0 elements of the array, an element or "]" was expected, not ",".'],
    ['[}', [], 'At byte 1 of the body, after 0 elements of the array, an element or "]" was expected, not "}".'],
    ['[{"a":1}{"b":2}]', ['{"a":1}'], 'At byte 8 of the body, after 1 element of the array, "," or "]" was expected, not "{".'],
    ['["a"b]', ['"a"'], 'At byte 4 of the body, after 1 element of the array, "," or "]" was expected, not "b".'],
    ['[1,2', ['1'], 'At byte 4 of the body, after 1 element of the array, the rest of an element and "]" was expected, but the body ends.'],
    ['[1,{"a":"', ['1'], 'At byte 9 of the body, after 1 element of the array, the rest of a string and "]" was expected, but the body ends.'],
    ['[1', [], 'At byte 2 of the body, after 0 elements of the array, the rest of an element and "]" was expected, but the body ends.'],
    ['[', [], 'At byte 1 of the body, after 0 elements of the array, an element or "]" was expected, but the body ends.'],
    ['[1]\n[2]', ['1'], 'At byte 4 of the body, after 1 element of the array, the end of the body was expected, not "[". If every line is an event of its own, send Content-Type: application/x-ndjson.'],
    ['[1] \u0001', ['1'], 'At byte 4 of the body, after 1 element of the array, the end of the body was expected, not byte 0x01. If every line is an event of its own, send Content-Type: application/x-ndjson.'],
  ])('says where %s breaks, and keeps what is before', (text, events, fault) => {
    for (const cuts of [[], everyPlace(Buffer.from(text))]) {
      const framer = new JsonArrayFramer(LIMIT);
      expect(cut(framer, Buffer.from(text), cuts)).toEqual(events);
      expect(framer.fault).toBe(fault);
    }
  });

  it('leaves it to the parser whether an element is JSON', () => {
    expect(cut(new JsonArrayFramer(LIMIT), Buffer.from("[tru, {'a':1}, {\"a\":1], 01]"), [])).toEqual(['tru', "{'a':1}", '{"a":1]', '01']);
  });
});
