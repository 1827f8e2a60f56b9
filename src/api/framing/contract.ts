/** Whole events found in one chunk: event i lies at [spans[2i], spans[2i] + spans[2i + 1]) of bytes, which has an ArrayBuffer of its own. */
export interface Piece {
  readonly bytes: Buffer;
  readonly spans: Uint32Array;
}

/** Stands for one event that is larger than the limit and was not kept. */
export const OVERSIZE = Symbol('oversize');

/** What framing yields, in the order of the events. */
export type Framed = Piece | typeof OVERSIZE;

/** Cuts a body that arrives in chunks into events. */
export interface Framer {
  /** Takes the next chunk, whose ArrayBuffer becomes the framer's, and appends what it completes. */
  push(chunk: Buffer, out: Framed[]): void;
  /** The body has ended. */
  end(out: Framed[]): void;
  /** What is wrong with the framing itself; undefined while nothing is. */
  readonly fault: string | undefined;
}
