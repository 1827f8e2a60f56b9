import type { Block } from './block.ts';
import type { Transaction } from './disk.ts';
import { bitmapKey, bitmapValue, blockKey } from './keys.ts';

/** Ends on their way to disk with one commit. */
export interface EndsTaken {
  readonly finished: readonly Block[];
  readonly partial: readonly Block[];
}

/**
 * Blocks with ends that disk does not know yet. A block of which all has ended is removed with the next commit; a bitmap is
 * written for the others when the flush is due, so that a busy block costs one small write for each flush and not for each end.
 */
export class Ends {
  #finished: Block[] = [];
  #partial: Block[] = [];

  get waiting(): boolean {
    return this.#finished.length > 0 || this.#partial.length > 0;
  }

  get anyFinished(): boolean {
    return this.#finished.length > 0;
  }

  /** The block has had an end. */
  note(block: Block): void {
    if (block.pending === 0) {
      this.#finished.push(block);
    } else if (!block.dirty) {
      block.dirty = true;
      this.#partial.push(block);
    }
  }

  take(withPartial: boolean): EndsTaken {
    const finished = this.#finished;
    this.#finished = [];
    if (!withPartial) {
      return { finished, partial: [] };
    }
    // One that has finished since is in the other list too.
    const partial = this.#partial.filter((block) => block.pending > 0);
    for (const block of this.#partial) {
      block.dirty = false;
    }
    this.#partial = [];
    return { finished, partial };
  }

  /** The commit failed: what was taken waits again. */
  restore(taken: EndsTaken): void {
    this.#finished.push(...taken.finished);
    for (const block of taken.partial) {
      if (block.pending > 0 && !block.dirty) {
        block.dirty = true;
        this.#partial.push(block);
      }
    }
  }
}

export function writeEnds({ finished, partial }: EndsTaken, transaction: Transaction): void {
  for (const block of finished) {
    transaction.remove(blockKey(block.seq, block.bytes, block.stored));
    if (block.bitmapStored) {
      transaction.remove(bitmapKey(block.seq));
    }
  }
  for (const block of partial) {
    if (block.ended !== null) {
      // Set even if the commit fails: removing a bitmap that is not there does no harm, leaving one would.
      block.bitmapStored = true;
      transaction.put(bitmapKey(block.seq), bitmapValue(block.pending, block.ended));
    }
  }
}
