/** How long jobs that were taken should have to wait for a worker, at most. */
const WAIT_MS = 250;
const LEAST = 32;
const MOST = 1024;

/**
 * How many jobs may wait here for a worker: what was begun in the last quarter of a second. More would be kept from processes
 * that have time for them, runs again elsewhere when this one stands still, and makes each acknowledgement slower: Redis looks
 * for a job in a list of all that are active.
 */
export class ReadAhead {
  #most = LEAST;
  #begunBefore = 0;
  #sinceMs: number;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#sinceMs = now();
  }

  /** The limit, when workers have been given `begun` jobs in all. */
  most(begun: number): number {
    const count = begun - this.#begunBefore;
    const elapsedMs = this.#now() - this.#sinceMs;
    if (elapsedMs < WAIT_MS) return Math.max(this.#most, limited(count));
    this.#most = limited((count * WAIT_MS) / elapsedMs);
    this.#begunBefore = begun;
    this.#sinceMs += elapsedMs;
    return this.#most;
  }
}

const limited = (count: number): number => Math.max(LEAST, Math.min(MOST, Math.round(count)));
