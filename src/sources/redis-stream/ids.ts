/** Ids of entries, in the order in which they came. A list of strings is one. */
export interface Ids {
  readonly length: number;
  /** Negative: from the end on, as of an array. */
  at(index: number): string | undefined;
}

/** Where ids lie in an answer of Redis, each as the bulk string that a command takes it as. */
export class IdsInPlace implements Ids {
  readonly bytes: Buffer;
  /** Offset and length of each id, without its frame. */
  readonly spans: Uint32Array;

  constructor(bytes: Buffer, spans: Uint32Array) {
    this.bytes = bytes;
    this.spans = spans;
  }

  get length(): number {
    return this.spans.length >>> 1;
  }

  at(index: number): string | undefined {
    const place = 2 * (index < 0 ? index + this.length : index);
    const from = this.spans[place];
    return from === undefined ? undefined : this.bytes.toString('latin1', from, from + (this.spans[place + 1] as number));
  }
}

export const listOf = (ids: Ids): string[] => Array.from({ length: ids.length }, (_, i) => ids.at(i)!);
