import { closeSync, fsyncSync, openSync, statSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import { DATA_FILE, preflight } from './preflight.ts';

/** The writes of one commit: all of them are on disk afterwards, or none. */
export interface Transaction {
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
}

/**
 * The journal's file: one lmdb environment, one commit at a time.
 *
 * What "on disk" rests on, read in the source of lmdb 3.5.6 and seen under strace:
 *
 * - With `overlappingSync: false` a commit is: writev of its pages, fdatasync, then the 128 bytes that make it current
 *   through a descriptor opened O_DSYNC; the promise of the write resolves after that (mdb.c, mdb_txn_commit;
 *   writer.cpp, WriteWorker::Write). That is the promise that `commit` waits for.
 * - The default, `overlappingSync: true`, makes the commit current before the fdatasync. Its promise for "on disk" is
 *   `flushed`, which is never settled when the write fails, and a commit whose fdatasync failed stays visible although it
 *   was refused. It was slower here as well: 2,900 commits/s of one 37 kB record against 3,200, and 25,900 records/s in
 *   commits of 16 against 32,000. So it is off.
 * - Writes go through `batch` with `eventTurnBatching: false`: with event-turn batching a failed commit rejects a second
 *   promise of lmdb's own, which nobody can handle and which ends the process. `batch` hands out the only one.
 * - A file system without room answers a short write, which lmdb reports as EIO; the commit is undone and the next may
 *   succeed. lmdb prints such errors on stderr itself.
 * - After a failed write of the current-commit bytes lmdb refuses every write, and an asynchronous one then waits for
 *   ever. `healthy` finds that out with a synchronous transaction, which does not; `reopen` ends it.
 */
export class Disk {
  readonly #folder: string;
  readonly #mapBytes: number;
  #db: RootDatabase<Buffer, Buffer>;

  constructor(folder: string, mapBytes: number) {
    this.#folder = folder;
    this.#mapBytes = mapBytes;
    this.#db = openFile(folder, mapBytes);
    // The file itself must survive a power loss too, not only what is in it.
    sync(join(folder, DATA_FILE), 'r+');
    if (process.platform !== 'win32') {
      sync(folder, 'r');
      sync(dirname(folder), 'r');
    }
  }

  /** Resolves once the writes are on disk. Rejects with the system's reason, and then none of them is. */
  async commit(write: (transaction: Transaction) => void): Promise<void> {
    const db = this.#db;
    try {
      await db.batch(() => write(db as Transaction));
    } catch (error) {
      throw await reasonOf(error);
    }
  }

  /**
   * Resolves when a value of so many bytes can be written, which is under the key then. lmdb uses a freed page again two
   * commits later, and a commit without a change is none: hence a small one first.
   */
  async probe(key: Buffer, bytes: number): Promise<void> {
    await this.commit((transaction) => transaction.put(key, Buffer.alloc(8)));
    await this.commit((transaction) => transaction.put(key, Buffer.alloc(bytes)));
  }

  /** A copy of the value; undefined when there is none. */
  read(key: Buffer): Buffer | undefined {
    return this.#db.getBinary(key);
  }

  /** Up to `limit` keys from `start` (inclusive) on. Holds no snapshot afterwards, so that pages can be used again. */
  keys(start: Buffer, limit: number): Buffer[] {
    return Array.from(this.#db.getKeys({ start, limit })) as Buffer[];
  }

  /** False when lmdb has closed itself to writes after an error. */
  healthy(): boolean {
    try {
      this.#db.transactionSync(() => true);
      return true;
    } catch {
      return false;
    }
  }

  async reopen(): Promise<void> {
    await this.#db.close();
    this.#db = openFile(this.#folder, this.#mapBytes);
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

function openFile(folder: string, mapBytes: number): RootDatabase<Buffer, Buffer> {
  preflight(folder);
  const db = open<Buffer, Buffer>({
    path: folder,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    mapSize: mapBytes,
    maxDbs: 1,
    overlappingSync: false,
    eventTurnBatching: false,
  });
  fillUp(db, join(folder, DATA_FILE));
  return db;
}

/**
 * Extends a file that is shorter than its own header says. Reading behind a mapped file's end kills the process (SIGBUS);
 * the zeros that are read there instead fail a check and are reported. Pages that were never written may lie there too.
 */
function fillUp(db: RootDatabase<Buffer, Buffer>, file: string): void {
  const { lastPageNumber, pageSize } = db.getStats() as { lastPageNumber: number; pageSize: number };
  const bytes = (lastPageNumber + 1) * pageSize;
  if (statSync(file).size < bytes) {
    truncateSync(file, bytes);
  }
}

/** lmdb rejects with a general error whose `commitError` promise, rejected a moment later, has the reason. */
async function reasonOf(failure: unknown): Promise<unknown> {
  const reason: unknown = (failure as { commitError?: unknown }).commitError;
  return reason instanceof Promise ? Promise.race([rejectionOf(reason, failure), delay(1000, failure, { ref: false })]) : failure;
}

async function rejectionOf(promise: Promise<unknown>, otherwise: unknown): Promise<unknown> {
  try {
    await promise;
    return otherwise;
  } catch (reason) {
    return reason;
  }
}

function sync(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
