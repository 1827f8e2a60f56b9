import type { Answer, HeldJob } from './job.ts';

/** Calls under way at once: enough that Redis works while executions do; more would only wait there, each with a job that others could run. */
const MOST_CALLS = 128;
/** Jobs that have ended and are not acknowledged: beyond it no acknowledgement brings another job along, or they would never get fewer. */
const MOST_ENDED = 4 * MOST_CALLS;
/** A wait for jobs ends after this long at the latest, to look whether one is there after all. */
const LONGEST_WAIT_SECONDS = 5;
const SHORTEST_WAIT_SECONDS = 0.002;
const AGAIN_AFTER_MS = 1000;

export interface IntakeOptions {
  readonly take: () => Promise<Answer>;
  /** Acknowledges an ended job; with `fetchNext` the answer may be the next one. */
  readonly acknowledge: (job: HeldJob, fetchNext: boolean) => Promise<Answer | null>;
  /** Waits at the queue; see JobQueue.waitForJob. */
  readonly waitForJob: (seconds: number) => Promise<number>;
  /** True when one more job fits, besides `coming` that may be on their way and without `leaving` that are being acknowledged. */
  readonly hasRoom: (coming: number, leaving: number) => boolean;
  readonly onRoom: (callback: () => void) => void;
  readonly onJob: (job: HeldJob) => void;
  /** Reading has stopped (true) or goes on (false) because of a limit of ours. */
  readonly onFull: (full: boolean) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Takes jobs as long as there is room for them, and acknowledges those that have ended.
 *
 * Modes of reading: *reading* (jobs are asked for), *empty* (there are none; one wait at the queue is under way), *limited* (by
 * the queue's rate limit, until a timer), *full* (no room here), *stopped*. Acknowledging goes on in all of them and goes first; its
 * calls bring the next job along in the same turn, which is how a busy queue is read.
 */
export class Intake {
  readonly #options: IntakeOptions;
  #mode: 'reading' | 'empty' | 'limited' | 'full' | 'stopped' = 'stopped';
  /** Calls under way, and how many of them may bring a job. */
  #calls = 0;
  #coming = 0;
  /** How many jobs may be asked for at once: doubled when there were enough, one again when there was none. */
  #reach = 1;
  readonly #ended: HeldJob[] = [];
  /** Acknowledgements that failed and are tried again in a while. */
  #repeats = 0;
  #waiting = false;
  #roomAwaited = false;
  #limit: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#mode = 'reading';
    this.#go();
  }

  /** Takes no more jobs. Those that are on their way still come. */
  stop(): void {
    this.#enter('stopped');
  }

  /** Acknowledges a job, as soon as a call is free. */
  ended(job: HeldJob): void {
    this.#ended.push(job);
    this.#go();
  }

  /** There may be room again for another reason than that a job has left. */
  lookForRoom(): void {
    if (this.#mode === 'full' && this.#options.hasRoom(this.#coming, 0)) this.#resume('full');
  }

  /** Calls under way that may bring a job. */
  get coming(): number {
    return this.#coming;
  }

  /** Resolves when no call is under way and nothing is left to acknowledge. */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  get #busy(): boolean {
    return this.#calls + this.#ended.length + this.#repeats > 0;
  }

  #go(): void {
    while (this.#calls < MOST_CALLS && this.#ended.length > 0) this.#acknowledge(this.#ended.shift() as HeldJob);
    while (this.#mode === 'reading' && this.#calls < MOST_CALLS && this.#coming < this.#reach) {
      if (this.#options.hasRoom(this.#coming, 0)) this.#take();
      else this.#enter('full');
    }
  }

  #acknowledge(job: HeldJob): void {
    const fetchNext = this.#mode !== 'limited' && this.#mode !== 'stopped' && this.#ended.length < MOST_ENDED && this.#options.hasRoom(this.#coming, 1);
    this.#call(this.#options.acknowledge(job, fetchNext), fetchNext, () => {
      this.#repeats++;
      setTimeout(() => {
        this.#repeats--;
        this.ended(job);
      }, AGAIN_AFTER_MS);
    });
  }

  #take(): void {
    this.#call(this.#options.take(), true, () => this.#limitFor(AGAIN_AFTER_MS));
  }

  #call(answer: Promise<Answer | null>, mayBring: boolean, failed: () => void): void {
    this.#calls++;
    if (mayBring) this.#coming++;
    const over = (): void => {
      this.#calls--;
      if (mayBring) this.#coming--;
    };
    answer.then(
      (reply) => {
        over();
        if (reply !== null) this.#answered(reply);
        this.#turned();
      },
      (error: unknown) => {
        over();
        this.#options.onError(error);
        failed();
        this.#turned();
      },
    );
  }

  #turned(): void {
    this.lookForRoom();
    this.#go();
    if (this.#busy) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #answered({ job, limitedMs, nextDueMs }: Answer): void {
    if (job !== null) {
      this.#reach = Math.min(2 * this.#reach, MOST_CALLS);
      this.#options.onJob(job);
      return;
    }
    this.#reach = 1;
    if (limitedMs > 0) this.#limitFor(limitedMs);
    else if (this.#mode === 'reading') {
      this.#enter('empty');
      if (!this.#waiting) void this.#wait(nextDueMs);
    }
  }

  #limitFor(ms: number): void {
    if (this.#mode !== 'reading' && this.#mode !== 'empty') return;
    this.#enter('limited');
    this.#limit = setTimeout(() => this.#resume('limited'), ms);
  }

  async #wait(dueMs: number): Promise<void> {
    this.#waiting = true;
    let until = dueMs;
    try {
      while (this.#mode === 'empty') {
        const seconds = until === 0 ? LONGEST_WAIT_SECONDS : Math.min(LONGEST_WAIT_SECONDS, (until - Date.now()) / 1000);
        if (seconds <= 0) break;
        const score = await this.#options.waitForJob(Math.max(SHORTEST_WAIT_SECONDS, seconds));
        // A delayed job's marker, which is now nobody else's: it has to be waited for here.
        if (score <= Date.now()) break;
        until = until === 0 ? score : Math.min(until, score);
      }
    } catch (error) {
      this.#options.onError(error);
      this.#limitFor(AGAIN_AFTER_MS);
    } finally {
      this.#waiting = false;
    }
    this.#resume('empty');
  }

  #resume(from: 'empty' | 'limited' | 'full'): void {
    if (this.#mode !== from) return;
    this.#enter('reading');
    this.#go();
  }

  #enter(mode: 'reading' | 'empty' | 'limited' | 'full' | 'stopped'): void {
    if (mode === this.#mode) return;
    clearTimeout(this.#limit);
    const was = this.#mode;
    this.#mode = mode;
    if (mode === 'full') {
      this.#options.onFull(true);
      if (this.#roomAwaited) return;
      this.#roomAwaited = true;
      this.#options.onRoom(() => {
        this.#roomAwaited = false;
        this.#resume('full');
      });
    } else if (was === 'full') this.#options.onFull(false);
  }
}
