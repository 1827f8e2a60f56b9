import { describe, expect, it } from 'vitest';
import { SniffingFramer } from '../../../src/api/framing/sniffing.ts';
import { cut, everyPlace } from './cutting.ts';

describe('SniffingFramer', () => {
  it.each([
    [undefined, ' \n[1, 2]', ['1', '2']],
    ['application/json', '[1, 2]', ['1', '2']],
    ['application/x-www-form-urlencoded', '\ufeff[1, 2]', ['1', '2']],
    ['application/json', '{"a":1}\n{"a":2}', ['{"a":1}', '{"a":2}']],
    [undefined, '\ufeff1\n[2]', ['1', '[2]']],
    ['application/x-ndjson; charset=utf-8', '[1]\n[2]\n', ['[1]', '[2]']],
    ['Application/JSONL', '[1]\n[2]\n', ['[1]', '[2]']],
    ['application/x-ndjson', '\ufeff[1]', ['[1]']],
    ['application/json', '', []],
    [undefined, ' \r\n ', []],
  ])('with content type %s reads %j as %j', (type, text, events) => {
    const bytes = Buffer.from(text);
    const framer = new SniffingFramer(type, 100);
    expect(cut(framer, bytes, [])).toEqual(events);
    expect(framer.fault).toBeUndefined();
    if (!text.startsWith('\ufeff')) expect(cut(new SniffingFramer(type, 100), bytes, everyPlace(bytes))).toEqual(events);
  });

  it('counts the bytes before the array when it says where it breaks', () => {
    const framer = new SniffingFramer(undefined, 100);
    cut(framer, Buffer.from(' \n  [1 2]'), [2, 3]);
    expect(framer.fault).toMatch(/^At byte 7 /);
  });
});
