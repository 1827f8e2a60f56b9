import type { HeldJob } from './job.ts';

/** Locks renewed in one call: the script runs alone in Redis meanwhile. */
const RENEWED_AT_ONCE = 500;
/** An execution that takes longer is worth saying so in its job. */
const ANNOUNCED_AFTER_MS = 1000;
const ANNOUNCED_AT_ONCE = 100;

export interface LocksOptions {
  readonly lockDurationMs: number;
  /** Renews the locks of jobs, expired ones too where nobody has moved the job; answers those that are not ours any more. */
  readonly renew: (jobs: readonly HeldJob[]) => Promise<readonly HeldJob[]>;
  /** Says in a job that its execution runs. */
  readonly announce: (job: HeldJob) => Promise<void>;
  readonly onLost: (job: HeldJob) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps the locks of the jobs that are held, from this thread: executions are on others, so none of them can be so busy that a
 * lock expires. A lock is renewed when a quarter of its time is over, and looked at twice as often.
 */
export class Locks {
  readonly #options: LocksOptions;
  readonly #jobs = new Set<HeldJob>();
  readonly #timers: NodeJS.Timeout[];
  #renewing: Promise<void> | undefined;
  #announcing = false;

  constructor(options: LocksOptions) {
    this.#options = options;
    const every = (ms: number, task: () => Promise<void>): NodeJS.Timeout => setInterval(() => void task().catch(options.onError), ms);
    this.#timers = [every(options.lockDurationMs / 8, () => this.renewDue()), every(ANNOUNCED_AFTER_MS / 2, () => this.#announceDue())];
  }

  get size(): number {
    return this.#jobs.size;
  }

  get held(): Iterable<HeldJob> {
    return this.#jobs;
  }

  keep(job: HeldJob): void {
    this.#jobs.add(job);
  }

  drop(job: HeldJob): void {
    this.#jobs.delete(job);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Renews those that have not been renewed for a quarter of their time. */
  renewDue(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const { lockDurationMs, renew, onLost } = this.#options;
    const now = Date.now();
    const due = Array.from(this.#jobs).filter(({ lockedAtMs }) => now - lockedAtMs >= lockDurationMs / 4);
    for (let from = 0; from < due.length; from += RENEWED_AT_ONCE) {
      const jobs = due.slice(from, from + RENEWED_AT_ONCE);
      const lost = new Set(await renew(jobs));
      const renewedAtMs = Date.now();
      for (const job of jobs) {
        // One that is acknowledged or given back meanwhile has no lock either.
        if (job.leaving || !this.#jobs.has(job)) continue;
        if (!lost.has(job)) job.lockedAtMs = renewedAtMs;
        else {
          this.#jobs.delete(job);
          job.lost = true;
          onLost(job);
        }
      }
    }
  }

  async #announceDue(): Promise<void> {
    if (this.#announcing) return;
    this.#announcing = true;
    try {
      const before = Date.now() - ANNOUNCED_AFTER_MS;
      const due: HeldJob[] = [];
      for (const job of this.#jobs) {
        if (!job.announced && job.takenAtMs <= before) due.push(job);
        if (due.length === ANNOUNCED_AT_ONCE) break;
      }
      for (const job of due) job.announced = true;
      await Promise.all(due.map((job) => this.#options.announce(job)));
    } finally {
      this.#announcing = false;
    }
  }
}
