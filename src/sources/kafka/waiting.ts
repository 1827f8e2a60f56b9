import type { Line } from '../../delivery/source.ts';

/** Waits for room, or for a time, whichever is first; and for neither once somebody says that things have changed. */
export class Waiting {
  readonly #line: Line;
  readonly #wakers = new Set<() => void>();
  /** The line calls back once for each question, so that there is one question at a time. */
  #asked = false;
  #count = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  /** How many wait for room. */
  get count(): number {
    return this.#count;
  }

  async forRoom(mostMs: number): Promise<void> {
    if (this.#count++ === 0) this.#line.meter.paused(true);
    if (!this.#asked) {
      this.#asked = true;
      this.#line.onRoom(() => {
        this.#asked = false;
        this.wake();
      });
    }
    await this.forMs(mostMs);
    if (--this.#count === 0) this.#line.meter.paused(false);
  }

  forMs(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const waker = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(waker);
        resolve();
      };
      const timer = setTimeout(waker, ms);
      this.#wakers.add(waker);
    });
  }

  wake(): void {
    for (const waker of this.#wakers) waker();
  }
}
