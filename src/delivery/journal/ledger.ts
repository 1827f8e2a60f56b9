import type { Block } from './block.ts';
import { Compaction } from './compaction.ts';
import type { Disk, Transaction } from './disk.ts';
import type { EndsTaken } from './ends.ts';
import { Ends, writeEnds } from './ends.ts';
import type { Group } from './intake.ts';
import { blockKey } from './keys.ts';
import type { Inventory } from './recovery.ts';

const COMPACT_AFTER_MS = 1000;

/** What is on disk, in numbers, and what waits to change it besides the entries that arrive. */
export class Ledger {
  bytes: number;
  records: number;
  /** Events that have not ended as far as memory knows, which is ahead of the disk. */
  pending: number;
  readonly ends = new Ends();
  readonly compaction: Compaction;
  /** Keys to remove with the next commit: of refused entries, should they be there after all, of probes and damaged blocks. */
  strays: Buffer[];
  readonly #disk: Disk;

  constructor(disk: Disk, inventory: Inventory, compactAfterMs: number = COMPACT_AFTER_MS) {
    this.#disk = disk;
    this.compaction = new Compaction(disk, compactAfterMs);
    this.bytes = inventory.bytes;
    this.records = inventory.records;
    this.pending = inventory.pending;
    this.strays = [...inventory.strays];
  }

  /** A block that nothing can be read of. */
  writeOff(keys: readonly Buffer[], bytes: number, pending: number): void {
    this.records -= 1;
    this.bytes -= bytes;
    this.pending -= pending;
    this.strays.push(...keys);
  }

  /** A group that was refused although its commit may have come through: it is removed as soon as something can be written. */
  disown(group: Group): void {
    for (const { block } of group.blocks) {
      this.strays.push(blockKey(block.seq, block.bytes, block.events));
    }
  }

  /**
   * Writes the group, what has ended, and when `due` also bitmaps and rewrites. Answers what went wrong; then nothing of it
   * is on disk, and all but the group waits for the next commit.
   */
  async commit(group: Group | null, due: boolean): Promise<unknown> {
    group?.seal();
    const { strays, compaction } = this;
    const ends = this.ends.take(due);
    this.strays = [];
    if (due) {
      compaction.prepare(performance.now());
    }
    if ((group === null || group.empty) && strays.length === 0 && ends.finished.length === 0 && ends.partial.length === 0 && compaction.idle) {
      return undefined;
    }
    try {
      await this.#disk.commit((transaction: Transaction) => {
        group?.write(transaction);
        writeEnds(ends, transaction);
        compaction.write(transaction);
        for (const key of strays) {
          transaction.remove(key);
        }
      });
    } catch (error) {
      this.strays.push(...strays);
      this.ends.restore(ends);
      compaction.finish(false);
      return error ?? new Error('unknown reason');
    }
    this.#enter(group, ends);
    return undefined;
  }

  #enter(group: Group | null, { finished, partial }: EndsTaken): void {
    for (const { block } of group?.blocks ?? []) {
      this.records += 1;
      this.bytes += block.bytes;
      this.pending += block.events;
    }
    for (const block of finished) {
      this.records -= 1;
      this.bytes -= block.bytes;
    }
    this.bytes -= this.compaction.finish(true);
    const nowMs = performance.now();
    partial.forEach((block: Block) => this.compaction.watch(block, nowMs));
  }
}
