import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../errors.ts';
import { Block, BlockPart } from './block.ts';
import type { Recovered } from './contract.ts';
import { decodeBlock } from './decode.ts';
import type { DecodedBlock } from './decode.ts';
import type { Disk } from './disk.ts';
import { bitmapKey, firstKeyOf, parseBitmap, parseKey } from './keys.ts';

const KEYS_AT_ONCE = 256;

/** What a journal holds when it is opened. */
export interface Inventory {
  readonly records: number;
  readonly bytes: number;
  readonly pending: number;
  /** Blocks appended from now on are numbered from here. */
  readonly nextSeq: number;
  /** Keys that are neither blocks nor bitmaps of one. */
  readonly strays: readonly Buffer[];
}

/** Counts by the keys alone, so that a large journal delays the start little. */
export function takeInventory(disk: Disk): Inventory {
  const strays: Buffer[] = [];
  let [records, bytes, pending, nextSeq, lastEvents] = [0, 0, 0, 0, 0];
  for (const key of allKeys(disk)) {
    const parsed = parseKey(key);
    if (parsed.kind === 'block') {
      records += 1;
      bytes += parsed.bytes;
      pending += parsed.events;
      lastEvents = parsed.events;
      nextSeq = parsed.seq + 1;
    } else if (parsed.kind === 'bitmap' && parsed.seq === nextSeq - 1) {
      const left = pendingOf(disk.read(key));
      pending += left === undefined ? 0 : left - lastEvents;
    } else {
      strays.push(key);
    }
  }
  return { records, bytes, pending, nextSeq, strays };
}

/** What recovery tells the journal that owns it. */
export interface RecoveryHooks {
  /** A block that nothing can be read of: forget its counts and remove these keys. */
  damaged(keys: readonly Buffer[], bytes: number, pending: number, error: Error): void;
  /** A block on disk of which all has ended. */
  finished(block: Block): void;
}

/** Hands out the blocks below `endSeq`, reading as it is asked; one walk over all calls. */
export class Recovery {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #endSeq: number;
  readonly #hooks: RecoveryHooks;
  #nextSeq = 0;

  constructor(disk: Disk, folder: string, endSeq: number, hooks: RecoveryHooks) {
    this.#disk = disk;
    this.#folder = folder;
    this.#endSeq = endSeq;
    this.#hooks = hooks;
  }

  *run(): Generator<Recovered, void> {
    while (this.#nextSeq < this.#endSeq) {
      const keys = this.#disk.keys(firstKeyOf(this.#nextSeq), KEYS_AT_ONCE);
      if (keys.length === 0) {
        this.#nextSeq = this.#endSeq;
      }
      for (const key of keys) {
        const { kind, seq } = parseKey(key);
        // Another walk may have gone on meanwhile; what is behind it has been handed out.
        if (seq >= this.#endSeq) {
          this.#nextSeq = this.#endSeq;
          return;
        }
        if (seq >= this.#nextSeq) {
          this.#nextSeq = seq + 1;
          if (kind === 'block') {
            yield* this.#recover(key);
          }
        }
      }
    }
  }

  *#recover(key: Buffer): Generator<Recovered, void> {
    const { seq, bytes, events: stored } = parseKey(key);
    const value = this.#disk.read(key);
    if (value === undefined) {
      return;
    }
    const bitmap = this.#disk.read(bitmapKey(seq));
    let decoded: DecodedBlock;
    try {
      decoded = decodeBlock(value);
    } catch (error) {
      const kept = this.#setAside(seq, value);
      const message = `Record ${seq} of the journal is damaged (${(error as Error).message}) and was skipped: ${stored} accepted starts or fewer will not run. ${kept}`;
      this.#hooks.damaged([key, bitmapKey(seq)], bytes, pendingOf(bitmap) ?? stored, new MillraceError('INTERNAL', message, { cause: error }));
      return;
    }
    const block = new Block(seq, decoded.events, bytes);
    block.stored = stored;
    endAbsent(block, decoded);
    if (bitmap !== undefined && bitmap.length >= 4) {
      block.bitmapStored = true;
      endMarked(block, parseBitmap(bitmap).ended);
    }
    if (block.pending === 0) {
      this.#hooks.finished(block);
      return;
    }
    for (const { first, count, entry } of decoded.parts) {
      const pending: number[] = [];
      for (let index = 0; index < count; index += 1) {
        if (!block.hasEnded(first + index)) {
          pending.push(index);
        }
      }
      if (pending.length > 0) {
        yield { record: new BlockPart(block, first, count), entry, pending };
      }
    }
  }

  #setAside(seq: number, value: Buffer): string {
    const file = join(this.#folder, `damaged-${seq}.bin`);
    try {
      writeFileSync(file, value);
      return `Its bytes are kept in ${file}.`;
    } catch (error) {
      return `Its bytes could not be kept: ${(error as Error).message}.`;
    }
  }
}

function endAbsent(block: Block, decoded: DecodedBlock): void {
  for (const { first, count, present } of decoded.parts) {
    if (present !== null) {
      let next = 0;
      for (const index of present) {
        block.end(first + next, first + index);
        next = index + 1;
      }
      block.end(first + next, first + count);
    }
  }
}

function endMarked(block: Block, ended: Uint32Array): void {
  for (let index = 0; index < block.events; index += 1) {
    if ((((ended[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1) {
      block.end(index, index + 1);
    }
  }
}

function pendingOf(bitmap: Buffer | undefined): number | undefined {
  return bitmap === undefined || bitmap.length < 4 ? undefined : bitmap.readUInt32LE(0);
}

function* allKeys(disk: Disk): Generator<Buffer, void> {
  let start: Buffer | undefined = firstKeyOf(0);
  while (start !== undefined) {
    const keys = disk.keys(start, 4 * KEYS_AT_ONCE);
    yield* keys;
    const last = keys.at(-1);
    start = last === undefined ? undefined : Buffer.concat([last, Buffer.alloc(1)]);
  }
}
