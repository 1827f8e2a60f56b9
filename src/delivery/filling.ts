import type { Parcel } from './contract.ts';
import { Leg } from './flight.ts';
import type { Machines } from './lane.ts';
import type { Waiting, WaitingQueue } from './queue.ts';

/** What becomes of entries that cannot run now. */
export interface Sorting extends Machines {
  /** There is no such machine. */
  refuse(waiting: Waiting): void;
  /** The machine runs as many as it may: the entry returns to the front of its queue when there is room. */
  hold(waiting: Waiting, queue: WaitingQueue): void;
}

/** A batch being filled from queues, within its events and bytes. */
export class Filling {
  readonly legs: Leg[] = [];
  count = 0;
  #events: number;
  #bytes: number;
  /** A suspect is in it, and nothing else may be. */
  #alone = false;

  constructor(events: number, bytes: number) {
    this.#events = events;
    this.#bytes = bytes;
  }

  /** Takes up to `most` events off a queue, in its order. */
  takeFrom(queue: WaitingQueue, most: number, sorting: Sorting): void {
    let left = Math.min(most, this.#events);
    while (left > 0 && this.#bytes > 0 && !this.#alone) {
      const waiting = queue.first;
      if (waiting === undefined || (waiting.alone && this.count > 0)) return;
      const { load } = waiting;
      const { machine } = load;
      const revision = sorting.current(load.parcel.route ?? load.parcel.machine);
      const whole = load.parcel.whole === true;
      const wanted = waiting.to - waiting.from;
      const room = machine.limit - machine.running;
      // What is one execution goes as one, however large, unless something else is in the batch.
      const allowed = whole ? (room > 0 ? wanted : 0) : Math.min(wanted, left, room);
      if (whole && allowed > left && this.count > 0) return;
      if (revision === undefined || allowed <= 0) {
        queue.take(waiting.to - waiting.from);
        if (revision === undefined) sorting.refuse(waiting);
        else sorting.hold(waiting, queue);
        continue;
      }
      const count = whole && this.count === 0 ? this.#taking(load.parcel, waiting.from, allowed) : this.#fitting(load.parcel, waiting.from, allowed);
      if (count === 0 || (whole && count < wanted)) return;
      queue.take(count);
      this.legs.push(new Leg(load, waiting.from, count, revision, this.count, waiting.deaths));
      machine.running += count;
      this.count += count;
      this.#events -= count;
      left -= count;
      this.#alone = waiting.alone;
    }
  }

  #taking({ spans }: Parcel, from: number, count: number): number {
    for (let i = from; i < from + count; i++) this.#bytes -= spans[2 * i + 1] as number;
    return count;
  }

  /** How many events fit the bytes that are left; the first of a batch always does. */
  #fitting(parcel: Parcel, from: number, most: number): number {
    const { spans } = parcel;
    let count = 0;
    while (count < most) {
      const length = spans[2 * (from + count) + 1] as number;
      if (length > this.#bytes && this.count + count > 0) break;
      this.#bytes -= length;
      count++;
    }
    return count;
  }
}
