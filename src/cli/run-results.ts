import type { End, Parcel, Settler } from '../delivery/contract.ts';
import type { LineWriter } from './output.ts';
import type { LineOf } from './run-lines.ts';

/** How many executions ended in which way. */
export interface Counts {
  succeeded: number;
  failed: number;
  timedOut: number;
  rejected: number;
}

/** Results of neighbouring events; those that came out of turn wait here. */
interface Shelf {
  readonly firstIndex: number;
  readonly count: number;
  readonly lineOf: LineOf;
  /** By position; undefined: not there yet, or written. */
  readonly lines: (string | undefined)[];
  /** Position of the next line to be written. */
  next: number;
  following: Shelf | undefined;
}

/** Results that wait for their turn, with those that are expected of what is in flight, may take so much memory. */
const MAX_HELD_CHARS = 64 * 1024 * 1024;
const FIRST_GUESS_CHARS = 512;

/**
 * Turns ends into result lines, in the order of the input or as they come. Outputs are spliced in as the text that the worker
 * wrote. Memory is bounded by asking `hasRoom` before more is started, not by dropping anything.
 */
export class Results implements Settler {
  readonly counts: Counts = { succeeded: 0, failed: 0, timedOut: 0, rejected: 0 };
  readonly #writer: LineWriter;
  readonly #ordered: boolean;
  readonly #prefix: string;
  #head: Shelf | undefined;
  #tail: Shelf | undefined;
  #heldChars = 0;
  #writtenChars = 0;
  #wake: (() => void) | undefined;

  /** @param prefix of the executions' names: execution i is `${prefix}-${i}` */
  constructor(writer: LineWriter, options: { ordered: boolean; prefix: string }) {
    this.#writer = writer;
    this.#ordered = options.ordered;
    this.#prefix = options.prefix;
    writer.onDrain = () => this.#woken();
  }

  /** How many have ended, in whatever way. */
  get total(): number {
    return this.counts.succeeded + this.counts.failed + this.counts.timedOut + this.counts.rejected;
  }

  /** False while more results would have to be held than memory is meant to hold. */
  hasRoom(inFlight: number): boolean {
    if (this.#writer.full) return false;
    const { total } = this;
    const expected = total === 0 ? FIRST_GUESS_CHARS : (this.#writtenChars + this.#heldChars) / total;
    return inFlight === 0 && this.#heldChars === 0 ? true : this.#heldChars + inFlight * expected < MAX_HELD_CHARS;
  }

  /** Resolves when something has ended or been written, or at `wake`. */
  change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** Makes `change` resolve. */
  wake(): void {
    this.#woken();
  }

  /** Announces events that are about to be offered; the answer is the tag of their parcel. */
  expect(firstIndex: number, count: number, lineOf: LineOf): unknown {
    const shelf: Shelf = { firstIndex, count, lineOf, lines: [], next: 0, following: undefined };
    if (this.#ordered) {
      if (this.#tail === undefined) this.#head = shelf;
      else this.#tail.following = shelf;
      this.#tail = shelf;
    }
    return shelf;
  }

  /** An event that was refused before anybody saw it. */
  refuse(index: number, line: number | undefined, error: string, cause: string): void {
    const shelf = this.expect(index, 1, () => line) as Shelf;
    this.counts.rejected += 1;
    this.#put(shelf, 0, rejection(index, line, error, cause));
  }

  succeeded(parcel: Parcel, from: number, to: number): void {
    const shelf = parcel.tag as Shelf;
    for (let at = from; at < to; at += 1) {
      this.counts.succeeded += 1;
      this.#put(shelf, at, `${this.#start(shelf.firstIndex + at)}"SUCCEEDED"}\n`);
    }
  }

  ended(parcel: Parcel, at: number, end: End): void {
    const shelf = parcel.tag as Shelf;
    const index = shelf.firstIndex + at;
    if (end.status === 'SUCCEEDED') {
      this.counts.succeeded += 1;
      this.#put(shelf, at, `${this.#start(index)}"SUCCEEDED","output":${end.output ?? 'null'}}\n`);
    } else if (end.status === 'REJECTED') {
      this.counts.rejected += 1;
      this.#put(shelf, at, rejection(index, shelf.lineOf(index), end.error, end.cause));
    } else {
      const timedOut = end.status === 'TIMED_OUT';
      if (timedOut) this.counts.timedOut += 1;
      else this.counts.failed += 1;
      this.#put(shelf, at, `${this.#start(index)}"${timedOut ? 'TIMED_OUT' : 'FAILED'}"${member('error', end.error)}${member('cause', end.cause)}}\n`);
    }
  }

  /** Writes what there is although something before it is missing: nothing more will come. */
  writeRest(): void {
    for (let shelf = this.#head; shelf !== undefined; shelf = shelf.following) {
      for (let at = shelf.next; at < shelf.count; at += 1) {
        const line = shelf.lines[at];
        if (line !== undefined) this.#writer.write(line);
      }
    }
    this.#head = undefined;
    this.#tail = undefined;
    this.#heldChars = 0;
  }

  #start(index: number): string {
    return `{"index":${index},"name":"${this.#prefix}-${index}","status":`;
  }

  #put(shelf: Shelf, at: number, line: string): void {
    if (!this.#ordered) this.#write(line);
    else if (shelf === this.#head && at === shelf.next) {
      this.#write(line);
      shelf.next += 1;
      this.#advance();
    } else {
      shelf.lines[at] = line;
      this.#heldChars += line.length;
    }
    if (this.#wake !== undefined) this.#woken();
  }

  #advance(): void {
    for (let shelf = this.#head; shelf !== undefined; shelf = shelf.following) {
      while (shelf.next < shelf.count) {
        const line = shelf.lines[shelf.next];
        if (line === undefined) return;
        shelf.lines[shelf.next] = undefined;
        this.#heldChars -= line.length;
        this.#write(line);
        shelf.next += 1;
      }
      this.#head = shelf.following;
    }
    this.#tail = undefined;
  }

  #write(line: string): void {
    this.#writtenChars += line.length;
    this.#writer.write(line);
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

const member = (key: string, text: string | undefined): string => (text === undefined ? '' : `,"${key}":${JSON.stringify(text)}`);

const rejection = (index: number, line: number | undefined, error: string | undefined, cause: string | undefined): string =>
  `{"index":${index}${line === undefined ? '' : `,"line":${line}`},"status":"REJECTED"${member('error', error)}${member('cause', cause)}}\n`;
