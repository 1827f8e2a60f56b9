import { array, assert, constantFrom, nat, option, property, record, string, tuple, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupReply } from '../../../src/sources/redis-stream/group-reply.ts';
import { listOf } from '../../../src/sources/redis-stream/ids.ts';

interface GivenEntry {
  readonly id: string;
  readonly fields: readonly (readonly [string, Buffer])[] | null;
}
type GivenStream = readonly [name: string, entries: readonly GivenEntry[]];

const bulk = (piece: Buffer | string): Buffer => {
  const bytes = Buffer.from(piece);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
};
const head = (mark: string, count: number): Buffer => Buffer.from(`${mark}${count}\r\n`);

/** As Redis writes it. */
const encode = (streams: readonly GivenStream[]): Buffer =>
  Buffer.concat([
    head('*', streams.length),
    ...streams.flatMap(([name, entries]) => [
      head('*', 2),
      bulk(name),
      head('*', entries.length),
      ...entries.flatMap(({ id, fields }) => [head('*', 2), bulk(id), ...(fields === null ? [head('*', -1)] : [head('*', 2 * fields.length), ...fields.flatMap(([field, value]) => [bulk(field), bulk(value)])])]),
    ]),
  ]);

function read(bytes: Buffer, cuts: readonly number[], valueField: string | null = 'value') {
  const reply = new GroupReply(valueField === null ? null : Buffer.from(valueField));
  const ends = [...new Set(cuts.map((cut) => cut % bytes.length).filter((cut) => cut > 0))].toSorted((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    expect(reply.push(Buffer.from(bytes.subarray(from, end)))).toBe(false);
    from = end;
  }
  expect(reply.push(Buffer.from(bytes.subarray(from)))).toBe(true);
  return reply;
}

const value = uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const fields = array(tuple(constantFrom('value', 'key', 'valu', 'values', ''), value), { minLength: 1, maxLength: 4 });
const entry = record({ id: tuple(nat(), nat()).map((parts) => parts.join('-')), fields: option(fields, { freq: 5 }) });
const streams = array(tuple(string({ maxLength: 8 }), array(entry, { maxLength: 6 })), { maxLength: 3 });

describe('an answer to XREADGROUP', () => {
  it('is read the same however its bytes are cut', () => {
    assert(
      property(streams, array(nat(), { maxLength: 12 }), (given, cuts) => {
        const portions = read(encode(given), cuts).portions();
        expect(portions.map(({ stream, deleted }) => ({ stream, deleted }))).toEqual(given.map(([stream, entries]) => ({ stream: Buffer.from(stream).toString(), deleted: entries.filter(({ fields }) => fields === null).map(({ id }) => id) })));
        for (const [s, [, entries]] of given.entries()) {
          const there = entries.filter(({ fields }) => fields !== null);
          const { ids, fields, inPlace } = portions[s]!.entries;
          expect(listOf(ids)).toEqual(there.map(({ id }) => id));
          for (const [i, { fields: own }] of there.entries()) {
            expect(fields(i)).toEqual(own!.flatMap(([field, bytes]) => [Buffer.from(field), bytes]));
            const [at, length] = inPlace!.spans.subarray(2 * i);
            expect(Buffer.from(inPlace!.bytes.subarray(at, at! + length!))).toEqual(own!.find(([field]) => field === 'value')?.[1] ?? Buffer.alloc(0));
          }
          expect(inPlace!.single).toBe(there.every(({ fields }) => fields!.length === 1 && fields![0]![0] === 'value'));
        }
      }),
    );
  });

  it('may come byte by byte', () => {
    const bytes = encode([['orders', [{ id: '1-1', fields: [['value', Buffer.from('\r\n$5\r\n')]] }, { id: '1-2', fields: null }]]]);
    const [portion] = read(bytes, Array.from({ length: bytes.length }, (_, n) => n)).portions();
    expect(portion!.entries.fields(0)[1]!.toString()).toBe('\r\n$5\r\n');
    expect(portion!.deleted).toEqual(['1-2']);
  });

  it('says when nothing came, in both ways', () => {
    expect(read(Buffer.from('*-1\r\n'), [2]).portions()).toEqual([]);
    expect(read(Buffer.from('*0\r\n'), []).portions()).toEqual([]);
  });

  it('may be an error', () => {
    const message = 'NOGROUP No such key';
    expect(read(Buffer.from(`-${message}\r\n`), [5, 20])).toMatchObject({ error: message });
  });

  it('ends where the next one begins', () => {
    const [first, second] = [encode([['s', [{ id: '1-1', fields: [['value', Buffer.from('1')]] }]]]), Buffer.from('-ERR\r\n*-1\r\n')];
    const reply = read(Buffer.concat([first, second]), []);
    expect(reply.rest.equals(second)).toBe(true);
    const refused = read(second, []);
    expect(refused.error).toBe('ERR');
    expect(refused.rest.toString()).toBe('*-1\r\n');
  });

  it('looks for no values where all fields are the value', () => {
    const [portion] = read(encode([['s', [{ id: '1-1', fields: [['a', Buffer.from('1')]] }]]]), [], null).portions();
    expect(portion!.entries.inPlace).toBeUndefined();
  });

  it('is refused where it is none', () => {
    expect(() => new GroupReply(null).push(Buffer.from('+OK\r\n'))).toThrow('Redis answers +');
  });
});
