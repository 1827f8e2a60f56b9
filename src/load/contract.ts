/** Some events that travel together: one request, one produce request, one pipeline. */
export interface Batch {
  readonly events: readonly string[];
  /** As many as there are events, or undefined where events have no keys. */
  readonly keys: readonly string[] | undefined;
  /** When each event was due, milliseconds of the run's clock. */
  readonly dueMs: readonly number[];
  /** Of the events, in UTF-8. */
  readonly bytes: number;
}

/** So many events of a batch were not taken. */
export interface Rejection {
  /** A few words that stay the same for the same reason: "ECONNREFUSED", "429 AT_CAPACITY". */
  readonly kind: string;
  readonly count: number;
  /** The target asks to come again later (429, 503 with Retry-After): a limit of its own, and no failure. */
  readonly refused: boolean;
}

/** Told once for each batch that was sent. Nothing rejected: all of it has been taken. */
export type Settled = (batch: Batch, rejections: readonly Rejection[]) => void;

export const NOTHING_REJECTED: readonly Rejection[] = [];

/** Sends batches to one target. It never throws for what the target does: that is told by `settled`. */
export interface Sender {
  /** What is sent to, for people: "http://127.0.0.1:8080/v1/machines/triage/executions". */
  readonly target: string;
  /** Most events, and bytes of events, of one batch. One event may be larger. */
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Batches that may be under way at once. */
  readonly maxBatches: number;
  send(batch: Batch, settled: Settled): void;
  /** What is still under way is given up. */
  close(): Promise<void>;
}
