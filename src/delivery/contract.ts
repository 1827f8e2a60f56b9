import type { EventDetails } from './source.ts';

/**
 * How an execution ended, or why there was none. REJECTED: intake refused the event. FILTERED: the source's filter let it
 * go, or its de-duplication, because it repeats another. POISON: it took its worker down too often.
 */
export type EndStatus = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'REJECTED' | 'FILTERED' | 'POISON';

export interface End {
  readonly status: EndStatus;
  /** The output as JSON text; present only on success and when the parcel asked for outputs. */
  readonly output?: string;
  /** For REJECTED: a code of the platform (INVALID_JSON, EVENT_REJECTED, INPUT_REJECTED, PAYLOAD_TOO_LARGE, EMPTY_EVENT). */
  readonly error?: string;
  readonly cause?: string;
  readonly startTimeMs: number;
  readonly stopTimeMs: number;
  /** How often the event has been dispatched before, because a worker died under it. */
  readonly redeliveries: number;
}

/**
 * Raw events of one source for one machine, handed to dispatch as they came: the main thread does not parse what it only
 * carries. A parcel may hold one event or thousands; dispatch cuts and joins parcels into batches as workers become idle.
 */
export interface Parcel {
  readonly settler: Settler;
  readonly machine: string;
  /** Which intake of the machine takes the events, by the name it was installed under; the machine's own when left out. */
  readonly route?: string;
  readonly count: number;
  /** The events' bytes, UTF-8 JSON, back to back or with anything between them. Not touched by the caller before all of them are reported. */
  readonly bytes: Uint8Array;
  /** Offset and length of event i at [2i] and [2i+1]. */
  readonly spans: Uint32Array;
  /** Execution names: one for each event, or a prefix to which `-${firstSerial + i}` or a piece of the bytes is appended (derived from coordinates). */
  readonly names: Names;
  /** When each execution began to exist (first acceptance; the same after a redelivery), Unix milliseconds. */
  readonly startTimeMs: number;
  /** Asks for the outputs of successful executions. */
  readonly wantsOutput: boolean;
  /** Always the same worker for the same lane number (modulo the number of workers); -1: any. */
  readonly lane: number;
  /** True: never run a second time. An event whose worker died after it may have begun ends as POISON instead. Synchronous starts ask for this. */
  readonly atMostOnce?: boolean;
  /** All of it is the input of one execution: it is never cut, and an end is reported for each event of it. */
  readonly whole?: boolean;
  /** Coordinates, keys and headers for a route that reads them. */
  readonly details?: EventDetails;
  /** The source's own; dispatch hands it back untouched. */
  readonly tag: unknown;
}

export type Names = readonly string[] | NameSequence | NamePieces;

export interface NameSequence {
  readonly prefix: string;
  readonly firstSerial: number;
}

/** Each name is the prefix, a hyphen, and the ASCII text whose offset and length stand at [2i] and [2i+1]. */
export interface NamePieces {
  readonly prefix: string;
  readonly bytes: Uint8Array;
  readonly spans: Uint32Array;
}

/**
 * Told what became of a parcel's events. Every event is reported exactly once, by `succeeded` or by `ended`, on the main
 * thread. `parked` is said besides, before the end, of an event whose execution waits for something.
 */
export interface Settler {
  /** Events from (inclusive) to to (exclusive) succeeded; called only for parcels that do not want outputs. */
  succeeded(parcel: Parcel, from: number, to: number): void;
  ended(parcel: Parcel, index: number, end: End): void;
  /** Intake accepted the event and its execution has parked. */
  parked?(parcel: Parcel, index: number): void;
  /** A worker has been given so many events of the parcel; a negative number: they wait again, because it died. */
  given?(parcel: Parcel, count: number): void;
}

/** Neighbouring events of a parcel that were taken back. */
export interface Withdrawn {
  readonly parcel: Parcel;
  readonly from: number;
  readonly to: number;
}

export interface Dispatch {
  /**
   * True when `count` more events of `bytes` bytes fit below the in-flight limits (the machine's own included), besides
   * `pending` events of the machine that are on their way here. What is larger than a limit passes alone: it would wait
   * for ever otherwise.
   */
  hasRoom(machine: string, count: number, bytes: number, pending?: number): boolean;
  /** How many events of this machine may be in flight at once. */
  mostFor(machine: string): number;
  /** Takes the parcel whatever the limits say (a caller that must not exceed them asks hasRoom in the same turn). */
  offer(parcel: Parcel): void;
  /** Calls back once there is room again after a refusal by hasRoom. */
  onRoom(callback: () => void): void;
  /**
   * Forgets the parcels of a settler whose source has lost them: their ends are not reported, what of them waits for a worker
   * does not run, and what has parked is let go.
   */
  forget(settler: Settler): void;
  /** Takes back, in their order, the events of a settler that no worker has been given. Nothing is reported of them. */
  withdraw(settler: Settler): Withdrawn[];
  /** Resolves when nothing is in flight, or after `deadlineMs` milliseconds. Answers how many events are still in flight. */
  drain(deadlineMs: number): Promise<number>;
  /**
   * Gives workers nothing more, and lets go of what has parked. Resolves when every end there was has been reported: none comes
   * afterwards, unless a worker has taken longer than `withinMs` milliseconds to say so.
   */
  halt(withinMs: number): Promise<void>;
  /** Events offered whose end has not been reported yet, the queued ones included. */
  readonly inFlight: number;
  /** Bytes of the parcels that have such events: what they keep in memory. */
  readonly inFlightBytes: number;
  /** Events that no worker has been given yet. */
  readonly queued: number;
}
