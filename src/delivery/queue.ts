import type { Load } from './load.ts';

/** Neighbouring events of one parcel that wait for a worker. */
export interface Waiting {
  readonly load: Load;
  readonly from: number;
  readonly to: number;
  /** How many workers have died under these events. */
  readonly deaths: number;
  /** Runs in a batch of its own: it is suspected of having taken a worker down. */
  readonly alone: boolean;
}

/** A first-in first-out queue that also takes entries back at its front, and counts events. */
export class WaitingQueue {
  #entries: Waiting[] = [];
  #head = 0;
  /** Events, not entries. */
  events = 0;

  get first(): Waiting | undefined {
    return this.#entries[this.#head];
  }

  push(waiting: Waiting): void {
    this.#entries.push(waiting);
    this.events += waiting.to - waiting.from;
  }

  /** Puts entries before all others, in their order. */
  putBack(entries: readonly Waiting[]): void {
    if (entries.length === 0) return;
    this.#entries = [...entries, ...this.#entries.slice(this.#head)];
    this.#head = 0;
    for (const waiting of entries) this.events += waiting.to - waiting.from;
  }

  /** Takes `count` events off the first entry, which must have as many. */
  take(count: number): void {
    const waiting = this.#entries[this.#head] as Waiting;
    this.events -= count;
    if (waiting.from + count < waiting.to) {
      this.#entries[this.#head] = { ...waiting, from: waiting.from + count };
      return;
    }
    this.#entries[this.#head] = undefined as unknown as Waiting;
    this.#head++;
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Removes and answers what satisfies the condition. */
  remove(condition: (waiting: Waiting) => boolean): Waiting[] {
    const removed: Waiting[] = [];
    const kept: Waiting[] = [];
    for (let i = this.#head; i < this.#entries.length; i++) {
      const waiting = this.#entries[i] as Waiting;
      if (condition(waiting)) {
        removed.push(waiting);
        this.events -= waiting.to - waiting.from;
      } else kept.push(waiting);
    }
    this.#entries = kept;
    this.#head = 0;
    return removed;
  }
}
