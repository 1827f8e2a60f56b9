import { crc32 } from 'node:zlib';
import type { JournalEntry } from './contract.ts';

/**
 * A block's value, integers little-endian:
 *
 *   block  magic(4) crc32 of what follows(4) entries(4) events(4) entry…
 *   entry  flags(1) startTimeMs(8, float) events(4) machine(text)
 *          present(4) index(4)…                      only with SPARSE
 *          prefix(text) firstSerial(8, float)        with SEQUENCE, otherwise one text for each present event
 *          offset(4) length(4)…                      for each present event, into payload
 *          payloadLength(4) payload
 *   text   length(2) UTF-8
 */
export const MAGIC = 0x314a_524d;
export const HEADER_BYTES = 16;
export const WANTS_OUTPUT = 1;
export const SEQUENCE = 2;
export const SPARSE = 4;

const TEXT_LIMIT = 0xffff;
const INITIAL_BYTES = 256 * 1024;

/** Never less than what the entry takes when encoded; cheap enough to ask before every append. */
export function encodedBound(entry: JournalEntry): number {
  const spans = entry.spans;
  let bound = 64 + entry.machine.length * 3 + spans.length * 4 + payloadEnd(spans) - payloadStart(spans);
  if ('prefix' in entry.names) {
    return bound + entry.names.prefix.length * 3;
  }
  for (const name of entry.names) {
    bound += 2 + name.length * 3;
  }
  return bound;
}

/** Encodes blocks back to back into one growing buffer, which is used again for the next commit. */
export class BlockWriter {
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** Where the next byte goes. */
  end = 0;
  entries = 0;
  events = 0;
  #start = 0;

  begin(): void {
    this.#start = this.end;
    this.#reserve(HEADER_BYTES);
    this.end += HEADER_BYTES;
    this.entries = 0;
    this.events = 0;
  }

  /** Length of the block so far. */
  get length(): number {
    return this.end - this.#start;
  }

  /** Completes the block; answers where it lies in the buffer. */
  seal(): { start: number; end: number } {
    const { buffer, end } = this;
    const start = this.#start;
    buffer.writeUInt32LE(MAGIC, start);
    buffer.writeUInt32LE(this.entries, start + 8);
    buffer.writeUInt32LE(this.events, start + 12);
    buffer.writeUInt32LE(crc32(buffer.subarray(start + 8, end)), start + 4);
    return { start, end };
  }

  /** Writes an entry; with `present` (ascending) only those events of it. `bound` is what encodedBound says of the entry. */
  add(entry: JournalEntry, bound: number, present: Uint32Array | null = null): void {
    this.#reserve(bound + (present === null ? 0 : 4 + present.length * 4));
    const buffer = this.buffer;
    const { spans, names } = entry;
    const count = spans.length >>> 1;
    const sequence = 'prefix' in names;
    let at = this.end;
    buffer[at] = (entry.wantsOutput ? WANTS_OUTPUT : 0) | (sequence ? SEQUENCE : 0) | (present === null ? 0 : SPARSE);
    buffer.writeDoubleLE(entry.startTimeMs, at + 1);
    buffer.writeUInt32LE(count, at + 9);
    at = writeText(buffer, entry.machine, at + 13);
    if (present !== null) {
      buffer.writeUInt32LE(present.length, at);
      at += 4;
      for (const index of present) {
        buffer.writeUInt32LE(index, at);
        at += 4;
      }
    }
    if (sequence) {
      at = writeText(buffer, names.prefix, at);
      buffer.writeDoubleLE(names.firstSerial, at);
      at += 8;
    } else if (present === null) {
      for (let index = 0; index < count; index += 1) {
        at = writeText(buffer, names[index] ?? '', at);
      }
    } else {
      for (const index of present) {
        at = writeText(buffer, names[index] ?? '', at);
      }
    }
    this.end = present === null ? writeWhole(buffer, at, entry) : writePresent(buffer, at, entry, present);
    this.entries += 1;
    this.events += count;
  }

  /** Forgets what was written; a buffer that grew for one unusual commit is let go. */
  reset(): void {
    this.end = 0;
    this.entries = 0;
    if (this.buffer.length > 64 * INITIAL_BYTES) {
      this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    }
  }

  #reserve(bytes: number): void {
    const needed = this.end + bytes;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.end);
      this.buffer = larger;
    }
  }
}

/** Copies the range that the spans cover in one go, gaps included: that is cheaper than event by event. */
function writeWhole(buffer: Buffer, from: number, entry: JournalEntry): number {
  const { spans, bytes } = entry;
  const start = payloadStart(spans);
  const end = payloadEnd(spans);
  let at = from;
  for (let i = 0; i < spans.length; i += 2) {
    buffer.writeUInt32LE((spans[i] ?? 0) - start, at);
    buffer.writeUInt32LE(spans[i + 1] ?? 0, at + 4);
    at += 8;
  }
  buffer.writeUInt32LE(end - start, at);
  buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at + 4);
  return at + 4 + end - start;
}

function writePresent(buffer: Buffer, from: number, entry: JournalEntry, present: Uint32Array): number {
  const { spans, bytes } = entry;
  let at = from;
  let length = 0;
  for (const index of present) {
    const size = spans[2 * index + 1] ?? 0;
    buffer.writeUInt32LE(length, at);
    buffer.writeUInt32LE(size, at + 4);
    at += 8;
    length += size;
  }
  buffer.writeUInt32LE(length, at);
  at += 4;
  for (const index of present) {
    const offset = spans[2 * index] ?? 0;
    const size = spans[2 * index + 1] ?? 0;
    buffer.set(bytes.subarray(offset, offset + size), at);
    at += size;
  }
  return at;
}

function writeText(buffer: Buffer, text: string, at: number): number {
  const length = buffer.write(text, at + 2);
  if (length > TEXT_LIMIT) {
    throw new RangeError('A name in the journal is longer than 65,535 bytes.');
  }
  buffer.writeUInt16LE(length, at);
  return at + 2 + length;
}

function payloadStart(spans: Uint32Array): number {
  let lowest = spans.length === 0 ? 0 : 0xffff_ffff;
  for (let i = 0; i < spans.length; i += 2) {
    const offset = spans[i] ?? 0;
    lowest = offset < lowest ? offset : lowest;
  }
  return lowest;
}

function payloadEnd(spans: Uint32Array): number {
  let highest = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const end = (spans[i] ?? 0) + (spans[i + 1] ?? 0);
    highest = end > highest ? end : highest;
  }
  return highest;
}
