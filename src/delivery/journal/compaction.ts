import type { Block } from './block.ts';
import type { Disk, Transaction } from './disk.ts';
import type { DecodedPart } from './decode.ts';
import { decodeBlock } from './decode.ts';
import { BlockWriter, encodedBound } from './encode.ts';
import { bitmapKey, blockKey } from './keys.ts';

/** Not worth a rewrite below this: the block shares its page anyway. */
const SMALL_BYTES = 1024;
/** How much one commit may rewrite. */
const ROUND_BYTES = 1024 * 1024;

const NO_BYTES = new Uint8Array(0);
const NO_EVENTS = new Uint32Array(0);

interface Rewrite {
  readonly block: Block;
  readonly start: number;
  readonly end: number;
  readonly kept: number;
}

/**
 * Rewrites blocks of which at least half has ended, without what has: one execution that waits for five minutes must not
 * hold the bytes of a thousand that arrived with it. Every rewrite at least halves a block, so that an event is copied only
 * a few times in its life.
 */
export class Compaction {
  readonly #disk: Disk;
  readonly #afterMs: number;
  readonly #writer = new BlockWriter();
  #aging: { block: Block; dueMs: number }[] = [];
  #rewrites: Rewrite[] = [];

  constructor(disk: Disk, afterMs: number) {
    this.#disk = disk;
    this.#afterMs = afterMs;
  }

  /** Looks at the block again once it has aged. */
  watch(block: Block, nowMs: number): void {
    if (!block.aging) {
      block.aging = true;
      this.#aging.push({ block, dueMs: nowMs + this.#afterMs });
    }
  }

  /** When `prepare` has something to look at; undefined when nothing ages. */
  get dueMs(): number | undefined {
    return this.#aging[0]?.dueMs;
  }

  /** Encodes what is due for the commit that follows. */
  prepare(nowMs: number): void {
    let looked = 0;
    for (const { block, dueMs } of this.#aging) {
      if (dueMs > nowMs || this.#writer.end > ROUND_BYTES) {
        break;
      }
      looked += 1;
      block.aging = false;
      if (block.pending > 0 && block.pending * 2 <= block.stored && block.bytes >= SMALL_BYTES) {
        this.#rewrite(block);
      }
    }
    this.#aging.splice(0, looked);
  }

  /** True when there is nothing to write. */
  get idle(): boolean {
    return this.#rewrites.length === 0;
  }

  write(transaction: Transaction): void {
    for (const { block, start, end, kept } of this.#rewrites) {
      transaction.remove(blockKey(block.seq, block.bytes, block.stored));
      transaction.put(blockKey(block.seq, end - start, kept), this.#writer.buffer.subarray(start, end));
      transaction.remove(bitmapKey(block.seq));
    }
  }

  /** The commit has succeeded, or failed. Answers by how many bytes the blocks have shrunk. */
  finish(succeeded: boolean): number {
    let saved = 0;
    for (const { block, start, end, kept } of this.#rewrites) {
      if (succeeded) {
        saved += block.bytes - (end - start);
        block.bytes = end - start;
        block.stored = kept;
      } else {
        this.watch(block, performance.now());
      }
    }
    this.#rewrites = [];
    this.#writer.reset();
    return saved;
  }

  #rewrite(block: Block): void {
    const value = this.#disk.read(blockKey(block.seq, block.bytes, block.stored));
    let parts: readonly DecodedPart[];
    try {
      parts = value === undefined ? [] : decodeBlock(value).parts;
    } catch {
      return; // Damaged on disk while its executions run: the next start reports it, if it is still there then.
    }
    if (parts.length === 0) {
      return;
    }
    const writer = this.#writer;
    writer.begin();
    let kept = 0;
    let gone = 0;
    for (const { entry, first, count } of parts) {
      const present = Uint32Array.from({ length: count }, (_, index) => index).filter((index) => !block.hasEnded(first + index));
      kept += present.length;
      if (present.length === 0) {
        gone += count;
      } else {
        skip(writer, gone);
        gone = 0;
        writer.add(entry, encodedBound(entry), present);
      }
    }
    skip(writer, gone);
    const { start, end } = writer.seal();
    this.#rewrites.push({ block, start, end, kept });
  }
}

/** Writes one empty entry in place of entries that have ended altogether, so that those behind them keep their indexes. */
function skip(writer: BlockWriter, count: number): void {
  if (count > 0) {
    const nothing = { machine: '', bytes: NO_BYTES, spans: new Uint32Array(count * 2), names: [], startTimeMs: 0, wantsOutput: false };
    writer.add(nothing, encodedBound(nothing), NO_EVENTS);
  }
}
