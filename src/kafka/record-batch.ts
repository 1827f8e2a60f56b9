import { crc32c } from './crc32c.ts';

/*
 * A record batch, version 2 (KIP-98); integers big-endian:
 *
 *   batch  := baseOffset(int64) length(int32) leaderEpoch(int32) magic(int8: 2) crc(uint32) attributes(int16)
 *             lastOffsetDelta(int32) baseTimestamp(int64) maxTimestamp(int64) producerId(int64) producerEpoch(int16)
 *             baseSequence(int32) count(int32) record*
 *   record := length(varint) attributes(int8) timestampDelta(varlong) offsetDelta(varint) bytes bytes headers
 *   bytes  := length(varint; -1: null) byte*           a key, a value
 *   headers:= count(varint) (length(varint) name length(varint) value)*
 *
 * varint and varlong are zigzag-encoded. The crc covers everything from the attributes on; compression what follows the count.
 */

const HEAD_BYTES = 61;
const ATTRIBUTES_AT = 21;
const FIRST_ROOM = 16 * 1024;
const MAX_VARINT = 5;

/** A header's name, and its value the last time: most are the same in record after record. */
interface KnownHeader {
  /** With its length. */
  readonly name: Uint8Array;
  value: string;
  /** Name and value with their lengths, once the value has come a second time. */
  bytes: Uint8Array | undefined;
}

const known = new Map<string, KnownHeader>();
/** Names come from events too; only so many are remembered. */
const MAX_KNOWN = 64;

const sizeOfVarint = (number: number): number => {
  const zigzag = ((number << 1) ^ (number >> 31)) >>> 0;
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x20_0000 ? 3 : zigzag < 0x1000_0000 ? 4 : 5;
};

/** Writes the records of one batch, all of the same time. */
export class RecordWriter {
  #bytes = Buffer.allocUnsafe(FIRST_ROOM);
  #at = 0;
  #count = 0;
  /** Of the record at hand: its headers, and the lengths of those values that have to be written out. */
  readonly #headers: KnownHeader[] = [];
  readonly #lengths: number[] = [];

  get count(): number {
    return this.#count;
  }

  /** What has been written; a view, valid until more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  add(key: Uint8Array | null, value: Uint8Array, headers: Readonly<Record<string, string>>): void {
    const named = this.#headers;
    const lengths = this.#lengths;
    let count = 0;
    let headerBytes = 0;
    for (const name in headers) {
      const text = headers[name] as string;
      const header = headerOf(name, text);
      named[count] = header;
      if (header.bytes !== undefined) headerBytes += header.bytes.length;
      else {
        const length = Buffer.byteLength(text);
        lengths[count] = length;
        headerBytes += header.name.length + sizeOfVarint(length) + length;
      }
      count += 1;
    }
    const keyLength = key === null ? -1 : key.length;
    const length = 2 + sizeOfVarint(this.#count) + sizeOfVarint(keyLength) + Math.max(0, keyLength) + sizeOfVarint(value.length) + value.length + sizeOfVarint(count) + headerBytes;
    this.#makeRoom(length + MAX_VARINT);
    this.#varint(length);
    this.#bytes[this.#at++] = 0; // Attributes.
    this.#bytes[this.#at++] = 0; // Timestamp delta.
    this.#varint(this.#count);
    this.#varint(keyLength);
    if (key !== null) this.#copy(key);
    this.#varint(value.length);
    this.#copy(value);
    this.#varint(count);
    for (let i = 0; i < count; i++) {
      const { name, value, bytes } = named[i] as KnownHeader;
      if (bytes !== undefined) this.#copy(bytes);
      else {
        this.#copy(name);
        this.#text(value, lengths[i] as number);
      }
    }
    this.#count += 1;
  }

  #text(text: string, length: number): void {
    this.#varint(length);
    this.#bytes.write(text, this.#at, length, length === text.length ? 'latin1' : 'utf8');
    this.#at += length;
  }

  #varint(number: number): void {
    let rest = ((number << 1) ^ (number >> 31)) >>> 0;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** The header with this value, which is its value until it is asked for again. */
function headerOf(name: string, value: string): KnownHeader {
  const header = known.get(name);
  if (header === undefined) {
    const fresh: KnownHeader = { name: withLength(Buffer.from(name, 'utf8')), value, bytes: undefined };
    if (known.size < MAX_KNOWN) known.set(name, fresh);
    return fresh;
  }
  if (header.value !== value) {
    header.value = value;
    header.bytes = undefined;
  } else header.bytes ??= Buffer.concat([header.name, withLength(Buffer.from(value, 'utf8'))]);
  return header;
}

function withLength(bytes: Uint8Array): Buffer {
  const whole = Buffer.alloc(sizeOfVarint(bytes.length) + bytes.length);
  whole.set(bytes, writeVarint(whole, 0, bytes.length));
  return whole;
}

function writeVarint(bytes: Uint8Array, from: number, number: number): number {
  let at = from;
  let rest = ((number << 1) ^ (number >> 31)) >>> 0;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

export interface BatchSeal {
  readonly count: number;
  /** Kafka's number of the compression that the records have been through. */
  readonly compression: number;
  readonly timeMs: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** Puts the head of a batch before its records. */
export function sealBatch(records: Uint8Array, { count, compression, timeMs, producerId, producerEpoch, baseSequence }: BatchSeal): Buffer {
  const batch = Buffer.allocUnsafe(HEAD_BYTES + records.length);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(compression, ATTRIBUTES_AT);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(BigInt(timeMs), 27);
  batch.writeBigInt64BE(BigInt(timeMs), 35);
  batch.writeBigInt64BE(producerId, 43);
  batch.writeInt16BE(producerEpoch, 51);
  batch.writeInt32BE(baseSequence, 53);
  batch.writeInt32BE(count, 57);
  batch.set(records, HEAD_BYTES);
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), 17);
  return batch;
}
