import { setTimeout as delay } from 'node:timers/promises';

export interface RoundsOptions<T, R> {
  /** The most of `weight` in one round, in which a heavier item goes alone. */
  readonly most: number;
  readonly weight: (item: T) => number;
  /** Asked again, further and further apart, until it resolves. */
  readonly ask: (items: readonly T[]) => Promise<R>;
  /** Does not throw. */
  readonly answered: (items: readonly T[], answer: R) => void;
  /** Told when asking fails for the first time, and undefined when it has gone on. */
  readonly onTrouble: (error: Error | undefined) => void;
}

const FIRST_RETRY_MS = 50;
const MOST_RETRY_MS = 1000;

/**
 * Asks about items in rounds, one at a time: what comes while one is under way goes with the next, in its order. The first
 * waits for the end of this turn of the event loop, for others to join it.
 */
export class Rounds<T, R> {
  readonly #options: RoundsOptions<T, R>;
  readonly #closing = new AbortController();
  #waiting: T[] = [];
  #running = false;

  constructor(options: RoundsOptions<T, R>) {
    this.#options = options;
  }

  push(item: T): void {
    if (this.#closing.signal.aborted) return;
    this.#waiting.push(item);
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  /** Takes back what waits for the next rounds, and answers it. */
  withdraw(gone: (item: T) => boolean): T[] {
    const withdrawn = this.#waiting.filter(gone);
    if (withdrawn.length > 0) this.#waiting = this.#waiting.filter((item) => !gone(item));
    return withdrawn;
  }

  /** Asks nothing more; what waits is dropped. */
  close(): void {
    this.#closing.abort();
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const items = this.#take();
      const answer = await this.#insist(items);
      if (answer === undefined) break;
      this.#options.answered(items, answer.is);
    }
    this.#running = false;
  }

  #take(): T[] {
    const { most, weight } = this.#options;
    let sum = 0;
    const end = this.#waiting.findIndex((item, i) => {
      sum += weight(item);
      return i > 0 && sum > most;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  /** The answer; undefined once closed. */
  async #insist(items: readonly T[]): Promise<{ readonly is: R } | undefined> {
    const { ask, onTrouble } = this.#options;
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const is = await ask(items);
        if (signal.aborted) return undefined;
        if (attempt > 0) onTrouble(undefined);
        return { is };
      } catch (error) {
        if (attempt === 0 && !signal.aborted) onTrouble(error as Error);
      }
      await delay(Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10)), undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }
}

/** A fault of one who is told must not keep the others from being told, nor be swallowed: it is raised afterwards. */
export function isolated(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
