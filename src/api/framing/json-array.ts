import type { Framed, Framer } from './contract.ts';
import { EARLIER, EventCutter } from './event-cutter.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Brackets and braces differ from each other in this bit alone. */
const BRACE_BIT = 0x20;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Where in the array the scanner is. */
type Place = 'start' | 'first' | 'element' | 'scalar' | 'string' | 'nested' | 'after' | 'done';

/**
 * Finds the elements of one JSON array in a stream of bytes, across chunk borders and without parsing them: it follows
 * strings, escapes and nesting, no more. Whether an element is JSON is left to who parses it; what is between elements is
 * judged here, and a mistake there ends the array: nothing after it can be trusted to be an element (RFC 8259, section 5).
 */
export class JsonArrayFramer implements Framer {
  /** Says what is wrong with the array itself and where. Set once; nothing is taken afterwards. */
  fault: string | undefined = undefined;
  readonly #cutter: EventCutter;
  #place: Place = 'start';
  /** Brackets and braces open within the element. */
  #depth = 0;
  /** The last chunk ended with the backslash of an escape. */
  #escaped = false;
  #elements = 0;
  #consumedBytes: number;

  /** @param offset how many bytes of the body come before the first that will be pushed */
  constructor(payloadBytes: number, offset = 0) {
    this.#cutter = new EventCutter(payloadBytes);
    this.#consumedBytes = offset;
  }

  push(chunk: Buffer, out: Framed[]): void {
    if (this.fault !== undefined) return;
    const { length } = chunk;
    let place = this.#place;
    let depth = this.#depth;
    let start = place === 'scalar' || place === 'string' || place === 'nested' ? EARLIER : length;
    let at = 0;
    while (at < length) {
      const byte = chunk[at]!;
      if (place === 'string') {
        if (this.#escaped) {
          this.#escaped = false;
          at += 1;
          continue;
        }
        let inside = byte;
        while (inside !== QUOTE && inside !== BACKSLASH && ++at < length) inside = chunk[at]!;
        if (at === length) break;
        at += 1;
        if (inside === BACKSLASH) {
          if (at === length) this.#escaped = true;
          else at += 1;
        } else if (depth > 0) place = 'nested';
        else {
          this.#end(start, at);
          start = length;
          place = 'after';
        }
      } else if (place === 'nested') {
        at += 1;
        if (byte === QUOTE) place = 'string';
        else if ((byte | BRACE_BIT) === OPEN_BRACE) depth += 1;
        else if ((byte | BRACE_BIT) === CLOSE_BRACE && --depth === 0) {
          this.#end(start, at);
          start = length;
          place = 'after';
        }
      } else if (place === 'scalar') {
        if (byte === COMMA || byte === CLOSE_BRACKET || isSpace(byte)) {
          this.#end(start, at);
          start = length;
          place = 'after';
        } else at += 1;
      } else if (isSpace(byte)) at += 1;
      else if (place === 'after' || (place === 'first' && byte === CLOSE_BRACKET)) {
        if (byte === COMMA) place = 'element';
        else if (byte === CLOSE_BRACKET) place = 'done';
        else break;
        at += 1;
      } else if (place === 'start') {
        if (byte !== OPEN_BRACKET) break;
        place = 'first';
        at += 1;
      } else {
        if (place === 'done' || byte === COMMA || (byte | BRACE_BIT) === CLOSE_BRACE) break;
        start = at;
        at += 1;
        if ((byte | BRACE_BIT) === OPEN_BRACE) {
          depth = 1;
          place = 'nested';
        } else place = byte === QUOTE ? 'string' : 'scalar';
      }
    }
    this.#place = place;
    this.#depth = depth;
    this.#cutter.endChunk(chunk, start, out);
    if (at < length) this.#break(`not ${shown(chunk[at]!)}`, this.#consumedBytes + at);
    this.#consumedBytes += length;
  }

  end(_out: Framed[]): void {
    if (this.fault === undefined && this.#place !== 'done') this.#break('but the body ends', this.#consumedBytes);
  }

  #end(start: number, end: number): void {
    this.#elements += 1;
    this.#cutter.event(start, end);
  }

  #break(instead: string, offset: number): void {
    this.fault = `At byte ${offset} of the body, after ${this.#elements} ${this.#elements === 1 ? 'element' : 'elements'} of the array, ${EXPECTED[this.#place]} was expected, ${instead}.${this.#place === 'done' ? ' If every line is an event of its own, send Content-Type: application/x-ndjson.' : ''}`;
  }
}

const EXPECTED: Record<Place, string> = {
  start: '"["',
  first: 'an element or "]"',
  element: 'an element',
  scalar: 'the rest of an element and "]"',
  string: 'the rest of a string and "]"',
  nested: 'the rest of an element and "]"',
  after: '"," or "]"',
  done: 'the end of the body',
};

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const shown = (byte: number): string => (byte > 0x20 && byte < 0x7f ? JSON.stringify(String.fromCodePoint(byte)) : `byte 0x${byte.toString(16).padStart(2, '0')}`);
