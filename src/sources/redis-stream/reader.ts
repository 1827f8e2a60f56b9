import { setTimeout as delay } from 'node:timers/promises';
import type { Lease, Line } from '../../delivery/source.ts';
import { describeError } from '../../redis/refusal.ts';
import { compareIds } from './entry-id.ts';
import type { Entries, EntryPacker, Portion } from './entries.ts';
import { isGroupGone } from './group.ts';
import { type Ids, listOf } from './ids.ts';
import type { Ledger, Standing } from './ledger.ts';
import { claimIdle, type ReadRequest, type Send } from './reads.ts';
import { Room } from './room.ts';

export interface ReaderStream {
  readonly ledger: Ledger;
  readonly packer: EntryPacker;
}

export interface ReaderOptions {
  readonly streams: readonly ReaderStream[];
  readonly group: string;
  readonly consumer: string;
  readonly line: Line;
  readonly lease: Lease;
  readonly batchEvents: number;
  readonly blockMs: number;
  readonly send: Send;
  readonly readGroup: (request: ReadRequest) => Promise<Portion[]>;
  /** Resolves when there is a connection. */
  readonly connected: () => Promise<void>;
  /** False: what is pending is claimed before the first read, and needs no recovery. */
  readonly recoverFirst: boolean;
  /** How long entries must have been idle that are to be claimed before the next read; undefined: none are. Asked before each. */
  readonly claimDue: () => number | undefined;
  /** So many entries, of these ids, were claimed that are not known here. */
  readonly onTakeover: (stream: string, ids: Ids, count: number) => void;
  /** All that were due have been claimed. */
  readonly onClaimed: () => void;
  /** Waits for new entries, where a read cannot: a fenced one. Undefined: reads block by themselves. */
  readonly waitForNew?: () => Promise<void>;
  /** Ids that are to be acknowledged without having been offered. */
  readonly onSettled: (ledger: Ledger) => void;
  readonly recreateGroups: () => Promise<void>;
  /** Told why it does not read, and undefined when it does. */
  readonly onTrouble: (trouble: string | undefined) => void;
  /** The read was refused because the stream is not this process's, or not for the moment: who knows stops the reader. */
  readonly isFenced: (error: unknown) => boolean;
}

const AGAIN_MS = 500;
const FENCED_MS = 100;
/** Reads made at once, and entries of a stream that they may bring together. */
const MOST_READS = 8;
const MOST_AT_ONCE = 1024;

/**
 * Reads streams of one connection, one command after the other, so that no entry comes twice: new ones, those of this consumer
 * that were delivered and never arrived (after every new connection), and those of dead consumers.
 *
 * Modes of a stream: *recovering* from an id on (its own pending entries are gone through), *reading* ('>').
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #byName: Map<string, ReaderStream>;
  /** For each stream, where the recovery is; '>' when it reads new entries. */
  readonly #after: Map<string, string>;
  #stopping = false;
  #wake: (() => void) | undefined;
  readonly #room: Room;
  #done: Promise<void> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#room = new Room(options.line, options.streams.map(({ ledger }) => ledger), options.batchEvents);
    this.#byName = new Map(options.streams.map((one) => [one.ledger.stream, one]));
    this.#after = new Map(options.streams.map(({ ledger }) => [ledger.stream, options.recoverFirst ? '0-0' : '>']));
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Resolves when nothing more is read. A read that blocks is waited for: what it brings is offered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { connected, isFenced, onTrouble } = this.#options;
    while (!this.#stopping) {
      try {
        await this.#orStopped(connected());
        if (this.#stopping) break;
        await this.#read();
      } catch (error) {
        if (this.#stopping) break;
        if (isFenced(error)) await this.#orStopped(delay(FENCED_MS));
        else if (isGroupGone(error)) await this.#recreate();
        else await this.#afterFailure(error);
      }
    }
    this.#room.leave();
    onTrouble(undefined);
  }

  async #read(): Promise<void> {
    const { onTrouble, claimDue } = this.#options;
    let next: Promise<Portion[]> | undefined;
    for (;;) {
      if (next === undefined) {
        if (this.#stopping) return;
        await this.#claim();
        const count = await this.#waitForRoom();
        if (count === 0) return;
        next = this.#send(count);
      }
      const issuedMs = performance.now();
      const standings = this.#isReading() ? undefined : this.#standings();
      const portions = await next;
      onTrouble(undefined);
      next = undefined;
      const count = portions.reduce((sum, { entries }) => sum + entries.ids.length, 0);
      // The next read is under way while these are packed and handed on, unless something has to come first.
      if (count > 0 && !this.#stopping && this.#isReading() && claimDue() === undefined) {
        const fitting = this.#room.fitting(count);
        if (fitting > 0) {
          next = this.#send(fitting, this.#reads(fitting, count));
          // Whoever awaits it hears of it.
          next.catch(() => undefined);
        }
      }
      for (const portion of portions) this.#take(portion, issuedMs, standings?.get(portion.stream));
      if (standings !== undefined) this.#advance(portions);
      else if (count === 0 && !this.#stopping) await this.#options.waitForNew?.();
    }
  }

  /** Where reads come back full, several are made at once: a wake-up fewer for each, here, in Redis and of workers. */
  #reads(count: number, besides: number): number {
    const { batchEvents, streams } = this.#options;
    if (count < batchEvents || besides < batchEvents) return 1;
    let reads = 1;
    while (reads < MOST_READS && (reads + 1) * batchEvents <= MOST_AT_ONCE && this.#room.fits((reads + 1) * count * streams.length + besides)) reads++;
    return reads;
  }

  #send(count: number, reads = 1): Promise<Portion[]> {
    const { readGroup, group, consumer, waitForNew } = this.#options;
    const blockMs = waitForNew === undefined ? this.#options.blockMs : 0;
    return readGroup({ group, consumer, count, blockMs, streams: [...this.#after.keys()], after: [...this.#after.values()], reads });
  }

  #isReading(): boolean {
    for (const after of this.#after.values()) if (after !== '>') return false;
    return true;
  }

  /** To be taken before a command that may bring what is known is sent: what is acknowledged meanwhile is still known then. */
  #standings(): Map<string, Map<string, Standing>> {
    return new Map(this.#options.streams.map(({ ledger }) => [ledger.stream, ledger.standings()]));
  }

  /** The recovery goes on behind what came, and is over where nothing came. */
  #advance(portions: readonly Portion[]): void {
    for (const [stream, after] of this.#after) {
      if (after === '>') continue;
      const portion = portions.find((one) => one.stream === stream);
      const last = [portion?.entries.ids.at(-1), portion?.deleted.at(-1)].filter((id) => id !== undefined).sort(compareIds).at(-1);
      this.#after.set(stream, last ?? '>');
    }
  }

  async #claim(): Promise<void> {
    const { send, group, consumer, streams, claimDue, onClaimed, onTakeover } = this.#options;
    const idleMs = claimDue();
    if (idleMs === undefined) return;
    for (const { ledger } of streams) {
      let start: string | undefined = '0-0';
      while (start !== undefined && !this.#stopping) {
        const count = await this.#waitForRoom();
        if (count === 0) return;
        const standings = ledger.standings();
        const issuedMs = performance.now();
        const { portion, next } = await claimIdle(send, ledger.stream, group, consumer, idleMs, start, count);
        const taken = this.#take(portion, issuedMs, standings);
        if (taken > 0) onTakeover(ledger.stream, portion.entries.ids, taken);
        start = next;
      }
    }
    onClaimed();
  }

  /** Offers what is not known here; answers how many. */
  #take({ stream, entries, deleted }: Portion, issuedMs: number, given: Map<string, Standing> | undefined): number {
    const { line, lease, onSettled } = this.#options;
    const { ledger, packer } = this.#byName.get(stream)!;
    // A new master may know less than the old one did, and deliver again.
    const repeats = entries.ids.length > 0 && compareIds(entries.ids.at(0)!, ledger.highest) <= 0;
    const standings = given ?? (repeats ? ledger.standings() : undefined);
    const fresh = standings === undefined || standings.size === 0 ? entries : without(entries, standings);
    const count = fresh.ids.length;
    if (count < entries.ids.length) {
      line.meter.repeated(entries.ids.length - count);
      ledger.settleUnoffered(listOf(entries.ids).filter((id) => standings!.get(id) === 'settled'));
    }
    ledger.settleUnoffered(deleted);
    if (ledger.hasToAck > 0) onSettled(ledger);
    if (count === 0) return 0;
    let bytes = 0;
    for (const events of packer.pack(fresh, line.wants, issuedMs)) {
      bytes += events.bytes.byteLength;
      lease.offer(events);
    }
    line.meter.received(count, bytes);
    this.#room.learn(count, bytes);
    return count;
  }

  /** Answers how many entries of each stream may be read; 0 when it is to stop. */
  async #waitForRoom(): Promise<number> {
    for (;;) {
      if (this.#stopping) return 0;
      const count = this.#room.enter();
      if (count > 0) return count;
      await this.#orStopped(this.#room.mayHaveGrown());
    }
  }

  async #recreate(): Promise<void> {
    const { line, recreateGroups, onTrouble } = this.#options;
    try {
      await recreateGroups();
      line.meter.recovered('group_recreated');
      line.log.warn('The consumer group was gone, with its stream or without; it was created again and reads the stream from its beginning.', { source: line.source, streams: [...this.#after.keys()] });
    } catch (error) {
      onTrouble(`the consumer group is gone and cannot be created again: ${describeError(error)}`);
      await this.#orStopped(delay(AGAIN_MS));
    }
  }

  /** What the lost answer would have brought is pending for this consumer now. */
  async #afterFailure(error: unknown): Promise<void> {
    for (const stream of this.#after.keys()) this.#after.set(stream, '0-0');
    this.#options.onTrouble(`reading fails: ${describeError(error)}`);
    await this.#orStopped(delay(AGAIN_MS));
  }

  async #orStopped(promise: Promise<void>): Promise<void> {
    if (this.#stopping) return;
    await Promise.race([
      promise,
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      }),
    ]);
  }
}

function without({ ids, fields }: Entries, known: ReadonlyMap<string, unknown>): Entries {
  const left = listOf(ids).flatMap((id, i) => (known.has(id) ? [] : [i]));
  return { ids: left.map((i) => ids.at(i)!), fields: (i) => fields(left[i]!) };
}
