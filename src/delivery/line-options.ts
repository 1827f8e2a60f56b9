import type { Log } from '../telemetry/log.ts';
import type { BatchLimits } from './batching.ts';
import type { Dispatch, End, EndStatus } from './contract.ts';
import type { Outcome } from './outcome.ts';
import type { Order, SourceMeter, Wants } from './source.ts';

/** Takes an outcome, and calls `done` once when it has taken it: at once, or as late as its peer answers. */
export type Take = (outcome: Outcome, done: () => void) => void;

/** The outputs, as far as they concern one source. */
export interface Results {
  wants(status: EndStatus): boolean;
  readonly take: Take;
  /** So much waits for outputs that the source should not read on. */
  full(): boolean;
  onRoom(callback: () => void): void;
}

export interface LineOptions {
  readonly source: string;
  readonly machine: string;
  /** The name under which the pool has the machine behind this source's intake. */
  readonly route: string;
  readonly order: Order;
  /** Asked for each offer: a machine that reloads may come to read more. */
  readonly wants: () => Wants;
  readonly lanes: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  /** How often a failing execution is tried before it ends as failed. */
  readonly maxAttempts: number;
  readonly batch?: BatchLimits;
  readonly dispatch: Dispatch;
  /** Where results go; null: nobody takes any. */
  readonly results: Results | null;
  /** Where events go that were refused or failed; null: nowhere. */
  readonly deadLetters: Take | null;
  /** Told of every end but successes and what the filter let go. */
  readonly onFailure: (end: End) => void;
  readonly log: Log;
  readonly meter: SourceMeter;
}
