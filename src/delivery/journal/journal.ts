import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MillraceError } from '../../errors.ts';
import type { Journal, JournalOptions } from './contract.ts';
import { Disk } from './disk.ts';
import { LmdbJournal } from './lmdb-journal.ts';
import type { Ownership } from './owner.ts';
import { takeOwnership } from './owner.ts';
import { DamagedFile } from './preflight.ts';
import { takeInventory } from './recovery.ts';

export type { Journal, JournalEntry, JournalOptions, JournalRecord, Recovered } from './contract.ts';

/** Address space beyond what may live at once: freed pages are reused one commit later, and lmdb keeps its own books. */
const MAP_MARGIN_BYTES = 256 * 1024 * 1024;
/** lmdb maps more by itself when that is not enough. */
const MAX_MAP_BYTES = 64 * 1024 ** 3;

/**
 * Opens the journal in a folder of its own, or begins a new one.
 *
 * Raises DATA_DIR_UNUSABLE when the folder cannot be created or written, when another living process owns it, or when its
 * file is damaged as a whole. A single damaged record does not keep the journal from opening: see `recover`.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { path } = options;
  let owner: Ownership | undefined;
  let disk: Disk | undefined;
  try {
    makeFolder(resolve(path));
    owner = await takeOwnership(path);
    disk = new Disk(path, Math.min(2 * options.maxBytes + MAP_MARGIN_BYTES, MAX_MAP_BYTES));
    return new LmdbJournal(disk, owner, takeInventory(disk), options);
  } catch (error) {
    await disk?.close().catch(() => undefined);
    owner?.release();
    if (error instanceof MillraceError) {
      throw error;
    }
    const reason = (error as Error).message;
    const message = isDamage(error)
      ? `The journal in ${path} cannot be read: ${reason}. It may hold accepted starts; move the folder away to begin without them.`
      : `The journal's folder ${path} cannot be used: ${reason}.`;
    throw new MillraceError('DATA_DIR_UNUSABLE', message, { cause: error });
  }
}

/** Like mkdirSync with `recursive`, which never returns where a folder exists but takes no others, as below /proc. */
function makeFolder(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) {
    makeFolder(parent);
  }
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
}

/** Of the system's errors only those of lmdb have numbers for codes. */
const isDamage = (error: unknown): boolean => error instanceof DamagedFile || typeof (error as { code?: unknown }).code === 'number';
