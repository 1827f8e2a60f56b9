import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../telemetry/log.ts';
import type { End } from './contract.ts';
import type { DeduplicatingLine } from './deduplicating-line.ts';
import { type Deduplicating, DeduplicatingLease, type Ended, gather, type Offer } from './deduplicating-lease.ts';
import type { EventIds } from './event-ids.ts';
import { nameOf } from './names.ts';
import { isolated, Rounds } from './rounds.ts';
import type { SeenEvent, SeenStore, Verdict } from './seen/contract.ts';
import type { Lease, Line, Order, Settlement, SourceEvents, SourceMeter, Wants } from './source.ts';

export type { DeduplicatingLine } from './deduplicating-line.ts';

export interface DeduplicationOptions {
  readonly store: SeenStore;
  readonly ids: EventIds;
  readonly maxInFlightBytes: number;
}

/*
 *   offer ──▶ ids ──▶ claim ──▶ what is to run, in its order ──▶ the line behind
 *                       │                                             │ settled, ended
 *   told ◀──────────────┴── duplicate, or ended before                ▼
 *   told ◀──────────────────────────────────────────────── done, or forget
 *
 * Claims of all leases go in rounds, and so do ends. An event is told of when the store has taken its end: if the process dies
 * before, the event comes again and is known. The id of an event that failed, or that an output refused, is forgotten instead: it
 * is in dead letters, or its broker tries again, and what comes under its id then has to run.
 */

/** Ids of one question to the store, and events of one answer. */
const MOST_IDS = 2000;
const LOOK_MS = 10;

export function createDeduplicatingLine(line: Line, options: DeduplicationOptions): DeduplicatingLine {
  return new Deduplication(line, options);
}

class Deduplication implements DeduplicatingLine, Deduplicating {
  readonly line: Line;
  readonly source: string;
  readonly order: Order;
  readonly lanes: number;
  readonly maxInFlight: number;
  readonly log: Log;
  readonly meter: SourceMeter;
  inFlight = 0;
  readonly store: SeenStore;
  readonly #ids: EventIds;
  readonly #maxInFlightBytes: number;
  readonly #claims: Rounds<Offer, readonly Verdict[]>;
  readonly #ends: Rounds<Ended, void>;
  /** Names of events whose executions succeeded, and which are dead letters all the same. */
  readonly #refused = new Set<string>();
  readonly #troubles = new Map<string, string>();
  #inFlightBytes = 0;
  /** Of these, what the line behind has not been offered. */
  #unclaimed = 0;
  #unclaimedBytes = 0;
  #waiting: (() => void)[] = [];
  #wakeSoon = false;
  #asked = false;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(line: Line, { store, ids, maxInFlightBytes }: DeduplicationOptions) {
    this.line = line;
    this.source = line.source;
    this.order = line.order;
    this.lanes = line.lanes;
    this.maxInFlight = line.maxInFlight;
    this.log = line.log;
    this.meter = line.meter;
    this.store = store;
    this.#ids = ids;
    this.#maxInFlightBytes = maxInFlightBytes;
    this.#claims = new Rounds({
      most: MOST_IDS,
      weight: (offer) => offer.events.count,
      ask: (offers) => this.#claim(offers),
      answered: (offers, verdicts) => this.#run(offers, verdicts),
      onTrouble: (error) => this.#onTrouble('events wait to be run', error),
    });
    this.#ends = new Rounds({
      most: MOST_IDS,
      weight: ({ from, to }) => to - from,
      ask: (ended) => this.#end(ended),
      answered: (ended) => {
        for (const { offer, from, to, end } of ended) {
          for (let i = from; i < to && this.#refused.size > 0; i++) this.#refused.delete(nameOf(offer.events.names, i));
          isolated(() => offer.lease.tell(offer, from, to, end));
        }
      },
      onTrouble: (error) => this.#onTrouble('events that have ended wait to be acknowledged', error),
    });
  }

  get wants(): Wants {
    return this.#ids.readsDetails ? 'everything' : this.line.wants;
  }

  get trouble(): string | undefined {
    return this.#troubles.values().next().value;
  }

  get waiting(): number {
    return this.inFlight - this.line.inFlight;
  }

  refused(name: string): void {
    this.#refused.add(name);
  }

  ready(): Promise<void> {
    return this.store.ready();
  }

  idle(): Promise<void> {
    return this.inFlight === 0 ? Promise.resolve() : new Promise((resolve) => void this.#idle.push(resolve));
  }

  async told(): Promise<void> {
    while (this.waiting > 0 && !this.#closed) await delay(LOOK_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#claims.close();
    this.#ends.close();
    await this.store.close();
  }

  lease(settlement: Settlement, options: { readonly wantsEnds?: boolean } = {}): Lease {
    return new DeduplicatingLease(this, settlement, options);
  }

  hasRoom(count: number, bytes: number): boolean {
    if (this.inFlight > 0 && (this.inFlight + count > this.maxInFlight || this.#inFlightBytes + bytes > this.#maxInFlightBytes)) return false;
    return this.line.hasRoom(this.#unclaimed + count, this.#unclaimedBytes + bytes);
  }

  onRoom(callback: () => void): void {
    this.#waiting.push(callback);
    if (this.#asked) return;
    this.#asked = true;
    this.line.onRoom(() => {
      this.#asked = false;
      this.#wake();
    });
  }

  offered(offer: Offer): void {
    const { count, bytes } = offer.events;
    this.inFlight += count;
    this.#inFlightBytes += bytes.byteLength;
    this.#unclaimed += count;
    this.#unclaimedBytes += bytes.byteLength;
    this.#claims.push(offer);
  }

  /** What has no id is told at once. */
  ended(offer: Offer, from: number, to: number, end: End | null): void {
    let start = from;
    for (let i = from; i < to; i++) {
      if (offer.ids[i] !== null) continue;
      if (start < i) this.#ends.push({ offer, from: start, to: i, end });
      offer.lease.tell(offer, i, i + 1, end);
      start = i + 1;
    }
    if (start < to) this.#ends.push({ offer, from: start, to, end });
  }

  /** Nothing of the lease waits any longer: while the store is away, assignments may come and go. */
  released(lease: DeduplicatingLease): void {
    this.withdraw(lease);
    this.#ends.withdraw(({ offer }) => offer.lease === lease);
  }

  withdraw(lease: DeduplicatingLease): readonly Offer[] {
    const offers = this.#claims.withdraw((offer) => offer.lease === lease);
    for (const { events } of offers) this.#claimed(events);
    return offers;
  }

  closed(count: number, bytes: number): void {
    this.inFlight -= count;
    this.#inFlightBytes -= bytes;
    if (this.inFlight === 0) this.#refused.clear();
    if (this.inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#waiting.length === 0 || this.#wakeSoon) return;
    this.#wakeSoon = true;
    setImmediate(() => {
      this.#wakeSoon = false;
      this.#wake();
    });
  }

  #wake(): void {
    for (const callback of this.#waiting.splice(0)) callback();
  }

  async #claim(offers: readonly Offer[]): Promise<readonly Verdict[]> {
    const entries: SeenEvent[] = [];
    for (const offer of offers) {
      if (offer.ids.length < offer.events.count) offer.ids = await this.#ids.of(offer.events);
    }
    for (const offer of offers) {
      // What has been let go of may have been claimed by its next lease.
      offer.claimed = !offer.lease.released;
      if (offer.claimed) gather(offer, 0, offer.events.count, entries);
    }
    return entries.length === 0 ? [] : this.store.claim(entries);
  }

  #run(offers: readonly Offer[], verdicts: readonly Verdict[]): void {
    let next = 0;
    for (const offer of offers) {
      const { events, ids, lease } = offer;
      this.#claimed(events);
      if (!offer.claimed) continue;
      const runs: number[] = [];
      const repeated: number[] = [];
      for (let i = 0; i < events.count; i++) {
        const verdict = ids[i] === null ? 'new' : verdicts[next++];
        (verdict === 'new' || verdict === 'again' ? runs : repeated).push(i);
      }
      isolated(() => lease.run(offer, runs, repeated));
    }
  }

  #claimed({ count, bytes }: SourceEvents): void {
    this.#unclaimed -= count;
    this.#unclaimedBytes -= bytes.byteLength;
  }

  async #end(ended: readonly Ended[]): Promise<void> {
    const done: SeenEvent[] = [];
    const failed: SeenEvent[] = [];
    for (const { offer, from, to, end } of ended) {
      if (offer.lease.released) continue;
      if (end !== null && end.status !== 'SUCCEEDED' && end.status !== 'FILTERED') gather(offer, from, to, failed);
      else if (this.#refused.size === 0) gather(offer, from, to, done);
      else for (let i = from; i < to; i++) gather(offer, i, i + 1, this.#refused.has(nameOf(offer.events.names, i)) ? failed : done);
    }
    await Promise.all([done.length === 0 ? undefined : this.store.done(done), failed.length === 0 ? undefined : this.store.forget(failed)]);
  }

  #onTrouble(what: string, error: Error | undefined): void {
    if (error === undefined) {
      this.#troubles.delete(what);
      this.log.info(`The de-duplication of source ${this.source} goes on: ${what} no longer.`);
      return;
    }
    this.#troubles.set(what, error.message);
    this.log.warn(`The de-duplication of source ${this.source} cannot go on: ${what} until it can.`, { error: error.message });
  }
}
