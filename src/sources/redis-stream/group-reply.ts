import type { Entries, Portion } from './entries.ts';
import { IdsInPlace } from './ids.ts';

/*
 * The answer to XREADGROUP, RESP2:
 *
 *   reply   = "*-1\r\n" (nothing came) / "*" streams CRLF stream… / "-" message CRLF
 *   stream  = "*2\r\n" bulk(name) "*" entries CRLF entry…
 *   entry   = "*2\r\n" bulk(id) ( "*" pieces CRLF bulk(name or value)… / "*-1\r\n" (deleted) )
 *   bulk(x) = "$" length CRLF x CRLF
 */

const CR = 13;
const MINUS = 45;
const ARRAY = 42;
const BULK = 36;
/** More bytes have to come first. */
const MORE = -2;
const NIL = -1;

/** What of one stream has been read so far. */
interface Section {
  readonly name: string;
  left: number;
  /** Entries so far; what follows has room for all that were announced. */
  count: number;
  /** Offset and length of each id. */
  readonly ids: Uint32Array;
  /** Where the fields of each entry begin. */
  readonly fieldsAt: Uint32Array;
  /** Offset and length of each value. */
  readonly values: Uint32Array;
  readonly deleted: string[];
  single: boolean;
}

/**
 * Reads one answer as its bytes come, and leaves the values where they are. An answer that fits one chunk is not copied; of a
 * longer one each byte is looked at once.
 */
export class GroupReply {
  readonly #valueField: Buffer | null;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #at = 0;
  #streamsLeft = MORE;
  readonly #sections: Section[] = [];
  /** The message of an error that was answered. */
  error: string | undefined;

  constructor(valueField: Buffer | null) {
    this.#valueField = valueField;
  }

  /**
   * Takes bytes; true once the answer is complete.
   *
   * @throws Error when they are none
   */
  push(chunk: Buffer): boolean {
    this.#append(chunk);
    return this.#advance();
  }

  /** What follows a complete answer. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#at, this.#length);
  }

  portions(): Portion[] {
    return this.#sections.map((section) => ({ stream: section.name, entries: this.#entriesOf(section), deleted: section.deleted }));
  }

  #append(chunk: Buffer): void {
    if (this.#length === 0) {
      this.#bytes = chunk;
      this.#length = chunk.length;
      return;
    }
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** Goes on from the last part that was complete. */
  #advance(): boolean {
    if (this.#streamsLeft === MORE) {
      if (this.#bytes[0] === MINUS) return this.#takeError();
      const streams = this.#number(ARRAY, 0);
      if (streams === MORE) return false;
      this.#streamsLeft = Math.max(0, streams);
      this.#at = this.#next;
    }
    for (;;) {
      const section = this.#sections.at(-1);
      if (section !== undefined && section.left > 0) {
        if (!this.#takeEntry(section)) return false;
      } else {
        if (this.#streamsLeft === 0) return true;
        if (!this.#takeHead()) return false;
        this.#streamsLeft--;
      }
    }
  }

  #takeError(): boolean {
    const end = this.#bytes.indexOf('\r\n');
    if (end < 0 || end + 2 > this.#length) return false;
    this.error = this.#bytes.toString('utf8', 1, end);
    this.#at = end + 2;
    return true;
  }

  #takeHead(): boolean {
    if (this.#number(ARRAY, this.#at) === MORE) return false;
    const length = this.#number(BULK, this.#next);
    const from = this.#next;
    if (length === MORE || from + length + 2 > this.#length) return false;
    const count = this.#number(ARRAY, from + length + 2);
    if (count === MORE) return false;
    this.#sections.push({ name: this.#bytes.toString('utf8', from, from + length), left: count, count: 0, ids: new Uint32Array(2 * count), fieldsAt: new Uint32Array(count), values: new Uint32Array(2 * count), deleted: [], single: true });
    this.#at = this.#next;
    return true;
  }

  #takeEntry(section: Section): boolean {
    const field = this.#valueField;
    if (this.#number(ARRAY, this.#at) === MORE) return false;
    const idLength = this.#number(BULK, this.#next);
    const idFrom = this.#next;
    if (idLength === MORE || idFrom + idLength + 2 > this.#length) return false;
    const fieldsAt = idFrom + idLength + 2;
    const pieces = this.#number(ARRAY, fieldsAt);
    if (pieces === MORE) return false;
    let at = this.#next;
    let valueAt = 0;
    let valueLength = 0;
    let found = false;
    for (let piece = 0; piece < pieces; piece += 2) {
      const nameLength = this.#number(BULK, at);
      const nameAt = this.#next;
      if (nameLength === MORE) return false;
      const length = this.#number(BULK, nameAt + nameLength + 2);
      if (length === MORE) return false;
      at = this.#next + length + 2;
      if (at > this.#length) return false;
      // Of a field that is there twice, the first.
      if (found || field === null || nameLength !== field.length || !this.#isAt(field, nameAt)) continue;
      found = true;
      valueAt = this.#next;
      valueLength = length;
    }
    if (pieces === NIL) section.deleted.push(this.#bytes.toString('latin1', idFrom, idFrom + idLength));
    else {
      const i = section.count++;
      section.ids[2 * i] = idFrom;
      section.ids[2 * i + 1] = idLength;
      section.fieldsAt[i] = fieldsAt;
      section.values[2 * i] = valueAt;
      section.values[2 * i + 1] = valueLength;
      if (pieces > 2 || !found) section.single = false;
    }
    section.left--;
    this.#at = at;
    return true;
  }

  #isAt(field: Buffer, at: number): boolean {
    for (let i = 0; i < field.length; i++) if (this.#bytes[at + i] !== field[i]) return false;
    return true;
  }

  /** Where the bytes after the last number begin. */
  #next = 0;

  /** The number that follows a mark, up to the end of its line. */
  #number(mark: number, at: number): number {
    const bytes = this.#bytes;
    const length = this.#length;
    if (at >= length) return MORE;
    if (bytes[at] !== mark) throw new Error(`Redis answers ${String.fromCharCode(bytes[at]!)} where ${String.fromCharCode(mark)} was to come`);
    let number = 0;
    let sign = 1;
    for (let i = at + 1; i < length; i++) {
      const byte = bytes[i]!;
      if (byte === CR) {
        if (i + 1 >= length) return MORE;
        this.#next = i + 2;
        return sign * number;
      }
      if (byte === MINUS) sign = -1;
      else number = 10 * number + byte - 48;
    }
    return MORE;
  }

  #entriesOf({ count, ids, fieldsAt, values, single }: Section): Entries {
    const bytes = this.#bytes.subarray(0, this.#at);
    return {
      ids: new IdsInPlace(bytes, ids.subarray(0, 2 * count)),
      fields: (i) => this.#fieldsFrom(fieldsAt[i]!),
      ...(this.#valueField === null ? {} : { inPlace: { bytes, spans: values.subarray(0, 2 * count), single } }),
    };
  }

  #fieldsFrom(start: number): Buffer[] {
    const pieces = this.#number(ARRAY, start);
    let at = this.#next;
    return Array.from({ length: pieces }, () => {
      const length = this.#number(BULK, at);
      const piece = this.#bytes.subarray(this.#next, this.#next + length);
      at = this.#next + length + 2;
      return piece;
    });
  }
}
