import { array, assert, asyncProperty, bigInt, boolean, constant, constantFrom, dictionary, integer, nat, oneof, option, record, string, uint8Array, type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NONE } from '../../../src/delivery/source.ts';
import { readBatches } from '../../../src/sources/kafka/record-batch.ts';
import { RecordWalk, type Chunk, type WalkOptions } from '../../../src/sources/kafka/record-walk.ts';
import { openBatches } from '../../../src/sources/kafka/sections.ts';
import { readVarint, skipVarint } from '../../../src/sources/kafka/varint.ts';
import { decodeAsLibrary, encodeBatch, type LibraryMessage, type TestBatch, type TestRecord } from './record-sets.ts';

const everything: WalkOptions = { from: 0, everything: true, maxEvents: 1000, maxBytes: 1 << 20 };

async function walk(set: Buffer, options: Partial<WalkOptions> = {}): Promise<{ chunks: Chunk[]; repeated: number }> {
  const batches = readBatches(set);
  const chunks: Chunk[] = [];
  let repeated = 0;
  for (let i = 0; i < batches.length; ) {
    const sections = await openBatches(batches, i);
    const records = new RecordWalk(sections, { ...everything, ...options });
    for (let chunk = records.next(); chunk !== undefined; chunk = records.next()) chunks.push(chunk);
    repeated += records.repeated;
    i += sections.length;
  }
  return { chunks, repeated };
}

/** The events of chunks in the words of kafkajs. */
function messagesOf(chunks: readonly Chunk[]): LibraryMessage[] {
  return chunks.flatMap(({ firstOffset, count, bytes, spans, keys, headers, timestamps }) =>
    Array.from({ length: count }, (_, i) => {
      const part = (of: Uint32Array | undefined): Buffer => Buffer.from(bytes.subarray(of![2 * i]!, of![2 * i]! + of![2 * i + 1]!));
      return {
        offset: String(firstOffset + i),
        timestamp: String(timestamps![i]),
        key: keys![2 * i + 1] === NONE ? null : part(keys),
        value: part(spans),
        headers: headers![2 * i + 1] === NONE ? {} : readHeaders(part(headers)),
      };
    }),
  );
}

function readHeaders(bytes: Buffer): LibraryMessage['headers'] {
  const headers: LibraryMessage['headers'] = {};
  let at = 0;
  const number = (): number => {
    const value = readVarint(bytes, at);
    at = skipVarint(bytes, at);
    return value;
  };
  const take = (): Buffer => {
    const length = number();
    return bytes.subarray(at, (at += length));
  };
  for (let left = number(); left > 0; left--) {
    const key = take().toString();
    const value = take();
    const before = headers[key];
    headers[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  expect(at).toBe(bytes.length);
  return headers;
}

const bytes = uint8Array({ maxLength: 200 }).map((of) => Buffer.from(of));
const aRecord: Arbitrary<Omit<TestRecord, 'offsetDelta'> & { gap: number }> = record({
  gap: oneof({ weight: 9, arbitrary: constant(0) }, nat({ max: 300 })),
  timestampDelta: oneof(nat({ max: 100 }), integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), bigInt({ min: -(2n ** 45n), max: 2n ** 45n }).map(Number)),
  key: option(oneof(bytes, constant(Buffer.alloc(0)))),
  value: option(oneof(bytes, constant(Buffer.alloc(0)), constant(Buffer.alloc(20_000, '7')))),
  headers: dictionary(string({ maxLength: 10 }), oneof(bytes, array(bytes, { minLength: 2, maxLength: 3 })), { maxKeys: 3 }) as Arbitrary<TestRecord['headers']>,
});
const aSet: Arbitrary<TestBatch[]> = array(
  record({
    before: nat({ max: 3 }),
    compression: constantFrom(0, 0, 0, 1, 2, 3, 4),
    timestamp: integer({ min: 0, max: 2 ** 42 }),
    after: nat({ max: 3 }),
    transactional: boolean(),
    records: array(aRecord, { minLength: 1, maxLength: 40 }),
  }),
  { minLength: 1, maxLength: 6 },
).chain((parts) =>
  integer({ min: 0, max: 2 ** 45 }).map((start) => {
    let next = start;
    return parts.map(({ before, after, records, ...rest }) => {
      let delta = -1;
      const placed = records.map(({ gap, ...of }) => ({ ...of, offsetDelta: (delta += 1 + gap) }));
      const firstOffset = next + before;
      next = firstOffset + delta + after + 1;
      return { ...rest, firstOffset, lastOffsetDelta: delta + after, records: placed };
    });
  }),
);

/** kafkajs tells a null value from an empty one; both are a length of 0 here. */
const asOurs = (message: LibraryMessage): LibraryMessage => ({ offset: message.offset, timestamp: message.timestamp, key: message.key, value: message.value ?? Buffer.alloc(0), headers: message.headers });

/** Buffers as text, which is compared faster. */
const shown = (message: LibraryMessage): string => JSON.stringify(message, (_, value: unknown) => (isBytes(value) ? Buffer.from(value.data).toString('base64') : value));
const isBytes = (value: unknown): value is { data: number[] } => typeof value === 'object' && value !== null && Reflect.get(value, 'type') === 'Buffer';

describe('a walk over records', () => {
  it("finds what kafkajs's decoder finds, in sets of all shapes", async () => {
    await assert(
      asyncProperty(aSet, nat({ max: 50 }), integer({ min: 1, max: 30 }), integer({ min: 1, max: 5000 }), async (batches, skip, maxEvents, maxBytes) => {
        const set = Buffer.concat(await Promise.all(batches.map(encodeBatch)));
        const from = batches[0]!.firstOffset + skip;
        const expected = (await decodeAsLibrary(set)).filter(({ offset }) => Number(offset) >= from).map(asOurs);
        const { chunks } = await walk(set, { from, maxEvents, maxBytes });
        expect(messagesOf(chunks).map(shown)).toEqual(expected.map(shown));
        for (const chunk of chunks) {
          expect(chunk.count).toBeLessThanOrEqual(maxEvents);
          if (chunk.count > 1) expect(chunk.bytes.byteLength).toBeLessThanOrEqual(maxBytes);
        }
        const values = await walk(set, { from, everything: false });
        expect(values.chunks.every((chunk) => chunk.keys === undefined && chunk.headers === undefined && chunk.timestamps === undefined)).toBe(true);
        expect(values.chunks.reduce((sum, chunk) => sum + chunk.count, 0)).toBe(expected.length);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  const plain = (firstOffset: number, count: number, value = 'value', compression = 0): Promise<Buffer> =>
    encodeBatch({ firstOffset, compression, records: Array.from({ length: count }, (_, i) => ({ offsetDelta: i, timestampDelta: 0, key: null, value: Buffer.from(`${value} ${firstOffset + i}`), headers: {} })) });

  it('joins small batches that lie side by side, compressed or not', async () => {
    for (const compression of [0, 1, 4]) {
      const set = Buffer.concat(await Promise.all([0, 1, 2, 3, 4].map((offset) => plain(offset, 1, 'tiny', compression))));
      const { chunks } = await walk(set);
      expect(chunks.map(({ firstOffset, count }) => [firstOffset, count])).toEqual([[0, 5]]);
    }
  });

  it('leaves the bytes where they are, but for what is a small part of them', async () => {
    const set = Buffer.concat([await plain(0, 100), await plain(200, 1)]);
    const [large, small] = (await walk(set)).chunks;
    expect(large!.bytes.buffer).toBe(set.buffer);
    expect(small!.bytes.buffer).not.toBe(set.buffer);
    expect(small!.bytes.buffer.byteLength).toBe(small!.bytes.byteLength);
  });

  it('leaves out what has been settled before, and counts it', async () => {
    const settled = new Set([2, 3, 7, 9]);
    const { chunks, repeated } = await walk(await plain(0, 10), { from: 1, isSettled: (offset) => settled.has(offset), settledTo: 8 });
    expect(chunks.map(({ firstOffset, count }) => [firstOffset, count])).toEqual([
      [1, 1],
      [4, 3],
      [8, 2],
    ]);
    expect(repeated).toBe(3);
  });

  it('answers nothing for batches that compaction has emptied', async () => {
    expect((await walk(await encodeBatch({ firstOffset: 5, lastOffsetDelta: 9, records: [] }))).chunks).toEqual([]);
  });

  it('reads whole batches only, as much as came of the last one', async () => {
    const whole = await plain(0, 3);
    const set = Buffer.concat([whole, await plain(3, 3)]);
    for (const missing of [1, 20, set.length - whole.length - 1]) {
      expect(readBatches(set.subarray(0, set.length - missing)).map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset])).toEqual([[0, 2]]);
    }
  });

  it('refuses what is damaged instead of making something up', async () => {
    const set = await plain(0, 3);
    for (const [at, value] of [[61, 0xff], [61, 0x7e], [66, 0x7e], [60, 4]] as const) {
      const broken = Buffer.from(set);
      broken[at] = value;
      await expect(walk(broken)).rejects.toThrow(/damaged/);
    }
  });
});
