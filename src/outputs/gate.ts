/** Lets so many through at a time, in the order of their coming. */
export class Gate {
  readonly #places: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  #opened = false;
  #shutUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(places: number) {
    this.#places = places;
  }

  /** Resolves when there is room; whoever entered has to leave. */
  enter(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#admit();
    });
  }

  leave(): void {
    this.#inside -= 1;
    this.#admit();
  }

  /** Lets nobody in for so long. */
  shutFor(ms: number): void {
    const untilMs = Date.now() + ms;
    if (this.#opened || untilMs <= this.#shutUntilMs) return;
    this.#shutUntilMs = untilMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#admit();
    }, ms);
  }

  /** Ends all waiting: everybody is let in from now on. */
  open(): void {
    this.#opened = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#admit();
  }

  #admit(): void {
    if (this.#timer !== undefined) return;
    while (this.#opened || this.#inside < this.#places) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inside += 1;
      next();
    }
  }
}
