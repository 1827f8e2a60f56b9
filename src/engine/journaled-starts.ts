import type { Started } from '../api/contract.ts';
import type { Dispatch, End, Parcel, Settler } from '../delivery/contract.ts';
import type { Journal, JournalEntry, JournalRecord } from '../delivery/journal/contract.ts';
import { nameOf } from '../delivery/names.ts';
import { outcomeOf } from '../delivery/outcome-of.ts';
import type { Outcomes } from '../delivery/outcomes.ts';
import type { FaultName } from '../errors.ts';
import type { ExecutionStore } from '../store/contract.ts';
import { Gathering } from './gathering.ts';
import { JournaledBulk } from './journaled-bulk.ts';
import { countRefusal, type Refusals } from './refusals.ts';

/** What a single start's parcel keeps for it. */
interface Single {
  readonly record: JournalRecord;
  readonly arn: string;
}

/** What the settler keeps with a parcel of a bulk start, or of one recovered after a restart. */
interface Accepted {
  readonly record: JournalRecord;
  /** Index in the record of the parcel's event i; null: the same. A parcel recovered after a restart has gaps. */
  readonly indexes: readonly number[] | null;
  readonly bulk: { readonly start: JournaledBulk; readonly firstIndex: number; heard: Uint8Array | null } | null;
}

export interface JournaledStartsOptions {
  readonly dispatch: Dispatch;
  readonly journal: Journal;
  readonly store: ExecutionStore;
  readonly refusals: Refusals;
  /** Takes what came of each start before the start leaves the journal. */
  readonly outcomes: StartOutcomes;
  readonly now: () => number;
}

/** The outputs, as far as they concern starts. */
export type StartOutcomes = Pick<Outcomes, 'wanted' | 'wants' | 'deliver' | 'full' | 'onRoom'>;

/**
 * Starts that outlive the process: an event is in the journal before its start is answered, and leaves it when its execution
 * has ended. At least once: what had not ended at a kill runs again under the same name.
 */
export class JournaledStarts implements Settler {
  readonly dispatch: Dispatch;
  readonly journal: Journal;
  readonly #store: ExecutionStore;
  readonly #now: () => number;
  readonly #refusals: Refusals;
  readonly #outcomes: StartOutcomes;
  readonly #singles: Gathering;
  /** Appends under way count as in flight, by machine: many starts may be between the check and the offer. */
  readonly #appending = new Map<string, number>();

  constructor(options: JournaledStartsOptions) {
    this.dispatch = options.dispatch;
    this.journal = options.journal;
    this.#store = options.store;
    this.#now = options.now;
    this.#refusals = options.refusals;
    this.#outcomes = options.outcomes;
    this.#singles = new Gathering(options.dispatch, new SingleStarts(options), false);
  }

  /** Dispatches single starts that wait for it, as before a drain. */
  flush(): void {
    this.#singles.flush();
  }

  hasRoom(machine: string, count: number, bytes: number): boolean {
    // What has ended and waits for outputs is in the journal, but in memory as well.
    return !this.#outcomes.full && this.dispatch.hasRoom(machine, count, bytes, (this.#appending.get(machine) ?? 0) + this.#singles.waiting(machine));
  }

  /** Calls back once, when there may be room again after a refusal by hasRoom. */
  onRoom(callback: () => void): void {
    if (this.#outcomes.full) this.#outcomes.onRoom(callback);
    else this.dispatch.onRoom(callback);
  }

  async start(machine: string, input: Uint8Array, started: Started): Promise<Started> {
    const { name, startTimeMs, executionArn } = started;
    await this.append({ machine, bytes: input, spans: Uint32Array.of(0, input.byteLength), names: [name], startTimeMs, wantsOutput: true }, (record) => {
      this.#store.started({ name, startTimeMs, executionArn, machine, input });
      this.#singles.add(machine, input, name, startTimeMs, { record, arn: executionArn } satisfies Single);
    });
    return started;
  }

  startMany(machine: string): JournaledBulk {
    return new JournaledBulk(this, machine);
  }

  /** Journals events, then lets `offer` dispatch them; until it has, they count as on their way. */
  async append(entry: JournalEntry, offer: (record: JournalRecord) => void): Promise<void> {
    const { machine } = entry;
    const count = entry.spans.length / 2;
    this.#appending.set(machine, (this.#appending.get(machine) ?? 0) + count);
    try {
      offer(await this.journal.append(entry));
    } finally {
      const left = this.#appending.get(machine)! - count;
      if (left === 0) this.#appending.delete(machine);
      else this.#appending.set(machine, left);
    }
  }

  offerBulk(start: JournaledBulk, firstIndex: number, entry: JournalEntry, record: JournalRecord): void {
    this.#offer(entry, { record, indexes: null, bulk: { start, firstIndex, heard: null } });
  }

  /** Runs what an earlier process left, as fast as there is room for it. Answers how many events there were. */
  async recover(knows: (machine: string) => boolean, onOrphan: (machine: string, count: number) => void): Promise<number> {
    let recovered = 0;
    for (const { record, entry, pending } of this.journal.recover()) {
      if (!knows(entry.machine)) {
        // Kept: the machine may be served again after the next start.
        onOrphan(entry.machine, pending.length);
        continue;
      }
      const spans = Uint32Array.from(pending.flatMap((index) => [entry.spans[2 * index]!, entry.spans[2 * index + 1]!]));
      const names = pending.map((index) => nameOf(entry.names, index));
      while (!this.hasRoom(entry.machine, pending.length, entry.bytes.byteLength)) await new Promise<void>((resolve) => this.onRoom(resolve));
      this.#offer({ ...entry, spans, names }, { record, indexes: pending, bulk: null });
      recovered += pending.length;
    }
    return recovered;
  }

  now(): number {
    return this.#now();
  }

  #offer({ machine, bytes, spans, names, startTimeMs }: JournalEntry, tag: Accepted): void {
    this.dispatch.offer({ settler: this, machine, count: spans.length / 2, bytes, spans, names, startTimeMs, wantsOutput: this.#outcomes.wanted(machine, undefined), lane: -1, tag });
  }

  succeeded(parcel: Parcel, from: number, to: number): void {
    const { record, indexes, bulk } = parcel.tag as Accepted;
    if (indexes === null) this.journal.endedRange(record, from, to);
    else for (let i = from; i < to; i++) this.journal.ended(record, indexes[i]!);
    if (bulk !== null) bulk.start.spoken(bulk.heard === null ? to - from : countUnheard(bulk.heard, from, to));
  }

  ended(parcel: Parcel, index: number, end: End): void {
    const { record, indexes, bulk } = parcel.tag as Accepted;
    deliver(this.#outcomes, parcel, index, end, () => this.journal.ended(record, indexes === null ? index : indexes[index]!));
    countRefusal(this.#refusals, parcel.machine, end);
    if (bulk === null) return;
    if (end.status === 'REJECTED') bulk.start.rejectedByIntake({ index: bulk.firstIndex + index, code: end.error as FaultName, message: end.cause ?? '' });
    if (bulk.heard === null || bulk.heard[index] === 0) bulk.start.spoken(1);
  }

  parked(parcel: Parcel, index: number): void {
    const { bulk } = parcel.tag as Accepted;
    if (bulk === null) return;
    bulk.heard ??= new Uint8Array(parcel.count);
    bulk.heard[index] = 1;
    bulk.start.spoken(1);
  }
}

/** Settles parcels of single starts, whose outputs are remembered for GET. */
class SingleStarts implements Settler {
  readonly #options: JournaledStartsOptions;

  constructor(options: JournaledStartsOptions) {
    this.#options = options;
  }

  succeeded(): void {
    throw new Error('single starts ask for their outputs, so each is reported by ended');
  }

  ended(parcel: Parcel, index: number, end: End): void {
    const { journal, store, refusals, outcomes } = this.#options;
    const { record, arn } = (parcel.tag as Single[])[index]!;
    deliver(outcomes, parcel, index, end, () => journal.ended(record, 0));
    countRefusal(refusals, parcel.machine, end);
    store.ended(arn, end);
  }
}

/** Has the outputs take what came of a start, if any of them does, and then lets the journal forget it. */
function deliver(outcomes: StartOutcomes, parcel: Parcel, index: number, end: End, done: () => void): void {
  if (!outcomes.wants(parcel.machine, undefined).has(end.status)) done();
  else outcomes.deliver(outcomeOf(parcel, index, end, { attempts: 1 }), done);
}

function countUnheard(heard: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (heard[i] === 0) count++;
  return count;
}
