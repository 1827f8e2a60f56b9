import type { Log } from '../telemetry/log.ts';
import type { End, Names } from './contract.ts';

/*
 * The life of an event between a source and its acknowledgement:
 *
 *   source ──offer──▶ lease ──parcel──▶ dispatch ──▶ worker: filter, schema, input, execution, retries
 *                                                      │
 *   source ◀─settle── line ◀── outputs, dead letters ◀─┘
 *
 * A source reads and acknowledges, and nothing else. Its line gives every event to dispatch, hands what came of it to the
 * outputs and to dead letters, and tells the source of an event only when those have taken it.
 */

/** How executions of one source follow one another. */
export type Order = 'none' | 'key' | 'partition';

/**
 * What else than the value the workers of this source need; a source spares itself the rest.
 * nothing: `EventDetails` is left out. coordinate: `shared`, `idMember` and `ids`. everything: keys, headers and times as well.
 */
export type Wants = 'nothing' | 'coordinate' | 'everything';

/** Where the events of one offer come from, and what came with them. */
export interface EventDetails {
  /** JSON text of an object: what all of them have in common, as the envelope shows it: {"topic":"readings","partition":3}. */
  readonly shared: string;
  /** Name of each event's own number or id in the envelope: "offset", "id". */
  readonly idMember: string;
  /** The first of consecutive numbers, or every event's own number or id. */
  readonly ids: number | readonly number[] | readonly string[];
  /** Offset and length, in the bytes of the offer, of event i's key at [2i] and [2i+1]; a length of NONE: it has none. */
  readonly keys?: Uint32Array;
  /** The same for headers, in the format below. */
  readonly headers?: Uint32Array;
  /** json: JSON text of an object. kafka: the records' own encoding, from the number of headers on (KIP-98, varints). */
  readonly headersFormat?: 'json' | 'kafka';
  /** When the source says that each event happened, Unix milliseconds. */
  readonly timestamps?: Float64Array;
}

/** Length of a key or of headers that are not there. An empty key has length 0. */
export const NONE = 0xffff_ffff;

/** Raw events as they came. Nothing of it is touched before the last of them is settled; a source may use the bytes again then. */
export interface SourceEvents {
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Offset and length of the value of event i at [2i] and [2i+1]; a length of 0: a tombstone, or an empty value. */
  readonly spans: Uint32Array;
  /** Execution names, derived from the coordinates: a redelivered event has the name that it had. At most 80 of [A-Za-z0-9_-]. */
  readonly names: Names;
  /**
   * Always the same worker for the same number (modulo the number of workers): the hash of a partition, or of a key where
   * a source has no partitions. -1 where no order is asked for.
   */
  readonly lane: number;
  /** When the executions began to exist, Unix milliseconds; now, when left out. */
  readonly startTimeMs?: number;
  /** Left out when the line wants nothing. */
  readonly details?: EventDetails;
  /** The source's own: handed back when the events are settled. */
  readonly tag: unknown;
}

/** What dead letters and outputs say of one event; asked for where there is something to say, not for every event. */
export interface EventDescription {
  /** JSON text of the whole coordinate: {"topic":"readings","partition":3,"offset":17}. */
  readonly coordinate: string;
  readonly key?: Uint8Array;
  /** JSON text of an object; a value is text, null, {"base64": …} for bytes that are no text, or a list of these. */
  readonly headers?: string;
}

/**
 * Told, on the main thread, of events that may be acknowledged now: their executions have ended and every output has taken
 * the outcome, or they are in dead letters, or the filter let them go. Each event once, in any order; not after a release.
 */
export interface Settlement {
  /** Events from (inclusive) to to (exclusive); with nothing to say about them. */
  settled(events: SourceEvents, from: number, to: number): void;
  /** One event, with its end; a source that asked for ends hears of every event here. */
  ended(events: SourceEvents, index: number, end: End): void;
  /** Events from (inclusive) to to (exclusive) do not run, because the lease was told to withdraw them. */
  withdrawn?(events: SourceEvents, from: number, to: number): void;
  /** Describes an event that has not been settled. */
  describe(events: SourceEvents, index: number): EventDescription;
}

/** What is offered through one lease is settled to one settlement, until it is released. */
export interface Lease {
  /** Takes the events whatever the limits say: whoever must not exceed them asks `hasRoom` in the same turn. */
  offer(events: SourceEvents): void;
  /**
   * Lets go of what has not been settled: nothing is told of it any more, and what of it has not begun does not begin. For
   * a partition that went to another process; what is run is run again there.
   */
  release(): void;
  /** Takes back what no worker has been given; the settlement is told of it as `withdrawn`. Nothing is offered afterwards. */
  withdraw(): void;
  /** Events offered and neither settled nor let go. */
  readonly inFlight: number;
  /** Of these, what no worker has been given yet. */
  readonly waiting: number;
}

/** What a source is given. */
export interface Line {
  /** The source's name in the configuration. */
  readonly source: string;
  readonly order: Order;
  /** To be asked for each offer: a machine that reloads may come to read more. */
  readonly wants: Wants;
  /** Number of workers: what a source that makes lanes of key hashes may group by. */
  readonly lanes: number;
  /** The most events of this source in flight, and how many there are. */
  readonly maxInFlight: number;
  readonly inFlight: number;
  readonly log: Log;
  readonly meter: SourceMeter;
  /** Opens a lease; one for each assignment of a partition, or one for all where a source has no assignments. */
  lease(settlement: Settlement, options?: { readonly wantsEnds?: boolean }): Lease;
  /** True when so many more events of so many bytes fit the limits of the source, its machine and the process. */
  hasRoom(count: number, bytes: number): boolean;
  /** Calls back once, when there may be room again after a refusal by hasRoom. */
  onRoom(callback: () => void): void;
}

/** Counts what a source does; a few calls for each read, never one for each event. */
export interface SourceMeter {
  received(events: number, bytes: number): void;
  acknowledged(events: number): void;
  /** Read from the broker a second time and dropped, because its end is known here. */
  repeated(events: number): void;
  /** Something that the source recovers from by itself, by its name in docs/metrics.md: `rebalance`, `stalled_partition`. */
  recovered(what: string): void;
  /** The source has stopped reading (true) or reads again (false) because a limit was reached. */
  paused(is: boolean): void;
  /** How many events the broker has that were not acknowledged here, by partition, stream or queue. */
  lag(partition: string, events: number): void;
  /** The partition is somebody else's now: its lag is not shown any more. */
  unassigned(partition: string): void;
}

/** A running source. */
export interface Source {
  /**
   * Connects, and resolves once events come; rejects with a MillraceError that says what to change when the settings
   * cannot work (a topic that does not exist, a refused password). A broker that is away is waited for, and said by `trouble`.
   */
  start(): Promise<void>;
  /** Reads nothing more; what was offered goes on to be settled and acknowledged. */
  stop(): Promise<void>;
  /** After `stop` and the drain: acknowledges what has been settled, leaves its group, disconnects. */
  close(): Promise<void>;
  /** Why it makes no progress, for readiness; undefined while it does, or has nothing to do. */
  readonly trouble: string | undefined;
}

/** One kind of source: an entry of the table in src/sources/table.ts. */
export type CreateSource<Settings> = (settings: Settings, line: Line) => Source;
