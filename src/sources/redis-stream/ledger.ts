import type { IdRange } from './acknowledge.ts';
import { compareIds } from './entry-id.ts';
import type { Ids } from './ids.ts';

/** Entries of one stream that were offered together. */
export interface Taken {
  readonly ledger: Ledger;
  readonly ids: Ids;
  /** Names and values of an entry's fields, for its description; undefined where the value is all there is. */
  readonly fields: ((i: number) => readonly Buffer[]) | undefined;
  /** 1 for what has been settled. */
  readonly settled: Uint8Array;
  open: number;
  /** When their idle time was 0 for sure, or before; performance.now(). */
  freshMs: number;
}

/** What goes into one acknowledgement. */
export interface Acks {
  readonly count: number;
  readonly ranges: readonly IdRange[];
}

/** A range that what is settled next may make longer. */
interface Grown extends IdRange {
  to: number;
}

/** settled: its end is known, and it is acknowledged or about to be. */
export type Standing = 'open' | 'settled';

/**
 * What this process has of one stream, and what is to be acknowledged. Nothing is done for a single entry on the usual way;
 * who needs to know of one entry asks `standings`, which looks at all of them.
 */
export class Ledger {
  readonly stream: string;
  readonly #taken = new Set<Taken>();
  #toAck: Grown[] = [];
  #hasToAck = 0;
  readonly #acking = new Set<Acks>();
  /** The highest id that was read here. Whatever is lower has come before, or may have. */
  highest = '0-0';
  #unacknowledged = 0;

  constructor(stream: string) {
    this.stream = stream;
  }

  /** Entries that were read and are not acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  get hasToAck(): number {
    return this.#hasToAck;
  }

  take(ids: Ids, fields: Taken['fields'], freshMs: number): Taken {
    const taken: Taken = { ledger: this, ids, fields, settled: new Uint8Array(ids.length), open: ids.length, freshMs };
    this.#taken.add(taken);
    this.#unacknowledged += ids.length;
    const last = ids.at(-1);
    if (last !== undefined && compareIds(last, this.highest) > 0) this.highest = last;
    return taken;
  }

  settle(taken: Taken, from: number, to: number): void {
    taken.settled.fill(1, from, to);
    this.#add(taken.ids, from, to);
    taken.open -= to - from;
    if (taken.open === 0) this.#taken.delete(taken);
  }

  /** To be acknowledged without having been offered: deleted ones, and those whose end is known already. */
  settleUnoffered(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#unacknowledged += ids.length;
    this.#add(ids, 0, ids.length);
  }

  #add(ids: Ids, from: number, to: number): void {
    this.#hasToAck += to - from;
    const last = this.#toAck.at(-1);
    if (last !== undefined && last.ids === ids && last.to === from) last.to = to;
    else this.#toAck.push({ ids, from, to });
  }

  /** Hands out at most so many ids for acknowledgement; they are said to be acknowledged, or to be tried again. */
  takeAcks(most: number): Acks {
    const ranges: IdRange[] = [];
    let count = 0;
    while (count < most) {
      const range = this.#toAck.shift();
      if (range === undefined) break;
      const to = Math.min(range.to, range.from + most - count);
      ranges.push({ ...range, to });
      count += to - range.from;
      if (to < range.to) this.#toAck.unshift({ ...range, from: to });
    }
    this.#hasToAck -= count;
    const acks = { count, ranges };
    this.#acking.add(acks);
    return acks;
  }

  acknowledged(acks: Acks): void {
    this.#acking.delete(acks);
    this.#unacknowledged -= acks.count;
  }

  notAcknowledged(acks: Acks): void {
    this.#acking.delete(acks);
    this.#toAck = [...acks.ranges, ...this.#toAck];
    this.#hasToAck += acks.count;
  }

  /** How every entry stands that has not been forgotten. */
  standings(): Map<string, Standing> {
    const standings = new Map<string, Standing>();
    for (const { ids, settled } of this.#taken) for (let i = 0; i < ids.length; i++) standings.set(ids.at(i)!, settled[i] === 1 ? 'settled' : 'open');
    for (const ranges of [this.#toAck, ...Array.from(this.#acking, (acks) => acks.ranges)]) {
      for (const { ids, from, to } of ranges) for (let i = from; i < to; i++) standings.set(ids.at(i)!, 'settled');
    }
    return standings;
  }

  /** What was fresh before `beforeMs` and is still open. */
  stale(beforeMs: number): Taken[] {
    return [...this.#taken].filter(({ freshMs }) => freshMs < beforeMs);
  }

  /** Nothing that was taken is waited for any more; what has been settled is still acknowledged. */
  forget(): void {
    for (const { open } of this.#taken) this.#unacknowledged -= open;
    this.#taken.clear();
  }
}
