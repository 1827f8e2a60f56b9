import { array, assert, boolean, constantFrom, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frames } from '../../src/kafka/framed-socket.ts';

const FETCH = 1;
const METADATA = 3;
const LARGE = 64 * 1024;

function request(apiKey: number, correlationId: number): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.writeInt32BE(10, 0);
  bytes.writeInt16BE(apiKey, 4);
  bytes.writeInt32BE(correlationId, 8);
  return bytes;
}

function response(correlationId: number, length: number): Buffer {
  const bytes = Buffer.alloc(8 + length, correlationId & 0xff);
  bytes.writeInt32BE(4 + length, 0);
  bytes.writeInt32BE(correlationId, 4);
  return bytes;
}

/** What the client gets, and what has gone past it, when bytes are read in pieces of the lengths given in turn. */
function read(bytes: Buffer, lengths: readonly number[], requests: readonly Buffer[]): { client: Buffer; past: Buffer[] } {
  const past: Buffer[] = [];
  const pieces: Buffer[] = [];
  const frames = new Frames(
    {
      take: (count) => Buffer.alloc(count),
      arrived: (payload) => {
        past.push(payload);
        return Buffer.from(`ticket ${past.length}`);
      },
    },
    (piece) => pieces.push(piece),
  );
  for (const one of requests) frames.requested(one);
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const target = frames.next;
    const count = Math.min(target.length, bytes.length - from, 1 + lengths[turn % lengths.length]!);
    target.set(bytes.subarray(from, from + count));
    frames.take(count);
    from += count;
  }
  return { client: Buffer.concat(pieces), past };
}

describe('a socket that knows where responses begin', () => {
  const answer = record({ fetch: boolean(), length: constantFrom(0, 1, 7, 1000, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE) });

  it('keeps large responses to fetches, and hands all else on, however the bytes are cut', () => {
    assert(
      property(array(answer, { minLength: 1, maxLength: 6 }), array(nat({ max: 100_000 }), { minLength: 1, maxLength: 8 }), (answers, lengths) => {
        const responses = answers.map(({ length }, i) => response(i, length));
        const { client, past } = read(Buffer.concat(responses), lengths, answers.map(({ fetch }, i) => request(fetch ? FETCH : METADATA, i)));
        const kept = answers.map(({ fetch, length }) => fetch && length >= LARGE);
        expect(past.map((payload) => payload.toString('base64'))).toEqual(responses.filter((_, i) => kept[i]).map((bytes) => bytes.subarray(8).toString('base64')));
        let tickets = 0;
        const expected = responses.map((bytes, i) => {
          if (kept[i] !== true) return bytes;
          const ticket = Buffer.from(`ticket ${++tickets}`);
          const head = Buffer.from(bytes.subarray(0, 8));
          head.writeInt32BE(4 + ticket.length, 0);
          return Buffer.concat([head, ticket]);
        });
        expect(client.equals(Buffer.concat(expected))).toBe(true);
      }),
    );
  });

  it('hands on what has a size and no correlation id, as soon as it is there', () => {
    const bare = (length: number): Buffer => {
      const bytes = Buffer.alloc(4 + length, 7);
      bytes.writeInt32BE(length, 0);
      return bytes;
    };
    const bytes = Buffer.concat([bare(0), bare(3), bare(0), response(1, 5)]);
    for (const length of [0, 2, 100]) expect(read(bytes, [length], []).client.equals(bytes)).toBe(true);
    expect(read(bare(0), [0], []).client.equals(bare(0))).toBe(true);
  });
});
