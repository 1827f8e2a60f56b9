import type { Framed, Framer } from './contract.ts';
import { EARLIER, EventCutter } from './event-cutter.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts newline-delimited JSON into its lines, by bytes and without looking into them. Lines end with \n or \r\n, the last
 * one also without. A line of nothing but spaces and tabs is no event and is not counted.
 */
export class NdjsonFramer implements Framer {
  readonly fault = undefined;
  readonly #cutter: EventCutter;

  constructor(payloadBytes: number) {
    this.#cutter = new EventCutter(payloadBytes);
  }

  push(chunk: Buffer, out: Framed[]): void {
    const cutter = this.#cutter;
    let start = cutter.isOpen ? EARLIER : skipBlank(chunk, 0);
    while (start < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, start === EARLIER ? 0 : start);
      if (newline === -1) break;
      const hasReturn = newline > 0 && chunk[newline - 1] === CARRIAGE_RETURN;
      if (start === EARLIER && newline === 0) cutter.dropLast(CARRIAGE_RETURN);
      cutter.event(start, hasReturn ? newline - 1 : newline);
      start = skipBlank(chunk, newline + 1);
    }
    cutter.endChunk(chunk, start, out);
  }

  end(out: Framed[]): void {
    if (this.#cutter.isOpen) this.push(Buffer.of(NEWLINE), out);
  }
}

/** Where the next line that is not blank has its first byte that is not space. */
function skipBlank(chunk: Buffer, from: number): number {
  let at = from;
  while (at < chunk.length) {
    const byte = chunk[at]!;
    if (byte > 0x20 || (byte !== NEWLINE && byte !== CARRIAGE_RETURN && byte !== 0x20 && byte !== 0x09)) break;
    at += 1;
  }
  return at;
}
