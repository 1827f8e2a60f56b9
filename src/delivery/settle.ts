import type { End, Parcel } from './contract.ts';
import type { Flight } from './flight.ts';
import { END_WORDS, type Report, statusName } from './report.ts';
import { SUCCEEDED } from '../runtime/contract.ts';
import type { Load } from './load.ts';

/** Told of every event that ends, before its settler is. */
export type Account = (load: Load, count: number) => void;

/** A settler that throws is a fault of its source; it must not keep the others from being told, nor be swallowed. */
function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

export function reportSucceeded(load: Load, from: number, to: number, account: Account): void {
  account(load, to - from);
  if (load.forgotten) return;
  try {
    load.parcel.settler.succeeded(load.parcel, from, to);
  } catch (error) {
    rethrowLater(error);
  }
}

export function reportEnd(load: Load, index: number, end: End, account: Account): void {
  account(load, 1);
  if (load.forgotten) return;
  try {
    load.parcel.settler.ended(load.parcel, index, end);
  } catch (error) {
    rethrowLater(error);
  }
}

function reportParked(load: Load, index: number): void {
  const { settler } = load.parcel;
  if (load.forgotten || settler.parked === undefined) return;
  try {
    settler.parked(load.parcel, index);
  } catch (error) {
    rethrowLater(error);
  }
}

/** Reads the ends of a report in order. */
export class EndReader {
  readonly #report: Report;
  #word = 0;
  #textAt = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Key of the next end; Infinity after the last. */
  get key(): number {
    return this.#word < this.#report.ends.length ? (this.#report.ends[this.#word] as number) : Infinity;
  }

  next(parcel: Parcel, redeliveries: number): End {
    const { ends, baseMs } = this.#report;
    const at = this.#word;
    this.#word += END_WORDS;
    const status = ends[at + 1] as number;
    const first = this.#text(ends[at + 3] as number);
    const second = this.#text(ends[at + 4] as number);
    const { startTimeMs } = parcel;
    const stopTimeMs = baseMs + (ends[at + 2] as number);
    if (status === SUCCEEDED && first !== undefined) return { status: 'SUCCEEDED', output: first, startTimeMs, stopTimeMs, redeliveries };
    const end = { status: statusName(status), startTimeMs, stopTimeMs, redeliveries };
    if (first === undefined) return second === undefined ? end : { ...end, cause: second };
    return second === undefined ? { ...end, error: first } : { ...end, error: first, cause: second };
  }

  /** Passes over an end that belongs to nothing any more. */
  skip(): void {
    const { ends } = this.#report;
    this.#textAt += Math.max(0, ends[this.#word + 3] as number) + Math.max(0, ends[this.#word + 4] as number);
    this.#word += END_WORDS;
  }

  #text(length: number): string | undefined {
    if (length < 0) return undefined;
    const from = this.#textAt;
    this.#textAt += length;
    return this.#report.text.slice(from, this.#textAt);
  }
}

/** Settles what has ended of a batch whose synchronous run is over; leaves the flight parked where something is still open. */
export function settleBatch(flight: Flight, report: Report | null, account: Account): void {
  const { legs } = flight;
  if (report === null) {
    flight.park([]);
    for (const leg of legs) reportSucceeded(leg.load, leg.from, leg.from + leg.count, account);
    return;
  }
  flight.park(report.ranges);
  const reader = new EndReader(report);
  let range = 0;
  for (const leg of legs) {
    const end = leg.first + leg.count;
    const shift = leg.from - leg.first;
    let at = leg.first;
    while (at < end) {
      const parked = range < report.ranges.length ? (report.ranges[range] as number) : Infinity;
      const stop = Math.min(end, Math.max(at, parked), reader.key);
      if (stop > at) reportSucceeded(leg.load, at + shift, stop + shift, account);
      at = stop;
      if (at >= end) break;
      if (reader.key === at) {
        reportEnd(leg.load, at + shift, reader.next(leg.parcel, leg.deaths), account);
        at++;
      } else {
        const until = Math.min(end, report.ranges[range + 1] as number);
        for (; at < until; at++) reportParked(leg.load, at + shift);
        if (at === report.ranges[range + 1]) range += 2;
      }
    }
  }
}

/** Settles one event that had parked; `flight` must hold it open. */
export function settleLate(flight: Flight, index: number, reader: EndReader | null, account: Account): void {
  const leg = flight.legOf(index);
  flight.close(index);
  const at = leg.from + index - leg.first;
  if (reader === null) reportSucceeded(leg.load, at, at + 1, account);
  else reportEnd(leg.load, at, reader.next(leg.parcel, leg.deaths), account);
}
