import type { Line } from './source.ts';

/** A line on which an event that repeats another is settled without running. */
export interface DeduplicatingLine extends Line {
  /** Why events wait for the store; undefined while they do not. */
  readonly trouble: string | undefined;
  /** An output has refused for good what came of an execution: its event is a dead letter, and runs when it is redriven. */
  refused(name: string): void;
  /** Resolves once the store answers; rejects with a MillraceError when it never will. */
  ready(): Promise<void>;
  /** Events that wait for the store: to be run, or, having ended, to be acknowledged. */
  readonly waiting: number;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
  /** Resolves when nothing waits for the store, or it is closed. */
  told(): Promise<void>;
  /** Disconnects from the store. What waits for it is not told. */
  close(): Promise<void>;
}
