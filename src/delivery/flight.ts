import type { Slice } from './lane.ts';
import type { Load } from './load.ts';
import type { Parcel } from './contract.ts';

/** A slice with what dispatch must know to end or repeat its events. */
export class Leg implements Slice {
  readonly load: Load;
  readonly from: number;
  readonly count: number;
  readonly revision: number;
  /** Index of its first event in the batch. */
  readonly first: number;
  readonly deaths: number;

  constructor(load: Load, from: number, count: number, revision: number, first: number, deaths: number) {
    this.load = load;
    this.from = from;
    this.count = count;
    this.revision = revision;
    this.first = first;
    this.deaths = deaths;
  }

  get parcel(): Parcel {
    return this.load.parcel;
  }
}

/**
 * A batch that a worker has been given, until the last of its executions has ended.
 *
 * Modes: *running* (no report yet, every event is open), *parked* (reported; the bits tell which events are open), ended
 * (dropped). Only `park` goes from the first to the second. A parked flight is small: one object, the legs that still have
 * open events, and a bit for each event of the batch, so that 100,000 parked executions cost the main thread a few bytes each.
 */
export class Flight {
  readonly slot: number;
  /** Batches are numbered in the order in which the lane was given them. */
  readonly sequence: number;
  readonly count: number;
  legs: readonly Leg[];
  /** Open events once parked. */
  open = 0;
  #bits: Uint32Array | null = null;
  /** Takes the place of the bits where the batch has at most 30 events. */
  #few = 0;
  running = true;

  constructor(slot: number, sequence: number, count: number, legs: readonly Leg[]) {
    this.slot = slot;
    this.sequence = sequence;
    this.count = count;
    this.legs = legs;
  }

  /** Marks what has parked and lets go of the parcels that have nothing open here. */
  park(ranges: ArrayLike<number>): void {
    this.running = false;
    if (ranges.length === 0) {
      this.legs = [];
      return;
    }
    if (this.count > 30) this.#bits = new Uint32Array((this.count + 31) >>> 5);
    for (let r = 0; r < ranges.length; r += 2) {
      for (let i = ranges[r] as number; i < (ranges[r + 1] as number); i++) {
        if (this.#bits === null) this.#few |= 1 << i;
        else this.#bits[i >>> 5] = (this.#bits[i >>> 5] as number) | (1 << (i & 31));
        this.open++;
      }
    }
    // Filtering leaves room to spare, which the slice does not copy.
    this.legs = this.legs.filter((leg) => this.nextOpen(leg.first, leg.first + leg.count) < leg.first + leg.count).slice();
  }

  isOpen(index: number): boolean {
    if (this.running) return true;
    const word = this.#bits === null ? this.#few >>> index : (this.#bits[index >>> 5] as number) >>> (index & 31);
    return (word & 1) === 1;
  }

  /** The first open event at or after `index`; `end` when there is none before it. */
  nextOpen(index: number, end: number): number {
    let next = index;
    while (next < end && !this.isOpen(next)) next++;
    return next;
  }

  close(index: number): void {
    if (this.#bits === null) this.#few &= ~(1 << index);
    else this.#bits[index >>> 5] = (this.#bits[index >>> 5] as number) & ~(1 << (index & 31));
    this.open--;
  }

  legOf(index: number): Leg {
    let low = 0;
    let high = this.legs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.legs[middle] as Leg).first <= index) low = middle;
      else high = middle - 1;
    }
    return this.legs[low] as Leg;
  }
}
