import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NdjsonFramer } from '../../../src/api/framing/ndjson.ts';
import { cut, everyPlace } from './cutting.ts';

describe('NdjsonFramer', () => {
  it('finds the lines that are not blank, wherever the chunks are cut, and drops what is over the limit', () => {
    const line = fc.stringMatching(/^[ \t]{0,2}([a-zü"{][a-zü" {},:]{0,40})?$/);
    const lines = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n')), { maxLength: 40 });
    fc.assert(
      fc.property(lines, fc.boolean(), fc.array(fc.nat(1500), { maxLength: 40 }), (given, open, cuts) => {
        let text = given.map(([content, end]) => content + end).join('');
        if (open) text = text.replace(/\r?\n$/, '');
        const expected = text.split(/\r?\n/).map((content) => content.replace(/^[ \t]+/, '')).filter((content) => content !== '');
        const found = cut(new NdjsonFramer(20), Buffer.from(text), cuts);
        expect(found).toEqual(expected.map((content) => (Buffer.byteLength(content) > 20 ? null : content)));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the same when every byte comes alone', () => {
    const bytes = Buffer.from('{"a":1}\r\n\n  \r\n[1]\n"last"');
    expect(cut(new NdjsonFramer(100), bytes, everyPlace(bytes))).toEqual(['{"a":1}', '[1]', '"last"']);
    expect(cut(new NdjsonFramer(100), bytes, [])).toEqual(['{"a":1}', '[1]', '"last"']);
  });

  it('lets a line of exactly the limit through, with either line break', () => {
    const bytes = Buffer.from('12345\r\n12345\n123456\r\n12345');
    for (const cuts of [[], everyPlace(bytes), [6], [5], [7]]) expect(cut(new NdjsonFramer(5), bytes, cuts)).toEqual(['12345', '12345', null, '12345']);
  });

  it('takes more events in one chunk than its tables start with', () => {
    const found = cut(new NdjsonFramer(100), Buffer.from('1\n'.repeat(100_000)), []);
    expect(found).toHaveLength(100_000);
  });
});
