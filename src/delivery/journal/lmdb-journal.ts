import { MillraceError } from '../../errors.ts';
import { Block, BlockPart } from './block.ts';
import type { Journal, JournalEntry, JournalOptions, JournalRecord, Recovered } from './contract.ts';
import type { Disk } from './disk.ts';
import { encodedBound } from './encode.ts';
import { Group } from './intake.ts';
import { PROBE_KEY } from './keys.ts';
import { Ledger } from './ledger.ts';
import type { Ownership } from './owner.ts';
import type { Inventory } from './recovery.ts';
import { Recovery } from './recovery.ts';

const FLUSH_MS = 20;
const RETRY_MS = 250;
const MAX_RETRY_MS = 4000;
/** The probe is no larger than this, however large the entry was that found no room. */
const PROBE_BYTES = 1024 * 1024;
const NOTHING = new BlockPart(new Block(0, 0, 0), 0, 0);

interface Flusher {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Three modes. Running: one commit at a time; what arrives meanwhile goes with the next. Faulted: a commit has failed;
 * appends are refused, ends are kept, and the disk is tried again at growing intervals until it takes a probe as large as
 * what it refused. Closed: nothing is accepted and nothing written.
 */
export class LmdbJournal implements Journal {
  fault: MillraceError | undefined = undefined;
  readonly #disk: Disk;
  readonly #owner: Ownership;
  readonly #maxBytes: number;
  readonly #flushMs: number;
  /** When the timer will fire, on the monotonic clock. */
  #armedFor = 0;
  readonly #onFault: (error: Error) => void;
  readonly #ledger: Ledger;
  readonly #recovery: Recovery;
  /** Takes what arrives; the other one is being committed, or is empty. */
  #filling = new Group();
  #committing = new Group();
  #nextSeq: number;
  #flushers: Flusher[] = [];
  /** Bitmaps and compaction are due. */
  #due: boolean;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;
  #probeBytes = 0;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(disk: Disk, owner: Ownership, inventory: Inventory, options: JournalOptions) {
    this.#disk = disk;
    this.#owner = owner;
    this.#maxBytes = options.maxBytes;
    this.#flushMs = options.flushMs ?? FLUSH_MS;
    this.#onFault = options.onFault ?? (() => undefined);
    this.#ledger = new Ledger(disk, inventory, options.compactAfterMs);
    this.#nextSeq = inventory.nextSeq;
    this.#due = inventory.strays.length > 0;
    this.#recovery = new Recovery(disk, options.path, inventory.nextSeq, {
      damaged: (keys, bytes, pending, error) => {
        this.#ledger.writeOff(keys, bytes, pending);
        this.#arm(this.#flushMs);
        this.#onFault(error);
      },
      finished: (block) => {
        this.#ledger.ends.note(block);
        this.#arm(this.#flushMs);
      },
    });
  }

  get bytes(): number {
    return this.#ledger.bytes;
  }

  get records(): number {
    return this.#ledger.records;
  }

  get pending(): number {
    return this.#ledger.pending;
  }

  append(entry: JournalEntry): Promise<JournalRecord> {
    if (this.#closing !== undefined) {
      return Promise.reject(new MillraceError('JOURNAL_UNAVAILABLE', 'The journal is closed.'));
    }
    if (this.fault !== undefined) {
      return Promise.reject(this.fault);
    }
    if (entry.spans.length === 0) {
      return Promise.resolve(NOTHING);
    }
    const bound = encodedBound(entry);
    if (this.bytes + this.#committing.bytes + this.#filling.bytes + bound > this.#maxBytes) {
      this.#due ||= this.#ledger.ends.waiting; // Room is made as soon as possible, not at the next flush.
      this.#wake();
      return Promise.reject(new MillraceError('JOURNAL_FULL', `The journal holds ${this.bytes} of at most ${this.#maxBytes} bytes.`));
    }
    let appended: Promise<JournalRecord>;
    try {
      appended = this.#filling.add(entry, bound, () => this.#nextSeq++);
    } catch (error) {
      return Promise.reject(new MillraceError('BAD_REQUEST', (error as Error).message, { cause: error }));
    }
    this.#wake();
    return appended;
  }

  ended(record: JournalRecord, index: number): void {
    this.endedRange(record, index, index + 1);
  }

  endedRange(record: JournalRecord, from: number, to: number): void {
    const { block, first, count } = record as BlockPart;
    const fresh = block.end(first + from, first + Math.min(to, count));
    if (fresh > 0) {
      this.#ledger.pending -= fresh;
      this.#ledger.ends.note(block);
      this.#arm(this.#flushMs);
    }
  }

  recover(): Iterable<Recovered> {
    return this.#recovery.run();
  }

  flush(): Promise<void> {
    if (this.fault !== undefined) {
      return Promise.reject(this.fault);
    }
    return new Promise((resolve, reject) => {
      this.#flushers.push({ resolve, reject });
      this.#wake();
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.flush().catch(() => undefined);
    while (this.#running !== undefined) {
      await this.#running;
    }
    clearTimeout(this.#timer);
    // What a fault has left, and what ended while the last commit was under way.
    let error: unknown;
    do {
      error = this.#disk.healthy() ? await this.#ledger.commit(null, true) : (this.fault ?? new Error('lmdb takes no more writes'));
    } while (error === undefined && this.#ledger.ends.waiting);
    if (error !== undefined) {
      const message = 'The journal was closed while it could not be written: executions that ended lately will run again.';
      this.#onFault(new MillraceError('JOURNAL_UNAVAILABLE', message, { cause: error }));
    }
    try {
      await this.#disk.close();
    } finally {
      this.#owner.release();
    }
  }

  /**
   * Starts committing unless that is under way, or pointless. It begins when this turn of the event loop is over, so that the
   * first of many requests does not go to disk alone while all others wait for the next commit.
   */
  #wake(): void {
    if (this.#running === undefined && this.fault === undefined && this.#hasWork()) {
      this.#running = new Promise(setImmediate).then(() => this.#run());
    }
  }

  #hasWork(): boolean {
    return !this.#filling.empty || this.#flushers.length > 0 || this.#due;
  }

  async #run(): Promise<void> {
    while (this.fault === undefined && this.#hasWork()) {
      const group = this.#filling;
      this.#filling = this.#committing;
      this.#committing = group;
      const flushers = this.#flushers;
      this.#flushers = [];
      const due = this.#due || flushers.length > 0;
      this.#due = false;
      const error = await this.#ledger.commit(group, due);
      if (error === undefined) {
        this.#retryMs = group.empty ? this.#retryMs : RETRY_MS;
        group.settle();
        for (const { resolve } of flushers) {
          resolve();
        }
      } else {
        this.#refuse(error, group, flushers);
      }
    }
    this.#running = undefined;
    if (this.fault === undefined && this.#closing === undefined) {
      this.#armForRest();
    }
  }

  #refuse(cause: unknown, group: Group, flushers: readonly Flusher[]): void {
    const fault = new MillraceError('JOURNAL_UNAVAILABLE', `The journal cannot be written: ${(cause as Error).message}.`, { cause });
    this.fault = fault;
    this.#ledger.disown(group);
    this.#probeBytes = Math.min(Math.max(4096, group.bytes), PROBE_BYTES);
    group.refuse(fault);
    this.#filling.refuse(fault);
    for (const { reject } of [...flushers, ...this.#flushers]) {
      reject(fault);
    }
    this.#flushers = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#retryLater();
    this.#onFault(fault);
  }

  #retryLater(): void {
    if (this.#closing === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#running = this.#retry();
      }, this.#retryMs).unref();
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    }
  }

  /** First the ends, which make room inside the file; then the probe. */
  async #retry(): Promise<void> {
    let error: unknown;
    try {
      if (!this.#disk.healthy()) {
        await this.#disk.reopen();
      }
      error = await this.#ledger.commit(null, true);
      if (error === undefined) {
        this.#ledger.strays.push(PROBE_KEY);
        await this.#disk.probe(PROBE_KEY, this.#probeBytes);
      }
    } catch (reason) {
      error = reason ?? new Error('unknown reason');
    }
    this.#running = undefined;
    if (error === undefined) {
      this.fault = undefined;
      this.#due = true;
      this.#wake();
    } else {
      this.#retryLater();
    }
  }

  /** A timer that is armed for later (a compaction's) gives way: an end must not wait for it. */
  #arm(delayMs: number): void {
    if (this.#closing !== undefined || this.fault !== undefined) return;
    const at = performance.now() + delayMs;
    if (this.#timer !== undefined && this.#armedFor <= at) return;
    clearTimeout(this.#timer);
    this.#armedFor = at;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#due = true;
      this.#wake();
    }, delayMs).unref();
  }

  #armForRest(): void {
    const dueMs = this.#ledger.compaction.dueMs;
    if (this.#ledger.ends.waiting) {
      this.#arm(this.#flushMs);
    } else if (dueMs !== undefined) {
      this.#arm(Math.max(this.#flushMs, dueMs - performance.now()));
    }
  }
}
