import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { decodeFetchResponse, type FetchResponse } from '../../../src/sources/kafka/fetch-response.ts';
import { encodeBatch } from './record-sets.ts';

const require = createRequire(import.meta.url);
const decodeAsLibrary = (version: number, payload: Buffer): Promise<FetchResponse> => (require(`kafkajs/src/protocol/requests/fetch/v${version}/response`) as { decode: (payload: Buffer) => Promise<FetchResponse> }).decode(payload);

const int8 = (value: number): Buffer => Buffer.from([value]);
const int16 = (value: number): Buffer => sized(2, (buffer) => buffer.writeInt16BE(value));
const int32 = (value: number): Buffer => sized(4, (buffer) => buffer.writeInt32BE(value));
const int64 = (value: number): Buffer => sized(8, (buffer) => buffer.writeBigInt64BE(BigInt(value)));
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);

function sized(bytes: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(bytes);
  write(buffer);
  return buffer;
}

interface Part {
  partition: number;
  errorCode?: number;
  aborted?: [producerId: number, firstOffset: number][] | null;
  set: Buffer;
}

function response(version: number, topics: Record<string, Part[]>): Buffer {
  const part = ({ partition, errorCode = 0, aborted = [], set }: Part): Buffer =>
    Buffer.concat([
      int32(partition),
      int16(errorCode),
      int64(5_000_000_123),
      int64(5_000_000_100),
      ...(version >= 5 ? [int64(7)] : []),
      int32(aborted === null ? -1 : aborted.length),
      ...(aborted ?? []).flatMap(([producerId, firstOffset]) => [int64(producerId), int64(firstOffset)]),
      ...(version >= 11 ? [int32(-1)] : []),
      int32(set.length),
      set,
    ]);
  const entries = Object.entries(topics);
  return Buffer.concat([
    int32(33),
    ...(version >= 7 ? [int16(0), int32(99)] : []),
    int32(entries.length),
    ...entries.map(([name, parts]) => Buffer.concat([text(name), int32(parts.length), Buffer.concat(parts.map(part))])),
  ]);
}

const batch = (firstOffset: number, count: number, more: { producerId?: bigint; transactional?: boolean } = {}): Promise<Buffer> =>
  encodeBatch({ firstOffset, ...more, records: Array.from({ length: count }, (_, i) => ({ offsetDelta: i, timestampDelta: 0, key: null, value: Buffer.from('x'), headers: {} })) });

/** A marker at the end of a transaction: kafkajs writes none, so that one of its batches is turned into one. */
async function marker(firstOffset: number, producerId: bigint, committed: boolean): Promise<Buffer> {
  const key = Buffer.concat([int16(0), int16(committed ? 1 : 0)]);
  const made = await encodeBatch({ firstOffset, producerId, transactional: true, records: [{ offsetDelta: 0, timestampDelta: 0, key, value: Buffer.alloc(6), headers: {} }] });
  int16(made.readInt16BE(21) | 0x20).copy(made, 21);
  return made;
}

const visible = (set: Buffer, aborted: [number, number][]): [offset: string, visible: boolean][] => {
  const [topic] = decodeFetchResponse(11, response(11, { t: [{ partition: 0, set, aborted }] }))!.responses;
  return topic!.partitions[0]!.messages.map((message) => [message.offset, message.visible]);
};

describe('a fetch response', () => {
  it.each([4, 5, 6, 7, 8, 9, 10, 11])('of version %i says what kafkajs reads in it, the messages left aside', async (version) => {
    const payload = response(version, {
      readings: [
        { partition: 3, set: Buffer.concat([await batch(10, 4), await batch(14, 2)]) },
        { partition: 4, set: Buffer.alloc(0), aborted: null },
        { partition: 5, errorCode: 6, set: Buffer.alloc(0), aborted: [[1, 2]] },
      ],
      'größe': [{ partition: 0, set: await batch(0, 1) }],
    });
    const library = await decodeAsLibrary(version, payload);
    const ours = decodeFetchResponse(version, payload)!;
    const plain = (of: FetchResponse): unknown => ({
      ...of,
      responses: of.responses.map(({ topicName, partitions }) => ({
        topicName,
        partitions: partitions.map(({ partition, errorCode, highWatermark, lastStableOffset, preferredReadReplica, messages }) => ({ partition, errorCode, highWatermark, lastStableOffset, preferredReadReplica, last: messages.at(-1)?.offset })),
      })),
    });
    expect(plain(ours)).toEqual(plain(library));
    expect(ours.responses[0]!.partitions[0]!.messages.map(({ offset }) => offset)).toEqual(['13', '15']);
  });

  it.each([3, 12])('of version %i is left to kafkajs', (version) => {
    expect(decodeFetchResponse(version, response(11, {}))).toBeUndefined();
  });

  it('with messages of the format before Kafka 0.11 is left to kafkajs', () => {
    const old = Buffer.concat([int64(0), int32(30), int32(0), int8(1), Buffer.alloc(40)]);
    expect(decodeFetchResponse(11, response(11, { t: [{ partition: 0, set: old }] }))).toBeUndefined();
  });

  it('is said to be gone when every partition that has records in it is', async () => {
    let gone = 0;
    const payload = response(11, { t: [{ partition: 0, set: await batch(0, 2) }, { partition: 1, set: Buffer.alloc(0) }, { partition: 2, set: Buffer.concat([await batch(0, 1), await batch(1, 1)]) }] });
    const [topic] = decodeFetchResponse(11, payload, () => gone++)!.responses;
    topic!.partitions[2]!.messages[1]!.gone!();
    expect(gone).toBe(0);
    topic!.partitions[0]!.messages[0]!.gone!();
    expect(gone).toBe(1);
  });

  it('shows no markers', async () => {
    const set = Buffer.concat([await batch(0, 3, { producerId: 7n, transactional: true }), await marker(3, 7n, true), await batch(4, 1)]);
    expect(visible(set, [])).toEqual([['2', true], ['3', false], ['4', true]]);
  });

  it('shows nothing of aborted transactions, also of several at once that began before', async () => {
    const of = (producer: bigint): object => ({ producerId: producer, transactional: true });
    const set = Buffer.concat([
      await batch(20, 1, of(2n)),
      await batch(21, 2, of(1n)),
      await batch(23, 1, of(3n)),
      await batch(24, 1),
      await marker(25, 2n, false),
      await batch(26, 1, of(2n)),
      await marker(27, 1n, false),
      await marker(28, 2n, true),
      await batch(29, 1, of(1n)),
      await marker(30, 1n, false),
      await batch(31, 1, of(1n)),
    ]);
    // Out of order, and the first two begin before what was fetched.
    expect(visible(set, [[1, 29], [2, 12], [1, 10]])).toEqual([
      ['20', false], ['22', false], ['23', true], ['24', true], ['25', false], ['26', true], ['27', false], ['28', false], ['29', false], ['30', false], ['31', true],
    ]);
  });
});
