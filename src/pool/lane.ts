import type { Batch, Lane, LaneDeath } from '../delivery/lane.ts';
import { END_WORDS, type Report } from '../delivery/report.ts';
import { MillraceError } from '../errors.ts';
import type { Failure, Install, LateMessage } from './messages.ts';
import { type ThreadOptions, WorkerThread } from './worker-thread.ts';
import { Arena, dataBytes, pack, readReply } from './wire.ts';

export interface LaneOptions extends Omit<ThreadOptions, 'onLate' | 'onGone'> {
  readonly maxBatchBytes: number;
  /** A worker that shows no sign of life for so long, while it has work, is replaced. */
  readonly blockedMs: number;
  readonly onRestart: (cause: string) => void;
}

/** A worker that lives less than this died young: the next one is started later and later. */
const YOUNG_MS = 1000;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 10_000;
/** What loading machines and functions may take until the next sign of life. */
const STARTING_MS = 30_000;
/** After so many in a row, those who wait for a worker are told; starting goes on, at a slow pace. */
const HOPELESS_STARTS = 4;

/**
 * A lane that keeps one worker thread running: the pool's part of delivery's Lane.
 *
 * Modes: *starting* (a thread is being given its machines), *ready*, *waiting* (between a death and the next start),
 * *closed*. `#start` and `#onGone` lead from one to the next.
 */
export class WorkerLane implements Lane {
  ready = false;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly #options: LaneOptions;
  /** What every worker of this lane must have, by revision number. */
  readonly #wanted = new Map<number, Install>();
  #thread!: WorkerThread;
  #startedAtMs = 0;
  #diedYoung = 0;
  /** Workers in a row that died before they were ready. */
  #failedStarts = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #freeArenas: number[] = [];
  #outstanding = 0;
  #parked = 0;
  /** Batches whose report has come, of the present worker; and late reports that came before the batch they belong to. */
  #batches = 0;
  #early: LateMessage[] = [];
  #onQuiet: (() => void)[] = [];
  #readyWaiters: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  #onLate: (report: Report) => void = () => {};
  #onDeath: (death: LaneDeath) => void = () => {};
  #onReady: () => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
    this.maxBatchEvents = options.open.maxEvents;
    this.maxBatchBytes = options.maxBatchBytes;
    this.#start();
  }

  /** Executions of the present worker that wait for something. */
  get parked(): number {
    return this.#parked;
  }

  onLate(callback: (report: Report) => void): void {
    this.#onLate = callback;
  }

  onDeath(callback: (death: LaneDeath) => void): void {
    this.#onDeath = callback;
  }

  onReady(callback: () => void): void {
    this.#onReady = callback;
  }

  run(batch: Batch, done: (report: Report | null) => void): void {
    const thread = this.#thread;
    const { payloadBytes } = this.#options.open;
    const bytes = dataBytes(batch, payloadBytes);
    const slot = bytes <= this.#options.arenaBytes ? this.#freeArenas.pop() : undefined;
    const arena = slot === undefined ? Arena.create(this.maxBatchEvents, bytes) : (thread.arenas[slot] as Arena);
    pack(arena, batch, payloadBytes);
    this.#outstanding++;
    const ran = (text: string | null): void => {
      if (thread.gone) return;
      this.#outstanding--;
      this.#batches++;
      const report = text === null ? null : readReply(arena, text);
      if (report !== null) this.#countParked(lengthOf(report.ranges));
      done(report);
      if (slot !== undefined) this.#freeArenas.push(slot);
      this.#deliverEarly();
      if (this.#outstanding === 0) wake(this.#onQuiet);
    };
    // When the worker dies, onDeath tells instead.
    thread.run<string | null>(slot ?? { arena: arena.shared, maxEvents: this.maxBatchEvents }).then(ran, () => {});
  }

  /** Resolves once the present worker, or the next, runs this revision; answers what is wrong with it. */
  async install(install: Install): Promise<Failure> {
    while (!this.#closed) {
      await this.whenReady();
      const thread = this.#thread;
      if (this.#closed || !this.ready) continue;
      try {
        const failure = await thread.run<Failure>(install);
        if (failure === null) this.#wanted.set(install.id, install);
        if (failure !== null || this.#thread === thread) return failure;
      } catch (error) {
        return { code: 'INVALID_FUNCTION', message: `${install.revision.machine}: the worker died while loading it: ${messageOf(error)}`, diagnostics: [] };
      }
    }
    throw new MillraceError('DRAINING', 'The pool is closed.');
  }

  cancel(tickets: readonly number[]): void {
    if (this.ready) this.#thread.run({ kind: 'cancel', tickets }).catch(() => {});
  }

  async halt(): Promise<void> {
    if (this.#outstanding > 0) await new Promise<void>((resolve) => this.#onQuiet.push(resolve));
    await this.#thread.halt();
  }

  retire(id: number): void {
    if (!this.#wanted.delete(id) || !this.ready) return;
    this.#thread.run({ kind: 'retire', id }).catch(() => {});
  }

  /** Resolves once a worker is ready, or the lane closed; rejects when one worker after another dies before it is. */
  whenReady(): Promise<void> {
    if (this.ready || this.#closed) return Promise.resolve();
    return new Promise((resolve, reject) => this.#readyWaiters.push({ resolve, reject }));
  }

  /** Called every so often by the pool. */
  watch(): void {
    if (this.#closed || this.#thread.gone) return;
    if (!this.ready) this.#thread.watch(Math.max(STARTING_MS, this.#options.blockedMs));
    else if (this.#outstanding > 0 || this.#parked > 0) this.#thread.watch(this.#options.blockedMs);
    else this.excuse();
  }

  /** Whatever passed until now is not the worker's fault. */
  excuse(): void {
    this.#thread.aliveAtMs = performance.now();
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    const wasReady = this.ready;
    this.ready = false;
    clearTimeout(this.#timer);
    this.#wakeWaiters();
    if (wasReady && !this.#thread.gone) {
      let timer: NodeJS.Timeout | undefined;
      const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
      await Promise.race([this.#thread.run({ kind: 'close' }).catch(() => {}), grace]);
      clearTimeout(timer);
    }
    await this.#thread.close();
  }

  #start(): void {
    this.#startedAtMs = performance.now();
    const thread = new WorkerThread({
      ...this.#options,
      onLate: (message) => {
        if (message[0] <= this.#batches) this.#deliver(message);
        else this.#early.push(message);
      },
      onGone: (ticket, cause) => this.#onGone(ticket, cause),
    });
    this.#thread = thread;
    this.#freeArenas = thread.arenas.map((_, slot) => slot);
    this.#outstanding = 0;
    this.#parked = 0;
    this.#batches = 0;
    this.#early = [];
    this.#load(thread).catch(() => {});
  }

  /** Installs what the lane should have; a revision that no longer loads (a file changed) makes the start fail. */
  async #load(thread: WorkerThread): Promise<void> {
    const failures = await Promise.all([...this.#wanted.values()].map((install) => thread.run<Failure>(install)));
    const failure = failures.find((one) => one !== null);
    if (failure !== undefined && failure !== null) {
      thread.kill(failure.message);
      return;
    }
    // With nothing to install, this waits for the thread itself.
    await thread.run({ kind: 'retire', id: -1 });
    if (thread.gone || this.#closed) return;
    this.ready = true;
    this.#wakeWaiters();
    this.#onReady();
  }

  #onGone(ticket: number, cause: string): void {
    if (this.#closed) return;
    this.#failedStarts = this.ready ? 0 : this.#failedStarts + 1;
    if (this.#failedStarts >= HOPELESS_STARTS) {
      const waiters = this.#readyWaiters;
      this.#readyWaiters = [];
      for (const { reject } of waiters) reject(new MillraceError('INTERNAL', `No worker can be started: ${cause}`));
    }
    this.ready = false;
    this.#diedYoung = performance.now() - this.#startedAtMs < YOUNG_MS ? this.#diedYoung + 1 : 0;
    const delayMs = this.#diedYoung < 2 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (this.#diedYoung - 2), LONGEST_DELAY_MS);
    this.#timer = setTimeout(() => this.#start(), delayMs);
    this.#outstanding = 0;
    wake(this.#onQuiet);
    this.#options.onRestart(cause);
    this.#onDeath({ ticket, cause });
  }

  #wakeWaiters(): void {
    const waiters = this.#readyWaiters;
    this.#readyWaiters = [];
    for (const { resolve } of waiters) resolve();
  }

  #deliverEarly(): void {
    while (this.#early.length > 0 && (this.#early[0] as LateMessage)[0] <= this.#batches) this.#deliver(this.#early.shift() as LateMessage);
  }

  #deliver([, baseMs, ranges, ends, text]: LateMessage): void {
    this.#countParked(-lengthOf(ranges) - ends.length / END_WORDS);
    this.#onLate({ baseMs, ranges, ends, text });
  }

  #countParked(change: number): void {
    const before = this.#parked;
    this.#parked += change;
    if ((before === 0) !== (this.#parked === 0)) this.#thread.needed = this.#parked > 0;
  }
}

const wake = (waiters: (() => void)[]): void => waiters.splice(0).forEach((resolve) => resolve());

function lengthOf(ranges: ArrayLike<number>): number {
  let length = 0;
  for (let i = 0; i < ranges.length; i += 2) length += (ranges[i + 1] as number) - (ranges[i] as number);
  return length;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
