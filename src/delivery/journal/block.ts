import type { JournalRecord } from './contract.ts';

/**
 * What memory knows of one value in the journal's file: how many events it holds and which of them have ended.
 *
 * Indexes count over the whole block as it was first written; compaction does not renumber them.
 */
export class Block {
  readonly seq: number;
  readonly events: number;
  /** Length of the stored value. */
  bytes: number;
  /** Events whose bytes the stored value still holds. */
  stored: number;
  pending: number;
  /** One bit for each ended event; null until the first end that is not the end of all. */
  ended: Uint32Array | null = null;
  /** True while an end waits to be written. */
  dirty = false;
  /** True once a bitmap lies beside the value on disk. */
  bitmapStored = false;
  /** True while the block waits to be looked at by compaction. */
  aging = false;

  constructor(seq: number, events: number, bytes: number) {
    this.seq = seq;
    this.events = events;
    this.bytes = bytes;
    this.stored = events;
    this.pending = events;
  }

  hasEnded(index: number): boolean {
    return this.pending === 0 || (this.ended !== null && (((this.ended[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1);
  }

  /** Marks events as ended and answers how many of them had not been. */
  end(from: number, to: number): number {
    if (this.pending === 0) {
      return 0;
    }
    if (from === 0 && to === this.events && this.pending === this.events) {
      this.pending = 0;
      return this.events;
    }
    const ended = (this.ended ??= new Uint32Array((this.events + 31) >>> 5));
    let fresh = 0;
    for (let index = from; index < to; ) {
      const word = index >>> 5;
      const bit = index & 31;
      const length = Math.min(32 - bit, to - index);
      const mask = ((length === 32 ? 0xffff_ffff : (1 << length) - 1) << bit) >>> 0;
      const before = ended[word] ?? 0;
      fresh += ones(mask & ~before);
      ended[word] = before | mask;
      index += length;
    }
    this.pending -= fresh;
    return fresh;
  }
}

/** The number of set bits of a 32-bit word. */
export function ones(word: number): number {
  let x = word | 0;
  x -= (x >>> 1) & 0x5555_5555;
  x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** One entry's part of a block. */
export class BlockPart implements JournalRecord {
  readonly block: Block;
  readonly first: number;
  readonly count: number;

  constructor(block: Block, first: number, count: number) {
    this.block = block;
    this.first = first;
    this.count = count;
  }
}
