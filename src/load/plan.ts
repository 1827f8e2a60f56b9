import type { Feed } from './feed.ts';
import type { Shape } from './shape.ts';

/** What is to be sent, and when. */
export interface LoadPlan {
  readonly feed: Feed;
  /** Events per second over time, warm-up included; undefined: as fast as the target takes them. */
  readonly shape: Shape | undefined;
  /** Seconds at the beginning that count for nothing. */
  readonly warmUp: number;
  /** Seconds after the warm-up; Infinity: until `count`, or until it is stopped. */
  readonly duration: number;
  /** Events after the warm-up, at the most. */
  readonly count: number;
  /** Most events that are sent and not answered. */
  readonly maxInFlight: number;
  /** An event waits so long for others to travel with, milliseconds, unless a batch is full before. */
  readonly lingerMs: number;
  /** After the last event is sent, answers are waited for so long, milliseconds. */
  readonly graceMs: number;
}

/** What is to be seen of a run while it goes on. */
export interface LoadState {
  /** Seconds since the warm-up ended; negative before. */
  readonly elapsed: number;
  readonly inFlight: number;
  /** Due by now and not sent. */
  readonly behind: number;
  /** Events a second that are due now; null: as many as possible. */
  readonly target: number | null;
  /** Nothing more is sent; answers are waited for. */
  readonly draining: boolean;
}

/** How a run ended, beside what the meter has counted. */
export interface LoadEnd {
  /** Seconds from the end of the warm-up to the last answer. */
  readonly seconds: number;
  /** Events that were due and could not be sent in time. */
  readonly unsent: number;
  /** Events that had no answer when the run ended. */
  readonly unanswered: number;
}
