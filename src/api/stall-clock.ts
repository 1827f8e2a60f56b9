/** Something that must get on within a number of ticks. */
export interface Stallable {
  /** Counted down once per tick while watched; set anew by whoever sees progress. */
  ticksLeft: number;
  /** Called once, when no ticks are left. It is no longer watched then. */
  stalled(): void;
}

/**
 * One timer for all requests whose body is arriving, in place of one timer each: a request that arrives whole costs a set
 * insertion and a removal. Precise to one tick.
 */
export class StallClock {
  readonly limitTicks: number;
  readonly #watched = new Set<Stallable>();
  readonly #timer: NodeJS.Timeout;

  constructor(limitMs: number) {
    const tickMs = Math.max(10, Math.min(1000, limitMs / 10));
    this.limitTicks = Math.ceil(limitMs / tickMs);
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  watch(stallable: Stallable): void {
    this.#watched.add(stallable);
  }

  release(stallable: Stallable): void {
    this.#watched.delete(stallable);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  #tick(): void {
    for (const stallable of this.#watched) {
      stallable.ticksLeft -= 1;
      if (stallable.ticksLeft >= 0) continue;
      this.#watched.delete(stallable);
      stallable.stalled();
    }
  }
}
