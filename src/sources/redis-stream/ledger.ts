import { compareIds } from './entry-id.ts';

/** Entries of one stream that were offered together. */
export interface Taken {
  readonly ledger: Ledger;
  readonly ids: readonly string[];
  /** Names and values of an entry's fields, for its description; undefined where the value is all there is. */
  readonly fields: ((i: number) => readonly Buffer[]) | undefined;
  /** 1 for what has been settled. */
  readonly settled: Uint8Array;
  open: number;
  /** When their idle time was 0 for sure, or before; performance.now(). */
  freshMs: number;
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
  #toAck: string[] = [];
  readonly #acking = new Set<readonly string[]>();
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
    return this.#toAck.length;
  }

  take(ids: readonly string[], fields: Taken['fields'], freshMs: number): Taken {
    const taken: Taken = { ledger: this, ids, fields, settled: new Uint8Array(ids.length), open: ids.length, freshMs };
    this.#taken.add(taken);
    this.#unacknowledged += ids.length;
    const last = ids.at(-1);
    if (last !== undefined && compareIds(last, this.highest) > 0) this.highest = last;
    return taken;
  }

  settle(taken: Taken, from: number, to: number): void {
    const { ids, settled } = taken;
    for (let i = from; i < to; i++) {
      settled[i] = 1;
      this.#toAck.push(ids[i]!);
    }
    taken.open -= to - from;
    if (taken.open === 0) this.#taken.delete(taken);
  }

  /** To be acknowledged without having been offered: deleted ones, and those whose end is known already. */
  settleUnoffered(ids: readonly string[]): void {
    this.#unacknowledged += ids.length;
    for (const id of ids) this.#toAck.push(id);
  }

  /** Hands out at most so many ids for acknowledgement; they are said to be acknowledged, or to be tried again. */
  takeAcks(most: number): readonly string[] {
    const ids = this.#toAck.length <= most ? this.#toAck : this.#toAck.slice(0, most);
    this.#toAck = ids === this.#toAck ? [] : this.#toAck.slice(most);
    this.#acking.add(ids);
    return ids;
  }

  acknowledged(ids: readonly string[]): void {
    this.#acking.delete(ids);
    this.#unacknowledged -= ids.length;
  }

  notAcknowledged(ids: readonly string[]): void {
    this.#acking.delete(ids);
    this.#toAck = [...ids, ...this.#toAck];
  }

  /** How every entry stands that has not been forgotten. */
  standings(): Map<string, Standing> {
    const standings = new Map<string, Standing>();
    for (const { ids, settled } of this.#taken) for (const [i, id] of ids.entries()) standings.set(id, settled[i] === 1 ? 'settled' : 'open');
    for (const id of this.#toAck) standings.set(id, 'settled');
    for (const ids of this.#acking) for (const id of ids) standings.set(id, 'settled');
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
