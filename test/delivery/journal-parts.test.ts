import { array, assert, boolean, func, integer, nat, property, record, string, tuple, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Block, ones } from '../../src/delivery/journal/block.ts';
import { decodeBlock } from '../../src/delivery/journal/decode.ts';
import { BlockWriter, encodedBound } from '../../src/delivery/journal/encode.ts';
import { bitmapValue, blockKey, parseBitmap, parseKey } from '../../src/delivery/journal/keys.ts';

describe('a block', () => {
  it('counts the ends of events as a set would', () => {
    assert(
      property(integer({ min: 1, max: 200 }), array(tuple(nat(200), nat(200)), { maxLength: 30 }), (events, ranges) => {
        const block = new Block(1, events, 0);
        const ended = new Set<number>();
        for (const [a, b] of ranges) {
          const [from, to] = [Math.min(a, b, events), Math.min(Math.max(a, b), events)];
          let fresh = 0;
          for (let index = from; index < to; index += 1) {
            fresh += ended.has(index) ? 0 : 1;
            ended.add(index);
          }
          expect(block.end(from, to)).toBe(fresh);
        }
        expect(block.pending).toBe(events - ended.size);
        for (let index = 0; index < events; index += 1) {
          expect(block.hasEnded(index)).toBe(ended.has(index));
        }
      }),
    );
  });

  it('counts the bits of a word', () => {
    assert(property(integer({ min: 0, max: 0xffff_ffff }), (word) => ones(word) === word.toString(2).replaceAll('0', '').length));
  });
});

const text = string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed());
const event = tuple(text, uint8Array({ maxLength: 60 }), nat(5));
const entry = record({ machine: text, events: array(event, { minLength: 1, maxLength: 40 }), startTimeMs: nat(), wantsOutput: boolean(), sequence: boolean() });

describe("a block's value", () => {
  it('gives back every entry as it was put in, whole or only what was kept', () => {
    assert(
      property(array(entry, { minLength: 1, maxLength: 6 }), boolean(), func(boolean()), (shapes, whole, keeps) => {
        const writer = new BlockWriter();
        writer.begin();
        const entries = shapes.map(({ machine, events, startTimeMs, wantsOutput, sequence }) => {
          const spans = new Uint32Array(events.length * 2);
          const pieces: Uint8Array[] = [];
          let at = 0;
          for (const [i, [, bytes, gap]] of events.entries()) {
            pieces.push(new Uint8Array(gap), bytes);
            spans[2 * i] = at + gap;
            spans[2 * i + 1] = bytes.length;
            at += gap + bytes.length;
          }
          const names = sequence ? { prefix: machine, firstSerial: startTimeMs } : events.map(([name]) => name);
          return { machine, bytes: Buffer.concat(pieces), spans, names, startTimeMs, wantsOutput };
        });
        const kept = entries.map(({ spans }, e) => Uint32Array.from({ length: spans.length / 2 }, (_, i) => i).filter((i) => whole || keeps(e, i)));
        for (const [e, each] of entries.entries()) {
          writer.add(each, encodedBound(each), whole ? null : kept[e]!);
        }
        const { start, end } = writer.seal();
        const decoded = decodeBlock(Buffer.from(writer.buffer.subarray(start, end)));
        expect(decoded.events).toBe(shapes.reduce((sum, { events }) => sum + events.length, 0));
        for (const [e, part] of decoded.parts.entries()) {
          const { events, ...shape } = shapes[e]!;
          expect(part.entry).toMatchObject({ machine: shape.machine, startTimeMs: shape.startTimeMs, wantsOutput: shape.wantsOutput });
          expect(part.present).toEqual(whole ? null : kept[e]);
          for (const i of kept[e]!) {
            const offset = part.entry.spans[2 * i]!;
            expect(Buffer.from(part.entry.bytes.subarray(offset, offset + part.entry.spans[2 * i + 1]!))).toEqual(Buffer.from(events[i]![1]));
            expect('prefix' in part.entry.names ? part.entry.names : part.entry.names[i]).toEqual(shape.sequence ? { prefix: shape.machine, firstSerial: shape.startTimeMs } : events[i]![0]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is refused, and never crashes, when a byte of it is wrong or its end is missing', () => {
    const writer = new BlockWriter();
    writer.begin();
    const bytes = Buffer.from('{"a":1}{"b":2}');
    const whole = { machine: 'm', bytes, spans: Uint32Array.of(0, 7, 7, 7), names: ['x', 'y'], startTimeMs: 1, wantsOutput: true };
    writer.add(whole, encodedBound(whole));
    const { start, end } = writer.seal();
    const value = Buffer.from(writer.buffer.subarray(start, end));
    for (let at = 0; at < value.length; at += 1) {
      const torn = value.subarray(0, at);
      const garbled = Buffer.from(value);
      garbled[at]! ^= 0x20;
      expect(() => decodeBlock(torn)).toThrow(/begin|checksum/);
      expect(() => decodeBlock(garbled)).toThrow(/begin|checksum/);
    }
  });
});

describe("the journal's keys", () => {
  it('sort as blocks do, and say how much is under them', () => {
    const keys = [1, 255, 256, 65_536, 2 ** 32, 2 ** 40].map((seq) => blockKey(seq, 77, 5));
    expect([...keys].sort((a, b) => Buffer.compare(a, b))).toEqual(keys);
    expect(parseKey(keys[5]!)).toEqual({ kind: 'block', seq: 2 ** 40, bytes: 77, events: 5 });
  });

  it('keep bitmaps', () => {
    const ended = Uint32Array.of(0xffff_ffff, 5);
    expect(parseBitmap(bitmapValue(30, ended))).toEqual({ pending: 30, ended });
  });
});
