import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/asl/numbers/parse-json.ts';
import { BatchReader } from '../../src/pool/intake.ts';
import { NumberScan } from '../../src/pool/number-scan.ts';
import { jsonText } from '../../src/asl/json-text.ts';

const number = fc
  .tuple(fc.constantFrom('', '-'), fc.stringMatching(/^(0|[1-9]\d{0,20})$/), fc.constantFrom('', '.0', '.00', '.5', '.0005', '.04', '.99999999999999999999', '.000000001'), fc.constantFrom('', 'e3', 'E-7', 'e+10', 'e0003'))
  .map((parts) => parts.join(''));
const filler = fc.oneof(fc.uuid(), fc.date({ noInvalidDate: true }).map((date) => date.toISOString()), fc.string(), fc.stringMatching(/^[0-9a-f.e+-]{0,40}$/)).map((text) => JSON.stringify(text));
const event = fc.array(fc.oneof({ weight: 3, arbitrary: filler }, { weight: 1, arbitrary: number }), { maxLength: 6 }).chain((items) => fc.constantFrom(',', ' ,\n ').map((comma) => `[${items.join(comma)}]`));
const events = fc.array(fc.oneof({ weight: 5, arbitrary: event }, { weight: 1, arbitrary: number }), { minLength: 1, maxLength: 30 });

/** The events one behind another, and where each lies. */
function batch(texts: readonly string[], separator: string): { readonly data: Buffer; readonly spans: readonly (readonly [number, number])[] } {
  let at = 0;
  const spans = texts.map((text) => {
    const length = Buffer.byteLength(text);
    const span = [at, length] as const;
    at += length + separator.length;
    return span;
  });
  return { data: Buffer.from(texts.map((text) => text + separator).join('')), spans };
}

describe('the scan of a batch', () => {
  it('misses no number that has to be read otherwise, whatever stands around it', () => {
    fc.assert(
      fc.property(events, fc.constantFrom('', '\n'), (texts, separator) => {
        const { data, spans } = batch(texts, separator);
        const expected = texts.map((text) => jsonText(parseJson(text)));
        const reader = new BatchReader(data, data.length);
        spans.forEach(([offset, length], i) => expect(jsonText(reader.parse(offset, length))).toBe(expected[i]));
      }),
      { numRuns: 500 },
    );
  });

  it('is not disturbed by places out of order', () => {
    const texts = ['[1.0]', '[1]', '["abcdefghijklmnopqrstuvwxyz0123456789"]', '[2]', '[1e3,"abcdefghijklmnopqrstuvwxyz"]'];
    const { data, spans } = batch(texts, '\n'.repeat(20));
    const scan = new NumberScan(data, data.length);
    const answers = (order: readonly number[]): boolean[] => order.map((i) => scan.mayHold(...(spans[i] as [number, number])));
    expect(answers([0, 1, 2, 3, 4])).toEqual([true, false, false, false, true]);
    expect(answers([4, 0, 3, 1, 4, 2, 0])).toEqual([true, true, false, false, true, false, true]);
  });

  it('passes over what most events hold', () => {
    for (const text of ['{"id":"device-000017","temperature":20.5,"humidity":99,"time":1760000000000,"at":"2024-05-06T07:08:09.123Z","lat":52.520008}', '{"n":123456789012345,"d":1234567.25,"v":"1.2.3"}']) {
      for (let shift = 0; shift < 16; shift++) {
        const data = Buffer.from(' '.repeat(shift) + text);
        expect(new NumberScan(data, data.length).mayHold(0, data.length)).toBe(false);
      }
    }
  });

  it('takes batches larger than any before', () => {
    const data = Buffer.from(`${'["abc",20.5]\n'.repeat(100_000)}[1.0]\n`);
    const scan = new NumberScan(data, data.length);
    expect(scan.mayHold(0, 13)).toBe(false);
    expect(scan.mayHold(1_300_000, 5)).toBe(true);
  });
});
