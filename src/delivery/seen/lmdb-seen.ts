import { mkdirSync } from 'node:fs';
import { MillraceError } from '../../errors.ts';
import { Disk, type Transaction } from '../journal/disk.ts';
import { type Ownership, takeOwnership } from '../journal/owner.ts';
import { DamagedFile } from '../journal/preflight.ts';
import type { SeenEvent, SeenStore, Verdict } from './contract.ts';

export interface LmdbSeenOptions {
  /** A folder of the store's own; created when missing. */
  readonly path: string;
  readonly windowMs: number;
  /** How often what has expired is removed; 1,000 unless told otherwise. */
  readonly sweepMs?: number;
}

/*
 * Two kinds of records, numbers big-endian and texts in ASCII:
 *
 *   "i" id                     => expiresMs:6 name       one id whose event has ended; a name that is the id is left out
 *   "t" expiresMs:6 serial:4   => id "\n" id ...         the ids of one commit, to be removed in the order of time
 *
 * Ids stand there as they are: those that come after one another are neighbours as a rule, and share the pages that a commit
 * writes.
 */
const ID = 'i';
const TIME = 0x74;
const TIME_BYTES = 6;
const TIMES_FROM = Buffer.from([TIME]);

/** Ids of one record of the second kind, and as many are removed in one step at the most, together with a few such records. */
const BLOCK_IDS = 256;
const SWEEP_BLOCKS = 4;
const SWEEP_MS = 1000;
/** Address space, not memory; lmdb maps more by itself. */
const MAP_BYTES = 1024 ** 3;

/**
 * Opens the store of one process in a folder, or begins a new one.
 *
 * Ends are on disk before `done` resolves, as a journal's entries are (src/delivery/journal/disk.ts): they survive a kill and a
 * loss of power. Claims of what has not ended are kept in memory: an event whose process dies before its end is redelivered,
 * and claims its id again.
 *
 * @throws MillraceError DATA_DIR_UNUSABLE when the folder cannot be used, or another process uses it
 */
export async function openLmdbSeen(options: LmdbSeenOptions): Promise<SeenStore> {
  const { path } = options;
  let owner: Ownership | undefined;
  try {
    mkdirSync(path, { recursive: true });
    owner = await takeOwnership(path);
    return new LmdbSeen(new Disk(path, MAP_BYTES), owner, options);
  } catch (error) {
    owner?.release();
    if (error instanceof MillraceError) throw error;
    const remedy = error instanceof DamagedFile ? ' Remove the folder: ids of the last while are forgotten with it, and no event is lost.' : '';
    throw new MillraceError('DATA_DIR_UNUSABLE', `The folder ${path}, which remembers events for de-duplication, cannot be used: ${(error as Error).message}.${remedy}`, { cause: error });
  }
}

interface Claim {
  readonly name: string;
  readonly expiresMs: number;
}

class LmdbSeen implements SeenStore {
  readonly #disk: Disk;
  readonly #owner: Ownership;
  readonly #path: string;
  readonly #windowMs: number;
  /** Of events that have not ended: no more than are in flight. */
  readonly #claims = new Map<string, Claim>();
  /** The last commit, and what goes before it. */
  #committing: Promise<unknown> = Promise.resolve();
  #mayBeSick = false;
  /** Begins anywhere: a clock that was set back must not lead to a key that is in use. */
  #serial = Math.floor(Math.random() * 2 ** 32);
  #sweeping = false;
  #closed = false;
  readonly #sweeper: NodeJS.Timeout;

  constructor(disk: Disk, owner: Ownership, { path, windowMs, sweepMs = SWEEP_MS }: LmdbSeenOptions) {
    this.#disk = disk;
    this.#owner = owner;
    this.#path = path;
    this.#windowMs = windowMs;
    this.#sweeper = setInterval(() => void this.#sweep(), sweepMs).unref();
  }

  async claim(events: readonly SeenEvent[]): Promise<readonly Verdict[]> {
    const now = Date.now();
    const expiresMs = now + this.#windowMs;
    return events.map(({ id, name }): Verdict => {
      const holder = this.#holder(id, now);
      if (holder !== undefined && holder.name !== name) return 'duplicate';
      if (holder?.ended === true) return 'done';
      this.#claims.set(id, { name, expiresMs });
      return holder === undefined ? 'new' : 'again';
    });
  }

  async done(events: readonly SeenEvent[]): Promise<void> {
    const now = Date.now();
    const expiresMs = now + this.#windowMs;
    const own = events.filter(({ id, name }) => (this.#holder(id, now)?.name ?? name) === name);
    await this.#commit((transaction) => {
      for (let from = 0; from < own.length; from += BLOCK_IDS) {
        const ids = own.slice(from, from + BLOCK_IDS).map(({ id }) => id);
        transaction.put(timeKey(expiresMs, this.#serial++), Buffer.from(ids.join('\n'), 'latin1'));
      }
      for (const { id, name } of own) transaction.put(idKey(id), endedRecord(expiresMs, name === id ? '' : name));
    });
    for (const { id, name } of own) if (this.#claims.get(id)?.name === name) this.#claims.delete(id);
  }

  async forget(events: readonly SeenEvent[]): Promise<void> {
    this.abandon(events);
  }

  abandon(events: readonly SeenEvent[]): void {
    for (const { id, name } of events) if (this.#claims.get(id)?.name === name) this.#claims.delete(id);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweeper);
    await this.#committing;
    try {
      await this.#disk.close();
    } finally {
      this.#owner.release();
    }
  }

  #holder(id: string, now: number): { readonly name: string; readonly ended: boolean } | undefined {
    const claim = this.#claims.get(id);
    if (claim !== undefined && claim.expiresMs > now) return { name: claim.name, ended: false };
    const record = this.#disk.read(idKey(id));
    if (record === undefined || expiryOf(record) <= now) return undefined;
    return { name: record.length === TIME_BYTES ? id : record.toString('latin1', TIME_BYTES), ended: true };
  }

  /** One at a time. Resolves once it is on disk; rejects, with nothing of it written, when that cannot be. */
  #commit(write: (transaction: Transaction) => void): Promise<void> {
    const commit = this.#committing.then(async () => {
      try {
        if (this.#mayBeSick && !this.#disk.healthy()) await this.#disk.reopen();
        await this.#disk.commit(write);
        this.#mayBeSick = false;
      } catch (error) {
        this.#mayBeSick = true;
        throw new MillraceError('SOURCE_UNAVAILABLE', `What is remembered for de-duplication cannot be written to ${this.#path}: ${(error as Error).message}`, { cause: error });
      }
    });
    this.#committing = commit.catch(() => undefined);
    return commit;
  }

  /** Removes what has expired, in small steps, until there is no more of it. */
  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      while (!this.#closed && (await this.#sweepStep())) await new Promise(setImmediate);
    } catch {
      // It is tried again with the next tick; whoever writes says that the disk takes nothing.
    } finally {
      this.#sweeping = false;
    }
  }

  /** False when nothing has expired. */
  async #sweepStep(): Promise<boolean> {
    const now = Date.now();
    const blocks = this.#disk.keys(TIMES_FROM, SWEEP_BLOCKS).filter((key) => expiryOf(key, 1) <= now);
    if (blocks.length === 0) return false;
    const expired: Buffer[] = [];
    for (const block of blocks) {
      for (const id of this.#disk.read(block)?.toString('latin1').split('\n') ?? []) {
        const key = idKey(id);
        const record = this.#disk.read(key);
        // An id that was written again later is in another block as well.
        if (record !== undefined && expiryOf(record) <= now) expired.push(key);
      }
    }
    await this.#commit((transaction) => {
      for (const key of [...expired, ...blocks]) transaction.remove(key);
    });
    return true;
  }
}

const idKey = (id: string): Buffer => Buffer.from(ID + id, 'latin1');

function timeKey(expiresMs: number, serial: number): Buffer {
  const key = Buffer.alloc(1 + TIME_BYTES + 4);
  key[0] = TIME;
  key.writeUIntBE(expiresMs, 1, TIME_BYTES);
  key.writeUInt32BE(serial >>> 0, 1 + TIME_BYTES);
  return key;
}

function endedRecord(expiresMs: number, name: string): Buffer {
  const record = Buffer.alloc(TIME_BYTES + name.length);
  record.writeUIntBE(expiresMs, 0, TIME_BYTES);
  record.write(name, TIME_BYTES, 'latin1');
  return record;
}

const expiryOf = (record: Buffer, at = 0): number => record.readUIntBE(at, TIME_BYTES);
