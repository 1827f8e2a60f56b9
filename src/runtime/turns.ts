/**
 * What could go on but has to let others go first, in the order in which it came. All of it shares the time of one turn of
 * the event loop: an immediate for each would keep the thread from its messages and timers for as long as there are many.
 */
export class Turns {
  readonly #clock: () => number;
  readonly #turnMs: number;
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /** `clock` tells milliseconds; a turn begins nothing more once it has lasted `turnMs`. */
  constructor(clock: () => number, turnMs: number) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  add(goOn: () => void): void {
    this.#waiting.push(goOn);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const began = this.#clock();
    // What is added from now on comes behind all of these.
    const waiting = this.#waiting;
    this.#waiting = [];
    let begun = 0;
    try {
      while (begun < waiting.length) {
        waiting[begun++]!();
        if (this.#clock() - began >= this.#turnMs) break;
      }
    } finally {
      if (begun < waiting.length) this.#waiting = waiting.slice(begun).concat(this.#waiting);
      this.#scheduled = this.#waiting.length > 0;
      if (this.#scheduled) setImmediate(this.#turn);
    }
  };
}
