/*
 * What brokers store and send since Kafka 0.11 (KIP-98), big-endian:
 *
 *   RecordBatch => baseOffset(int64) length(int32: of what follows) leaderEpoch(int32) magic(int8: 2) crc(int32)
 *                  attributes(int16) lastOffsetDelta(int32) baseTimestamp(int64) maxTimestamp(int64) producerId(int64)
 *                  producerEpoch(int16) baseSequence(int32) count(int32) records
 *
 * Attributes: bits 0 to 2 compression, 3 times are those of the append, 4 transactional, 5 control.
 */

const LENGTH = 8;
const MAGIC = 16;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const COUNT = 57;
const RECORDS = 61;
/** What stands before the part that `length` counts. */
const PREFIX = 12;

/** A record batch as it came, its header read and its records not. */
export interface RecordBatch {
  /** Where it lies; the buffer is the record set of a partition, which its neighbours share. */
  readonly buffer: Buffer;
  /** Where the records begin and end in the buffer; compressed, unless compression is 0. */
  readonly start: number;
  readonly end: number;
  readonly firstOffset: number;
  /** The last offset that the batch stands for; compaction may have taken the record itself. */
  readonly lastOffset: number;
  readonly count: number;
  readonly compression: number;
  /** Unix milliseconds; each record adds its own to it. */
  readonly timestampMs: number;
  /** True: all records have exactly that time, the one of the append. */
  readonly appendTime: boolean;
  readonly transactional: boolean;
  readonly control: boolean;
  /** Zero unless it is transactional. */
  readonly producerId: bigint;
}

/** A 64-bit integer as a double: exact to 2^53, which no offset and no time reaches. */
export const readInt64 = (buffer: Buffer, at: number): number => buffer.readInt32BE(at) * 4_294_967_296 + buffer.readUInt32BE(at + 4);

/** True when the set begins with a batch of the format above; before Kafka 0.11 there were others. */
export const isRecordBatch = (set: Buffer): boolean => set.length > MAGIC && set[MAGIC] === 2;

/**
 * Reads the headers of all whole batches of a set. A broker cuts the last one off where the response is full. The checksum is
 * not compared, as kafkajs does not: the connection's own has been.
 */
export function readBatches(set: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at + RECORDS <= set.length && set[at + MAGIC] === 2; ) {
    const end = at + PREFIX + set.readInt32BE(at + LENGTH);
    if (end > set.length || end < at + RECORDS) break;
    batches.push(readHeader(set, at, end));
    at = end;
  }
  return batches;
}

function readHeader(set: Buffer, at: number, end: number): RecordBatch {
  const attributes = set.readInt16BE(at + ATTRIBUTES);
  const firstOffset = readInt64(set, at);
  const appendTime = (attributes & 0x08) !== 0;
  const transactional = (attributes & 0x10) !== 0;
  return {
    buffer: set,
    start: at + RECORDS,
    end,
    firstOffset,
    lastOffset: firstOffset + set.readInt32BE(at + LAST_OFFSET_DELTA),
    count: set.readInt32BE(at + COUNT),
    compression: attributes & 0x07,
    timestampMs: readInt64(set, at + (appendTime ? MAX_TIMESTAMP : BASE_TIMESTAMP)),
    appendTime,
    transactional,
    control: (attributes & 0x20) !== 0,
    producerId: transactional ? set.readBigInt64BE(at + PRODUCER_ID) : 0n,
  };
}
