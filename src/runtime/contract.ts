import type { Json, Program } from '../asl/types.ts';

/** How `begin` answers. PARKED: the end comes later through `onEnd`. */
export const SUCCEEDED = 0;
export const FAILED = 1;
export const TIMED_OUT = 2;
export const PARKED = 3;
export type RunStatus = typeof SUCCEEDED | typeof FAILED | typeof TIMED_OUT | typeof PARKED;

/** Says who an execution is, only when asked: an execution that ends synchronously and never looks costs nothing here. */
export interface Origin {
  readonly machineName: string;
  readonly machineArn: string;
  readonly roleArn: string;
  /** Stands in for the context object that would be built, where somebody gave one: a test of a single state. */
  readonly context?: Json;
  arnOf(index: number): string;
  nameOf(index: number): string;
  startTimeOf(index: number): number;
  /** What is known of the event that the execution was started for; undefined when it was none, or nobody wants to know. */
  eventOf?(index: number): Json | undefined;
}

/** An end, synchronous or late. `output` is a value, not text. */
export interface Outcome {
  readonly status: typeof SUCCEEDED | typeof FAILED | typeof TIMED_OUT;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

export interface RuntimeOptions {
  /** Payload limit in bytes; 262,144 unless told otherwise. */
  readonly payloadBytes?: number;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Called just before and after code of one parked execution runs again, so that a watchdog can tell who is running. -1 after. */
  readonly onSlice?: (ticket: number) => void;
  /** A parked execution has ended. */
  readonly onEnd?: (ticket: number, outcome: Outcome) => void;
}

/**
 * Runs executions on this thread. `begin` runs synchronously as far as it goes; the outcome of one that ended is read from
 * the runtime's own `outcome` before the next `begin`.
 */
export interface Runtime {
  /**
   * @param inputBytes size of the input as JSON (the raw event's length will do)
   * @param ticket the caller's number for this execution, handed back by onEnd; must be unique among parked ones
   * @param exact the input may hold a JsonNumber; false unless said
   */
  begin(program: Program, input: unknown, inputBytes: number, origin: Origin, index: number, ticket: number, exact?: boolean): RunStatus;
  readonly outcome: Outcome;
  /** How many executions are parked. */
  readonly parked: number;
  /** Cancels a parked execution: its handlers' signals abort, onEnd is not called. False when it is not parked. */
  cancel(ticket: number): boolean;
  /** Cancels all. */
  close(): void;
}
