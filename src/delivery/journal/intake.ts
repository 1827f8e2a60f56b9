import { Block, BlockPart } from './block.ts';
import type { JournalEntry, JournalRecord } from './contract.ts';
import type { Transaction } from './disk.ts';
import { BlockWriter } from './encode.ts';
import { blockKey } from './keys.ts';

/** A block takes further entries until it is this large; one entry may be larger. */
const BLOCK_BYTES = 64 * 1024;
const BLOCK_EVENTS = 1024;

interface Waiter {
  readonly resolve: (record: JournalRecord) => void;
  readonly reject: (error: Error) => void;
  readonly part: BlockPart;
}

/** Entries that go to disk with the same commit. Those that arrive while one is under way share the next one's blocks. */
export class Group {
  readonly writer = new BlockWriter();
  readonly blocks: { block: Block; start: number; end: number }[] = [];
  #waiters: Waiter[] = [];
  #open: { seq: number; parts: { first: number; count: number; resolve: Waiter['resolve']; reject: Waiter['reject'] }[] } | null = null;

  get empty(): boolean {
    return this.#open === null && this.blocks.length === 0;
  }

  /** Bytes that the group will take on disk. */
  get bytes(): number {
    return this.writer.end;
  }

  /** Encodes the entry now; it is told of its fate by `settle` or `refuse`. */
  add(entry: JournalEntry, bound: number, nextSeq: () => number): Promise<JournalRecord> {
    const { writer } = this;
    if (this.#open !== null && (writer.length + bound > BLOCK_BYTES || writer.events >= BLOCK_EVENTS)) {
      this.#close();
    }
    if (this.#open === null) {
      this.#open = { seq: nextSeq(), parts: [] };
      writer.begin();
    }
    const first = writer.events;
    writer.add(entry, bound);
    const { parts } = this.#open;
    return new Promise((resolve, reject) => {
      parts.push({ first, count: entry.spans.length >>> 1, resolve, reject });
    });
  }

  /** Completes the last block; the group takes nothing more until it is cleared. */
  seal(): void {
    if (this.#open !== null) {
      this.#close();
    }
  }

  write(transaction: Transaction): void {
    for (const { block, start, end } of this.blocks) {
      transaction.put(blockKey(block.seq, block.bytes, block.events), this.writer.buffer.subarray(start, end));
    }
  }

  /** The group is on disk. */
  settle(): void {
    for (const { resolve, part } of this.#waiters) {
      resolve(part);
    }
    this.#clear();
  }

  /** None of the group is on disk. */
  refuse(error: Error): void {
    this.seal();
    for (const { reject } of this.#waiters) {
      reject(error);
    }
    this.#clear();
  }

  #close(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null || open.parts.length === 0) {
      return; // Its only entry could not be encoded.
    }
    const { start, end } = this.writer.seal();
    const block = new Block(open.seq, this.writer.events, end - start);
    this.blocks.push({ block, start, end });
    for (const { first, count, resolve, reject } of open.parts) {
      this.#waiters.push({ resolve, reject, part: new BlockPart(block, first, count) });
    }
  }

  #clear(): void {
    this.#waiters = [];
    this.blocks.length = 0;
    this.writer.reset();
  }
}
