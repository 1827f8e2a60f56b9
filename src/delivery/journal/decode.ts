import { crc32 } from 'node:zlib';
import type { NameSequence } from '../contract.ts';
import type { JournalEntry } from './contract.ts';
import { HEADER_BYTES, MAGIC, SEQUENCE, SPARSE, WANTS_OUTPUT } from './encode.ts';

export interface DecodedBlock {
  /** Of all entries together, as first written. */
  readonly events: number;
  readonly parts: readonly DecodedPart[];
}

export interface DecodedPart {
  /** The index in the block of the entry's first event. */
  readonly first: number;
  readonly count: number;
  readonly entry: JournalEntry;
  /** The events that compaction has left; null: all. Ascending, counted from `first`. */
  readonly present: Uint32Array | null;
}

/** Reads a block's value back. Raises an Error that says what is wrong with it; `value` is kept by the answer. */
export function decodeBlock(value: Buffer): DecodedBlock {
  if (value.length < HEADER_BYTES || value.readUInt32LE(0) !== MAGIC) {
    throw new Error('it does not begin as a record of this version does');
  }
  if (crc32(value.subarray(8)) !== value.readUInt32LE(4)) {
    throw new Error('its checksum does not match');
  }
  const reader = new Reader(value, HEADER_BYTES);
  const entries = value.readUInt32LE(8);
  const parts: DecodedPart[] = [];
  let first = 0;
  for (let i = 0; i < entries; i += 1) {
    const part = decodePart(reader, first);
    parts.push(part);
    first += part.count;
  }
  if (first !== value.readUInt32LE(12)) {
    throw new Error('it holds another number of events than it says');
  }
  return { events: first, parts };
}

class Reader {
  readonly value: Buffer;
  at: number;

  constructor(value: Buffer, at: number) {
    this.value = value;
    this.at = at;
  }

  uint32(): number {
    this.at += 4;
    return this.value.readUInt32LE(this.at - 4);
  }

  double(): number {
    this.at += 8;
    return this.value.readDoubleLE(this.at - 8);
  }

  text(): string {
    const start = this.at + 2;
    this.at = start + this.value.readUInt16LE(this.at);
    return this.value.toString('utf8', start, this.at);
  }

  bytes(length: number): Buffer {
    const start = this.at;
    this.at += length;
    if (this.at > this.value.length) {
      throw new RangeError('it is shorter than it says');
    }
    return this.value.subarray(start, this.at);
  }
}

function decodePart(reader: Reader, first: number): DecodedPart {
  const flags = reader.bytes(1)[0] ?? 0;
  const startTimeMs = reader.double();
  const count = reader.uint32();
  const machine = reader.text();
  const present = (flags & SPARSE) === 0 ? null : Uint32Array.from({ length: reader.uint32() }, () => reader.uint32());
  const held = present === null ? count : present.length;
  const indexAt = (i: number): number => (present === null ? i : (present[i] ?? 0));

  let names: string[] | NameSequence;
  if ((flags & SEQUENCE) === 0) {
    names = Array.from<string>({ length: count }).fill('');
    for (let i = 0; i < held; i += 1) {
      names[indexAt(i)] = reader.text();
    }
  } else {
    const prefix = reader.text();
    names = { prefix, firstSerial: reader.double() };
  }

  const spans = new Uint32Array(count * 2);
  for (let i = 0; i < held; i += 1) {
    const index = indexAt(i);
    spans[2 * index] = reader.uint32();
    spans[2 * index + 1] = reader.uint32();
  }
  const bytes = reader.bytes(reader.uint32());
  return { first, count, present, entry: { machine, bytes, spans, names, startTimeMs, wantsOutput: (flags & WANTS_OUTPUT) !== 0 } };
}
