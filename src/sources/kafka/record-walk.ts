import { NONE } from '../../delivery/source.ts';
import type { RecordBatch } from './record-batch.ts';

/*
 *   Record => length(varint) attributes(int8) timestampDelta(varlong) offsetDelta(varint)
 *             keyLength(varint, -1: null) key valueLength(varint, -1: null) value headerCount(varint) headers
 *
 * One walk over these numbers is all that the main thread does with a record: it makes no object and no string of it.
 */

/** The records of one batch, decompressed; several sections may lie in the same bytes, one after the other. */
export interface Section {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly batch: RecordBatch;
}

/** Records whose offsets follow one another without a gap, in as many bytes as lie between the first and the last. */
export interface Chunk {
  readonly firstOffset: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Offset and length of each value; a length of 0 for null. */
  readonly spans: Uint32Array;
  /** These only where everything is wanted; a length of NONE where there is no key, or there are no headers. */
  readonly keys?: Uint32Array;
  readonly headers?: Uint32Array;
  readonly timestamps?: Float64Array;
}

export interface WalkOptions {
  /** Offsets below are left out: the log is read from the beginning of a batch. */
  readonly from: number;
  /** Tells of an offset that it has been settled, by somebody who said so in a commit; asked only below settledTo. */
  readonly isSettled?: (offset: number) => boolean;
  readonly settledTo?: number;
  /** Keys, headers and times as well as values. */
  readonly everything: boolean;
  readonly maxEvents: number;
  /** Copies what is offered to memory of its own: the sections' is used again. Left out: only where little of it would be kept. */
  readonly copy?: (bytes: Uint8Array) => Uint8Array;
  /** A record that is larger is a chunk of its own. */
  readonly maxBytes: number;
}

/** Of a chunk, at the most, unless a record is larger. */
export const CHUNK_BYTES = 256 * 1024;
/** A chunk that is less than this part of the memory it lies in would keep too much of it alive, and is copied out. */
const WORTH_KEEPING = 1 / 8;

/** Where the integer that was read last ends. A variable of the module, since a function returns one number only. */
let cursor = 0;

function varint(bytes: Uint8Array): number {
  let byte = bytes[cursor++] as number;
  let result = byte & 0x7f;
  for (let shift = 7; byte >= 0x80; shift += 7) {
    if (shift > 28) throw damaged('a number longer than 32 bits');
    byte = bytes[cursor++] as number;
    result |= (byte & 0x7f) << shift;
  }
  return (result >>> 1) ^ -(result & 1);
}

function varlong(bytes: Uint8Array): number {
  let byte = bytes[cursor++] as number;
  let result = byte & 0x7f;
  for (let factor = 128, i = 1; byte >= 0x80; factor *= 128, i++) {
    if (i > 9) throw damaged('a number longer than 64 bits');
    byte = bytes[cursor++] as number;
    result += (byte & 0x7f) * factor;
  }
  return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
}

const damaged = (what: string): RangeError => new RangeError(`The log holds a damaged record: ${what}.`);

/** Walks the records of sections and answers them chunk by chunk, so that the caller may wait between two. */
export class RecordWalk {
  /** Records that were left out because they had been settled. */
  repeated = 0;
  readonly #sections: readonly Section[];
  readonly #options: WalkOptions;
  #index = 0;
  #at = 0;
  /** Records of the section not walked yet. */
  #left = 0;
  readonly #capacity: number;
  /** Filled for one chunk after the other, and copied out: chunks of a log with gaps are short. */
  readonly #spans: Uint32Array;
  readonly #keys: Uint32Array | undefined;
  readonly #headers: Uint32Array | undefined;
  readonly #timestamps: Float64Array | undefined;

  constructor(sections: readonly Section[], options: WalkOptions) {
    this.#sections = sections;
    this.#options = options;
    let records = 0;
    for (const { batch } of sections) records += batch.count;
    this.#capacity = Math.max(1, Math.min(options.maxEvents, records));
    this.#spans = new Uint32Array(2 * this.#capacity);
    this.#keys = options.everything ? new Uint32Array(2 * this.#capacity) : undefined;
    this.#headers = options.everything ? new Uint32Array(2 * this.#capacity) : undefined;
    this.#timestamps = options.everything ? new Float64Array(this.#capacity) : undefined;
    this.#enter(0);
  }

  /** @throws RangeError when the bytes are not records */
  next(): Chunk | undefined {
    const { from, isSettled, settledTo = 0, maxBytes } = this.#options;
    const capacity = this.#capacity;
    const spans = this.#spans;
    const keys = this.#keys;
    const headers = this.#headers;
    const timestamps = this.#timestamps;
    let count = 0;
    let firstOffset = 0;
    let origin = 0;
    let end = 0;
    let home: Buffer | undefined;
    for (let section = this.#sections[this.#index]; section !== undefined; section = this.#enter(this.#index + 1)) {
      const { bytes, batch } = section;
      if (home !== undefined && home !== bytes && this.#left > 0) break;
      while (this.#left > 0) {
        if (count === capacity && count > 0) return this.#chunk(home as Buffer, origin, end, firstOffset, count);
        const start = this.#at;
        cursor = start;
        const length = varint(bytes);
        const recordEnd = cursor + length;
        if (length < 0 || recordEnd > section.end) throw damaged('a length beyond its batch');
        cursor++;
        const time = varlong(bytes);
        const offset = batch.firstOffset + varint(bytes);
        const skipped = offset < from || (offset < settledTo && isSettled?.(offset) === true);
        if (skipped) {
          if (offset >= from) this.repeated++;
        } else {
          if (count === 0) {
            firstOffset = offset;
            origin = start;
            home = bytes;
          } else if (offset !== firstOffset + count || recordEnd - origin > maxBytes) {
            return this.#chunk(home as Buffer, origin, end, firstOffset, count);
          }
          const keyLength = varint(bytes);
          const key = cursor;
          if (keyLength > 0) cursor += keyLength;
          const valueLength = varint(bytes);
          spans[2 * count] = cursor - origin;
          spans[2 * count + 1] = valueLength > 0 ? valueLength : 0;
          if (valueLength > 0) cursor += valueLength;
          if (keys !== undefined && headers !== undefined && timestamps !== undefined) {
            keys[2 * count] = key - origin;
            keys[2 * count + 1] = keyLength < 0 ? NONE : keyLength;
            headers[2 * count] = cursor - origin;
            headers[2 * count + 1] = bytes[cursor] === 0 ? NONE : recordEnd - cursor;
            timestamps[count] = batch.appendTime ? batch.timestampMs : batch.timestampMs + time;
          }
          // An undefined byte makes the lengths NaN or 0 and the cursor pass the end.
          if (!(cursor < recordEnd)) throw damaged('a key or a value beyond its end');
          end = recordEnd;
          count++;
        }
        this.#at = recordEnd;
        this.#left--;
      }
    }
    return home === undefined ? undefined : this.#chunk(home, origin, end, firstOffset, count);
  }

  #enter(index: number): Section | undefined {
    this.#index = index;
    const section = this.#sections[index];
    this.#at = section?.start ?? 0;
    this.#left = section?.batch.count ?? 0;
    return section;
  }

  #chunk(home: Buffer, origin: number, end: number, firstOffset: number, count: number): Chunk {
    const bytes = home.subarray(origin, end);
    return {
      firstOffset,
      count,
      bytes: this.#options.copy !== undefined ? this.#options.copy(bytes) : bytes.byteLength < home.buffer.byteLength * WORTH_KEEPING ? new Uint8Array(bytes) : bytes,
      spans: this.#spans.slice(0, 2 * count),
      ...(this.#keys === undefined ? {} : { keys: this.#keys.slice(0, 2 * count) }),
      ...(this.#headers === undefined ? {} : { headers: this.#headers.slice(0, 2 * count) }),
      ...(this.#timestamps === undefined ? {} : { timestamps: this.#timestamps.slice(0, count) }),
    };
  }
}
