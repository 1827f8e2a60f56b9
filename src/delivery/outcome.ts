import type { MillraceError } from '../errors.ts';
import type { EndStatus } from './contract.ts';

/** How an execution ended, on its way to outputs; or an event on its way to dead letters. */
export interface Outcome {
  readonly machine: string;
  /** The configuration's name of the source; undefined for a start over HTTP. */
  readonly source?: string;
  /** Execution name, the same for a redelivered event. */
  readonly name: string;
  readonly status: EndStatus;
  /** JSON text; only of a success. */
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly startTimeMs: number;
  readonly stopTimeMs: number;
  /** How often the execution was tried. */
  readonly attempts: number;
  /** JSON text of the coordinate: {"topic":"readings","partition":3,"offset":17}. */
  readonly coordinate?: string;
  /** The event as it came: its bytes are a view, valid until the outcome is settled. */
  readonly value: Uint8Array;
  readonly key?: Uint8Array;
  /** JSON text of an object of header names and values; a value is text, null, {"base64": …} or a list of these. */
  readonly headers?: string;
}

/**
 * Where outcomes go: an entry of the table in src/outputs/table.ts for each kind. Used for results and for dead letters:
 * the caller has turned an outcome into a record before.
 */
export interface Output {
  /**
   * Resolves once the peer has each record durably, or has refused it for good; answers those that it refused. Records of
   * one key are written in their order. Rejects when it may succeed later, with a MillraceError that says what is wrong:
   * nothing, a part, or all of the records may have been taken then, and they are written again.
   */
  write(records: readonly OutputRecord[]): Promise<readonly Refusal[]>;
  /** How much one call of `write` is given, and how many calls may be under way. */
  readonly limits: OutputLimits;
  /** Ends what is under way, and disconnects. A `write` that cannot end rejects. */
  close(): Promise<void>;
  /** Why it takes nothing at present, for readiness. */
  readonly trouble: string | undefined;
  /** Writes that the output has made again by itself; left out where it leaves that to its caller. */
  readonly retries?: number;
}

export interface OutputLimits {
  readonly maxRecords: number;
  /** Of values, keys and headers. A record that is larger goes alone. */
  readonly maxBytes: number;
  /** More than one: the output keeps the records of a key in order by itself, across calls. */
  readonly maxWrites: number;
}

/** A record that the peer will never take as it is: too large, or not of its form. */
export interface Refusal {
  readonly index: number;
  readonly error: MillraceError;
}

export interface OutputRecord {
  /**
   * The same whenever the record is written again, and of no other record of the machine: a peer can tell repeats by it.
   */
  readonly id: string;
  /** The key of the source's event, so that results keep its partitioning; null: it had none. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  /** The value is JSON text; it may be anything otherwise, the bytes of a dead letter. */
  readonly json: boolean;
  /** Names and values as text; every kind of output has its own way of carrying them. */
  readonly headers: Readonly<Record<string, string>>;
}
