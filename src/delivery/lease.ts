import { Batching, type Member } from './batching.ts';
import type { End, Parcel, Settler } from './contract.ts';
import type { LineOptions } from './line-options.ts';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome-of.ts';
import type { Lease, Settlement, SourceEvents } from './source.ts';

/** What a lease needs of its line: the options, and the counts that all leases of the line share. */
export interface LineLoad {
  readonly options: LineOptions;
  inFlight: number;
  inFlightBytes: number;
  /** Every settled event passes here. */
  settled(count: number, bytes: number): void;
}

/** What a parcel keeps for its lease. */
interface Offered {
  readonly members: readonly Member[];
  /** Events not settled; the bytes are free when it is 0. */
  open: number;
}

/**
 * Modes: *open* (ends are told), *released* (nothing is told, whatever outputs still do with it).
 */
export class LineLease implements Lease, Settler {
  readonly #line: LineLoad;
  readonly #settlement: Settlement;
  readonly #wantsOutput: boolean;
  readonly #wantsEnds: boolean;
  readonly #batching: Batching | null;
  /** Parcels with open events, for the release. */
  readonly #open = new Set<Parcel>();
  #released = false;
  #inFlight = 0;
  #waiting = 0;

  constructor(line: LineLoad, settlement: Settlement, wantsEnds: boolean) {
    const { batch, results } = line.options;
    this.#line = line;
    this.#settlement = settlement;
    this.#wantsEnds = wantsEnds;
    this.#wantsOutput = wantsEnds || results?.wants('SUCCEEDED') === true;
    this.#batching = batch === undefined ? null : new Batching(batch, (gathered, members) => this.#dispatch(gathered, members, Date.now()));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting;
  }

  offer(events: SourceEvents): void {
    if (this.#released) throw new Error('the lease has been released');
    this.#inFlight += events.count;
    this.#waiting += events.count;
    this.#line.inFlight += events.count;
    if (this.#batching !== null) this.#batching.add(events);
    else this.#dispatch(events, [{ events, from: 0, to: events.count }], events.startTimeMs ?? Date.now());
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#batching?.clear();
    this.#line.options.dispatch.forget(this);
    for (const parcel of this.#open) this.#line.settled(0, parcel.bytes.byteLength);
    this.#open.clear();
    this.#line.settled(this.#inFlight, 0);
    this.#inFlight = 0;
    this.#waiting = 0;
  }

  withdraw(): void {
    for (const { events, from, to } of this.#batching?.clear() ?? []) {
      this.#inFlight -= to - from;
      this.#waiting -= to - from;
      this.#line.settled(to - from, 0);
      this.#settlement.withdrawn?.(events, from, to);
    }
    for (const { parcel, from, to } of this.#line.options.dispatch.withdraw(this)) {
      this.#waiting -= to - from;
      this.#account(parcel, to - from);
      this.#each(parcel, from, to, (events, first, end) => this.#settlement.withdrawn?.(events, first, end));
    }
  }

  given(_: Parcel, count: number): void {
    this.#waiting -= count;
  }

  #dispatch(events: Pick<SourceEvents, 'count' | 'bytes' | 'spans' | 'names' | 'lane' | 'details'>, members: readonly Member[], startTimeMs: number): void {
    const { machine, route, dispatch } = this.#line.options;
    const parcel: Parcel = {
      settler: this,
      machine,
      route,
      count: events.count,
      bytes: events.bytes,
      spans: events.spans,
      names: events.names,
      startTimeMs,
      wantsOutput: this.#wantsOutput,
      lane: events.lane,
      ...(events.details === undefined ? {} : { details: events.details }),
      ...(this.#batching === null ? {} : { whole: true }),
      tag: { members, open: events.count } satisfies Offered,
    };
    this.#open.add(parcel);
    this.#line.inFlightBytes += parcel.bytes.byteLength;
    dispatch.offer(parcel);
  }

  succeeded(parcel: Parcel, from: number, to: number): void {
    this.#account(parcel, to - from);
    const { members } = parcel.tag as Offered;
    if (members.length === 1 && this.#batching === null) this.#settlement.settled(members[0]!.events, from, to);
    else this.#each(parcel, from, to, (events, first, end) => this.#settlement.settled(events, first, end));
  }

  ended(parcel: Parcel, index: number, end: End): void {
    const { results, deadLetters, onFailure } = this.#line.options;
    const { status } = end;
    if (status === 'FILTERED') {
      this.#settle(parcel, index, end);
      return;
    }
    const failed = status !== 'SUCCEEDED';
    if (failed) onFailure(end);
    // Of a batch that succeeded only its first event has the output: the others were part of the same execution.
    const forResults = results !== null && results.wants(status) && (failed || end.output !== undefined);
    const forDeadLetters = failed && deadLetters !== null;
    let left = (forResults ? 1 : 0) + (forDeadLetters ? 1 : 0);
    if (left === 0) {
      this.#settle(parcel, index, end);
      return;
    }
    const outcome = this.#outcomeOf(parcel, index, end);
    const done = (): void => {
      left--;
      if (left === 0 && !this.#released) this.#settle(parcel, index, end);
    };
    if (forDeadLetters) deadLetters(outcome, done);
    if (forResults) results.take(outcome, done);
  }

  #settle(parcel: Parcel, index: number, end: End): void {
    this.#account(parcel, 1);
    const { events, index: at } = placeOf(parcel, index);
    if (this.#wantsEnds || (end.status !== 'SUCCEEDED' && end.status !== 'FILTERED')) this.#settlement.ended(events, at, end);
    else this.#settlement.settled(events, at, at + 1);
  }

  #account(parcel: Parcel, count: number): void {
    const offered = parcel.tag as Offered;
    offered.open -= count;
    this.#inFlight -= count;
    const empty = offered.open === 0;
    if (empty) this.#open.delete(parcel);
    this.#line.settled(count, empty ? parcel.bytes.byteLength : 0);
  }

  /** Events of a parcel as the source offered them. */
  #each(parcel: Parcel, from: number, to: number, tell: (events: SourceEvents, from: number, to: number) => void): void {
    let first = 0;
    for (const { events, from: start, to: end } of (parcel.tag as Offered).members) {
      const count = end - start;
      const a = Math.max(from, first);
      const b = Math.min(to, first + count);
      if (a < b) tell(events, start + a - first, start + b - first);
      first += count;
    }
  }

  #outcomeOf(parcel: Parcel, index: number, end: End): Outcome {
    const { events, index: at } = placeOf(parcel, index);
    const { source, maxAttempts } = this.#line.options;
    const attempts = end.status === 'FAILED' || end.status === 'TIMED_OUT' ? maxAttempts : end.status === 'POISON' ? end.redeliveries : 1;
    return outcomeOf(parcel, index, end, { source, attempts, ...this.#settlement.describe(events, at) });
  }
}

/** Where an event of a parcel stands in what the source offered. */
function placeOf(parcel: Parcel, index: number): { readonly events: SourceEvents; readonly index: number } {
  let first = 0;
  for (const { events, from, to } of (parcel.tag as Offered).members) {
    if (index < first + to - from) return { events, index: from + index - first };
    first += to - from;
  }
  throw new RangeError(`event ${index} of ${parcel.count}`);
}
