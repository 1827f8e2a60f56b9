import type { End } from './contract.ts';
import type { EventId } from './event-ids.ts';
import { nameOf } from './names.ts';
import type { SeenEvent, SeenStore } from './seen/contract.ts';
import { selected, wantedOf } from './selection.ts';
import type { EventDescription, Lease, Line, Settlement, SourceEvents, SourceMeter } from './source.ts';

export interface Offer {
  readonly lease: DeduplicatingLease;
  readonly events: SourceEvents;
  ids: readonly EventId[];
  /** Part of the question to the store that is under way, or was answered. */
  claimed: boolean;
  /** Events that have not been told of. */
  open: number;
}

/** What the line behind was offered; kept as its tag. */
interface Chosen {
  readonly offer: Offer;
  /** Indexes in the offer, ascending; null: all of them. */
  readonly at: Uint32Array | null;
}

/** Events from (inclusive) to to (exclusive) of an offer. */
export interface Ended {
  readonly offer: Offer;
  readonly from: number;
  readonly to: number;
  /** Null: they succeeded, or the filter let them go. */
  readonly end: End | null;
}

/** What a lease is part of. */
export interface Deduplicating {
  /** The line behind. */
  readonly line: Line;
  readonly store: SeenStore;
  readonly meter: SourceMeter;
  offered(offer: Offer): void;
  /** Events have ended behind, and are told of when that is remembered. */
  ended(offer: Offer, from: number, to: number, end: End | null): void;
  released(lease: DeduplicatingLease): void;
  /** Takes back the offers of a lease that the store has not been asked about, and answers them. */
  withdraw(lease: DeduplicatingLease): readonly Offer[];
  /** Every event that was told of, or let go, passes here. */
  closed(count: number, bytes: number): void;
}

/** Modes: *open* (ends are told), *withdrawn* (so they are, and nothing more begins), *released* (nothing is told, whatever the store answers). */
export class DeduplicatingLease implements Lease, Settlement {
  released = false;
  inFlight = 0;
  readonly #line: Deduplicating;
  readonly #settlement: Settlement;
  readonly #wantsEnds: boolean;
  readonly #behind: Lease;
  readonly #open = new Set<Offer>();
  /** Events that the line behind has not been offered. */
  #unclaimed = 0;
  #withdrawn = false;

  constructor(line: Deduplicating, settlement: Settlement, options: { readonly wantsEnds?: boolean }) {
    this.#line = line;
    this.#settlement = settlement;
    this.#wantsEnds = options.wantsEnds === true;
    this.#behind = line.line.lease(this, options);
  }

  get waiting(): number {
    return this.#unclaimed + this.#behind.waiting;
  }

  offer(events: SourceEvents): void {
    if (this.released) throw new Error('the lease has been released');
    if (events.count === 0) return;
    const offer: Offer = { lease: this, events, ids: [], claimed: false, open: events.count };
    this.#open.add(offer);
    this.inFlight += events.count;
    this.#unclaimed += events.count;
    this.#line.offered(offer);
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.#behind.release();
    this.#line.released(this);
    for (const offer of this.#open) {
      this.#abandon(offer);
      this.#line.closed(offer.open, offer.events.bytes.byteLength);
    }
    this.#open.clear();
    this.inFlight = 0;
  }

  withdraw(): void {
    this.#withdrawn = true;
    for (const offer of this.#line.withdraw(this)) {
      this.#unclaimed -= offer.events.count;
      this.#takeBack(offer, 0, offer.events.count);
    }
    this.#behind.withdraw();
  }

  /** Hands on what is to run; tells of what repeats another event. */
  run(offer: Offer, runs: readonly number[], repeated: readonly number[]): void {
    if (this.released) {
      this.#abandon(offer);
      return;
    }
    const { events } = offer;
    this.#unclaimed -= events.count;
    if (this.#withdrawn) ranges(runs, 0, runs.length, (from, to) => this.#takeBack(offer, from, to));
    else if (runs.length > 0) {
      const all = runs.length === events.count;
      const at = all ? null : Uint32Array.from(runs);
      const tag: Chosen = { offer, at };
      this.#behind.offer(wantedOf(at === null ? { ...events, tag } : selected(events, at, tag), this.#line.line.wants));
    }
    if (repeated.length === 0) return;
    this.#line.meter.repeated(repeated.length);
    const now = Date.now();
    const end: End | null = this.#wantsEnds ? { status: 'FILTERED', startTimeMs: now, stopTimeMs: now, redeliveries: 0 } : null;
    ranges(repeated, 0, repeated.length, (from, to) => this.tell(offer, from, to, end));
  }

  tell(offer: Offer, from: number, to: number, end: End | null): void {
    if (this.released) return;
    const { events } = offer;
    this.#close(offer, from, to);
    if (end === null) this.#settlement.settled(events, from, to);
    else for (let i = from; i < to; i++) this.#settlement.ended(events, i, end);
  }

  settled(events: SourceEvents, from: number, to: number): void {
    const { offer, at } = events.tag as Chosen;
    if (at === null) this.#line.ended(offer, from, to, null);
    else ranges(at, from, to, (first, end) => this.#line.ended(offer, first, end, null));
  }

  ended(events: SourceEvents, index: number, end: End): void {
    const { offer, at } = events.tag as Chosen;
    const i = at === null ? index : (at[index] as number);
    this.#line.ended(offer, i, i + 1, end);
  }

  withdrawn(events: SourceEvents, from: number, to: number): void {
    const { offer, at } = events.tag as Chosen;
    if (at === null) this.#takeBack(offer, from, to);
    else ranges(at, from, to, (first, end) => this.#takeBack(offer, first, end));
  }

  describe(events: SourceEvents, index: number): EventDescription {
    const { offer, at } = events.tag as Chosen;
    return this.#settlement.describe(offer.events, at === null ? index : (at[index] as number));
  }

  #close(offer: Offer, from: number, to: number): void {
    offer.open -= to - from;
    this.inFlight -= to - from;
    if (offer.open === 0) this.#open.delete(offer);
    this.#line.closed(to - from, offer.open === 0 ? offer.events.bytes.byteLength : 0);
  }

  #takeBack(offer: Offer, from: number, to: number): void {
    this.#abandon(offer, from, to);
    this.#close(offer, from, to);
    this.#settlement.withdrawn?.(offer.events, from, to);
  }

  #abandon(offer: Offer, from = 0, to = offer.events.count): void {
    const entries: SeenEvent[] = [];
    // None has an id before the store is asked.
    gather(offer, from, Math.min(to, offer.ids.length), entries);
    this.#line.store.abandon(entries);
  }
}

/** The events that have ids, as the store knows them. */
export function gather({ events, ids }: Offer, from: number, to: number, into: SeenEvent[]): void {
  for (let i = from; i < to; i++) {
    const id = ids[i] as EventId;
    if (id !== null) into.push({ id, name: nameOf(events.names, i) });
  }
}

/** The runs of consecutive numbers among those at from (inclusive) to to (exclusive). */
function ranges(ascending: ArrayLike<number>, from: number, to: number, each: (first: number, end: number) => void): void {
  for (let i = from; i < to; ) {
    const first = ascending[i] as number;
    let length = 1;
    while (i + length < to && ascending[i + length] === first + length) length++;
    each(first, first + length);
    i += length;
  }
}
