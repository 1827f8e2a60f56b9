import type { Parcel } from './contract.ts';
import type { Report } from './report.ts';

/** Neighbouring events of one parcel, as part of a batch. */
export interface Slice {
  readonly parcel: Parcel;
  /** First event, by its index in the parcel. */
  readonly from: number;
  readonly count: number;
  /** The machine's revision that runs them, by the number that `Machines.current` gave. */
  readonly revision: number;
}

export interface Batch {
  /** In the order in which they run; together at most `Lane.maxBatchEvents` events. */
  readonly slices: readonly Slice[];
  readonly count: number;
  /** The ticket of the batch's first event; the others follow on. Unique among what the lane has in flight. */
  readonly ticket: number;
}

/** A worker is gone, and with it everything that it had been given. */
export interface LaneDeath {
  /** The event that was running; -1 when none was, or nobody can tell. */
  readonly ticket: number;
  /** What happened, for the cause of poison events and the log. */
  readonly cause: string;
}

/**
 * One worker as dispatch sees it. A lane outlives its workers: when one dies, `onDeath` says so once, the lane starts
 * another with the same machines, and `onReady` says when that one takes batches.
 */
export interface Lane {
  /** False while a worker is being started. `run` may only be called while this is true. */
  readonly ready: boolean;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  /**
   * Runs a batch synchronously as far as it goes; `done` is told once, unless the worker dies first. The report may only be
   * read during that call: it is null when everything succeeded and nobody wants outputs. The parcels' bytes are copied
   * before `run` returns.
   */
  run(batch: Batch, done: (report: Report | null) => void): void;
  /**
   * Lets go of executions that have parked, by tickets, from and to (exclusive) in turn: those that are still there are
   * reported late as if they had succeeded.
   */
  cancel(tickets: readonly number[]): void;
  /**
   * Lets go of everything that has parked; to be called when no batch is to come. Resolves when the ends of all that has ended
   * have been reported: none comes afterwards.
   */
  halt(): Promise<void>;
  onLate(callback: (report: Report) => void): void;
  onDeath(callback: (death: LaneDeath) => void): void;
  onReady(callback: () => void): void;
}

/** Which revision of a machine new executions run on. */
export interface Machines {
  /** The number of the current revision of a machine, or of a route to it; undefined when there is none. */
  current(machine: string): number | undefined;
}
