import { OVERSIZE } from './contract.ts';
import type { Framed, Piece } from './contract.ts';
import { GrowingBuffer } from './growing-buffer.ts';

/** The start of an event that began in an earlier chunk. */
export const EARLIER = -1;

/** No byte offset can be this long (spans are 32 bits, a chunk is far shorter), so it can mark a refused event. */
const REFUSED = 0xffff_ffff;
const FIRST_EVENTS = 1024;
/** A carriage return before the newline belongs to the line break and not to the event. */
const SLACK_BYTES = 1;

/**
 * Keeps what a scanner must remember between chunks: the event that the last chunk left open, and the spans found in this
 * one. A scanner reports offsets in its chunk (EARLIER for the open event); spans come out relative to the piece. An event
 * over the limit is dropped as it arrives, so that memory holds one event of the permitted size and one chunk at the most.
 */
export class EventCutter {
  readonly #limitBytes: number;
  readonly #open = new GrowingBuffer();
  #dropping = false;
  #spans = new Uint32Array(2 * FIRST_EVENTS);
  #used = 0;
  #refusals = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** True when the last chunk ended within an event. */
  get isOpen(): boolean {
    return this.#dropping || this.#open.length > 0;
  }

  /** Drops the last byte of the open event if it is `byte`. */
  dropLast(byte: number): void {
    this.#open.dropLast(byte);
  }

  event(start: number, end: number): void {
    const openBytes = this.#open.length;
    if (start === EARLIER) {
      if (this.#dropping || openBytes + end > this.#limitBytes) this.#refuse();
      else this.#add(0, openBytes + end);
      this.#dropping = false;
    } else if (end - start > this.#limitBytes) this.#refuse();
    else this.#add(openBytes + start, end - start);
  }

  /** The chunk has been scanned. `openStart` is where the event that is still open starts: chunk.length for none. */
  endChunk(chunk: Buffer, openStart: number, out: Framed[]): void {
    if (this.#used > 0) this.#emit(this.#open.length > 0 ? this.#open.joined(chunk) : alone(chunk), out);
    if (openStart !== EARLIER) {
      this.#open.clear();
      this.#dropping = false;
    }
    if (this.#dropping || openStart === chunk.length) return;
    const rest = openStart <= 0 ? chunk : chunk.subarray(openStart);
    if (this.#open.length + rest.length <= this.#limitBytes + SLACK_BYTES) this.#open.append(rest);
    else {
      this.#dropping = true;
      this.#open.clear();
    }
  }

  #add(offset: number, length: number): void {
    if (this.#used === this.#spans.length) {
      const grown = new Uint32Array(this.#spans.length * 2);
      grown.set(this.#spans);
      this.#spans = grown;
    }
    this.#spans[this.#used] = offset;
    this.#spans[this.#used + 1] = length;
    this.#used += 2;
  }

  #refuse(): void {
    this.#refusals += 1;
    this.#add(0, REFUSED);
  }

  #emit(bytes: Buffer, out: Framed[]): void {
    const spans = this.#spans;
    if (this.#refusals === 0) out.push({ bytes, spans: spans.slice(0, this.#used) });
    else {
      let from = 0;
      for (let at = 0; at <= this.#used; at += 2) {
        if (at < this.#used && spans[at + 1] !== REFUSED) continue;
        if (at > from) out.push(excerpt(bytes, spans.slice(from, at)));
        if (at < this.#used) out.push(OVERSIZE);
        from = at + 2;
      }
    }
    this.#used = 0;
    this.#refusals = 0;
  }
}

/** A receiver may transfer the ArrayBuffer of a piece, so no two pieces share one, nor does a piece share one with anybody else. */
function alone(chunk: Buffer): Buffer {
  return chunk.buffer.byteLength === chunk.length ? chunk : copyOf(chunk);
}

function excerpt(bytes: Buffer, spans: Uint32Array): Piece {
  const start = spans[0]!;
  const end = spans.at(-2)! + spans.at(-1)!;
  for (let at = 0; at < spans.length; at += 2) spans[at]! -= start;
  return { bytes: copyOf(bytes.subarray(start, end)), spans };
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
