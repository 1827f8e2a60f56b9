import type { HeldJob } from './job.ts';

/** Jobs that are offered together, and how long the first of them waits for the others. */
const ENOUGH = 32;
const GATHERED_FOR_MS = 2;

export interface GatheringOptions {
  /** The most jobs that can be held at once: a part of them is enough. */
  readonly maxInFlight: number;
  /** Whether more jobs may be on their way from Redis. */
  readonly moreComing: () => boolean;
  readonly offer: (jobs: readonly HeldJob[]) => void;
}

/**
 * Gathers jobs that are to be offered: each offer costs a message to a worker, and Redis hands out jobs one by one. They go as
 * soon as there are enough, or no more are on their way.
 */
export class Gathering {
  readonly #options: GatheringOptions;
  readonly #enough: number;
  #jobs: HeldJob[] = [];
  #turnEnds = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GatheringOptions) {
    this.#options = options;
    this.#enough = Math.max(1, Math.min(ENOUGH, Math.floor(options.maxInFlight / 4)));
  }

  get size(): number {
    return this.#jobs.length;
  }

  add(job: HeldJob): void {
    this.#jobs.push(job);
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    setImmediate(() => {
      this.#turnEnds = false;
      if (this.#jobs.length === 0) return;
      if (this.#jobs.length >= this.#enough || !this.#options.moreComing()) this.#offer();
      else this.#timer ??= setTimeout(() => this.#offer(), GATHERED_FOR_MS);
    });
  }

  /** Lets go of what has not been offered, and answers it. */
  clear(): HeldJob[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#jobs.splice(0);
  }

  #offer(): void {
    this.#options.offer(this.clear());
  }
}
