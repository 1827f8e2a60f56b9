import { createRequire } from 'node:module';
import { COMPRESSIONS, loadCodec } from '../../../src/kafka/codecs.ts';

/* Record batches made by kafkajs's own encoder, and read by its own decoder: the walk has to find the same in them. */

const require = createRequire(import.meta.url);
const kafkajs = require('kafkajs') as { CompressionCodecs: Record<number, () => unknown> };
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as { RecordBatch: (options: object) => Promise<{ buffer: Buffer }> };
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (decoder: object) => Promise<LibraryMessage[]>;
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object;
const Long = require('kafkajs/src/utils/long') as { fromValue(value: string | number | bigint): unknown };

for (const compression of [COMPRESSIONS.snappy, COMPRESSIONS.lz4, COMPRESSIONS.zstd]) {
  kafkajs.CompressionCodecs[compression] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => (await loadCodec(compression)).compress(buffer),
    decompress: async (buffer: Buffer) => (await loadCodec(compression)).decompress(buffer),
  });
}

export interface TestRecord {
  offsetDelta: number;
  timestampDelta: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | Buffer[]>;
}

export interface TestBatch {
  firstOffset: number;
  lastOffsetDelta?: number;
  compression?: number;
  timestamp?: number;
  maxTimestamp?: number;
  transactional?: boolean;
  producerId?: bigint;
  records: TestRecord[];
}

export interface LibraryMessage {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | Buffer[]>;
}

export async function encodeBatch({ firstOffset, lastOffsetDelta, compression = 0, timestamp = 1_700_000_000_000, maxTimestamp = timestamp, transactional = false, producerId = -1n, records }: TestBatch): Promise<Buffer> {
  const batch = await RecordBatch({
    firstOffset: Long.fromValue(firstOffset),
    lastOffsetDelta: lastOffsetDelta ?? records.at(-1)?.offsetDelta ?? 0,
    compression,
    firstTimestamp: timestamp,
    maxTimestamp,
    transactional,
    producerId: Long.fromValue(producerId),
    records: records.map((record) => encodeRecord({ ...record, timestampDelta: record.timestampDelta })),
  });
  return batch.buffer;
}

/** What kafkajs reads in a record set. */
export function decodeAsLibrary(set: Buffer): Promise<LibraryMessage[]> {
  const sized = Buffer.alloc(4 + set.length);
  sized.writeInt32BE(set.length);
  set.copy(sized, 4);
  return decodeMessages(new Decoder(sized));
}
