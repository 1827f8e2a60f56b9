import { build, type Histogram } from 'hdr-histogram-js';

/** Latencies in milliseconds, to a microsecond and three digits. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
}

/** What was counted over a time. */
export interface Figures {
  /** Events given to the target. */
  readonly sent: number;
  readonly ok: number;
  readonly refused: number;
  readonly failed: number;
  /** Sent more than `LATE_MS` after they were due. */
  readonly late: number;
  /** Of the events that were sent, in UTF-8. */
  readonly bytes: number;
}

export interface Second extends Figures {
  /** Seconds since the run began; a warm-up is negative. */
  readonly at: number;
  /** Of this second: events a second that were due, or null where events are sent as fast as they go. */
  readonly target: number | null;
  readonly inFlight: number;
  /** Due by now and not sent. */
  readonly behind: number;
  readonly latencyMs: Latencies | null;
}

/** An event that is sent later than this after it was due counts as late. */
export const LATE_MS = 10;

const MOST_MICROSECONDS = 3_600_000_000;
const EMPTY: Figures = { sent: 0, ok: 0, refused: 0, failed: 0, late: 0, bytes: 0 };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Keeps count of a run: of all of it, and of each second. What belongs to a warm-up is in the seconds only. */
export class Meter {
  readonly total: Mutable<Figures> = { ...EMPTY };
  /** By kind, refusals included. */
  readonly rejections = new Map<string, number>();
  readonly seconds: Second[] = [];
  #second: Mutable<Figures> = { ...EMPTY };
  readonly #all = histogram();
  #ofSecond = histogram();

  /** @param counts false during a warm-up */
  sent(count: number, bytes: number, late: number, counts: boolean): void {
    for (const figures of counts ? [this.total, this.#second] : [this.#second]) {
      figures.sent += count;
      figures.bytes += bytes;
      figures.late += late;
    }
  }

  ok(latencyMs: number, count: number, counts: boolean): void {
    const microseconds = Math.min(MOST_MICROSECONDS, Math.max(1, Math.round(latencyMs * 1000)));
    this.#second.ok += count;
    this.#ofSecond.recordValueWithCount(microseconds, count);
    if (!counts) return;
    this.total.ok += count;
    this.#all.recordValueWithCount(microseconds, count);
  }

  rejected(kind: string, count: number, refused: boolean, counts: boolean): void {
    for (const figures of counts ? [this.total, this.#second] : [this.#second]) {
      if (refused) figures.refused += count;
      else figures.failed += count;
    }
    if (counts) this.rejections.set(kind, (this.rejections.get(kind) ?? 0) + count);
  }

  /** Nothing was sent or answered in this second so far. */
  get idle(): boolean {
    const { sent, ok, refused, failed } = this.#second;
    return sent + ok + refused + failed === 0;
  }

  /** Ends a second and begins the next. */
  endSecond(at: number, target: number | null, inFlight: number, behind: number): void {
    this.seconds.push({ at: rounded(at), target: target === null ? null : rounded(target), ...this.#second, inFlight, behind, latencyMs: latenciesOf(this.#ofSecond) });
    this.#second = { ...EMPTY };
    this.#ofSecond.reset();
  }

  /** Of events that were taken, from when they were due until the answer. Null when there were none. */
  get latency(): Latencies | null {
    return latenciesOf(this.#all);
  }
}

const rounded = (number: number): number => Math.round(number * 1000) / 1000;

const histogram = (): Histogram => build({ lowestDiscernibleValue: 1, highestTrackableValue: MOST_MICROSECONDS, numberOfSignificantValueDigits: 3 });

function latenciesOf(histogram: Histogram): Latencies | null {
  if (histogram.totalCount === 0) return null;
  // A percentile is the top of its bucket, which can be above the largest value there was.
  const ms = (percentile: number): number => Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1000;
  return { p50: ms(50), p90: ms(90), p99: ms(99), p999: ms(99.9), max: histogram.maxValue / 1000, mean: Math.round(histogram.mean) / 1000 };
}
