/** The line, counted from 1, on which an event stands; undefined where lines mean nothing (a JSON array). */
export type LineOf = (index: number) => number | undefined;

const NEWLINE = 0x0a;
const OPEN_BRACKET = 0x5b;

/**
 * Keeps account of lines beside a framer that leaves blank ones out. As long as a chunk has none, an event's line follows
 * from its index; only a chunk with blank lines is looked at more closely.
 */
export class LineNumbers {
  /** Undefined until something other than white space has been seen. */
  #areLines: boolean | undefined;
  /** Lines that ended in earlier chunks and held no event. */
  #blanks = 0;
  /** The line that the last chunk left open holds something. */
  #open = false;
  #isFirst = true;

  constructor(linesOnly: boolean) {
    this.#areLines = linesOnly ? true : undefined;
  }

  /**
   * @param chunk what the framer was given; undefined at the end of the input
   * @param firstIndex index of the first event that the framer found in it, of `events` in all
   */
  count(chunk: Buffer | undefined, firstIndex: number, events: number): LineOf {
    if (chunk === undefined) return this.#areLines === false ? nowhere : after(this.#blanks);
    const bytes = this.#isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk;
    this.#isFirst = false;
    if (this.#areLines === undefined) {
      const first = bytes.find((byte) => byte > 0x20);
      if (first !== undefined) this.#areLines = first !== OPEN_BRACKET;
    }
    if (this.#areLines === false) return nowhere;
    const blanksBefore = this.#blanks;
    const wasOpen = this.#open;
    const ended = newlinesIn(bytes);
    const rest = ended === 0 ? 0 : bytes.lastIndexOf(NEWLINE) + 1;
    this.#open = holdsSomething(bytes, rest, bytes.length) || (ended === 0 && wasOpen);
    this.#blanks += ended - events;
    return ended === events || events === 0 ? after(blanksBefore) : fromLines(bytes, wasOpen, firstIndex, blanksBefore);
  }
}

const nowhere: LineOf = () => undefined;
const after = (blanks: number): LineOf => (index) => index + blanks + 1;

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function holdsSomething(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] !== 0x20 && bytes[at] !== 0x09 && bytes[at] !== 0x0d) return true;
  return false;
}

function fromLines(bytes: Buffer, wasOpen: boolean, firstIndex: number, blanksBefore: number): LineOf {
  const lines: number[] = [];
  let line = firstIndex + blanksBefore;
  let from = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
    line += 1;
    if ((from === 0 && wasOpen) || holdsSomething(bytes, from, at)) lines.push(line);
    from = at + 1;
  }
  return (index) => lines[index - firstIndex];
}
