import { build } from 'hdr-histogram-js';

/** Microseconds: from one to ten minutes, three digits. */
const SHAPE = { lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: 3, useWebAssembly: false };
const LONGEST_US = 600_000_000;
const PERCENTILES = [0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99, 100];

/**
 * Latencies of one contestant, of all its rounds. Where the load is open (each request has its own time, whatever became of the
 * one before), `record` takes the milliseconds since the time that was intended, and coordinated omission cannot occur. Where
 * the load is closed (a connection waits for its answer before it asks again), a slow answer keeps others from being asked:
 * `correctFor` puts in what they would have measured.
 */
export function createLatency() {
  let histogram = build(SHAPE);
  return {
    record: (ms) => histogram.recordValue(Math.min(LONGEST_US, Math.max(0, Math.round(ms * 1000)))),
    /** @param intervalMs how often a connection asks while nothing is slow */
    correctFor(intervalMs) {
      const corrected = build(SHAPE);
      corrected.addWhileCorrectingForCoordinatedOmission(histogram, Math.max(1, Math.round(intervalMs * 1000)));
      histogram = corrected;
    },
    add: (other) => histogram.add(other.histogram),
    get histogram() {
      return histogram;
    },
    percentileMs: (percentile) => histogram.getValueAtPercentile(percentile) / 1000,
    summary() {
      if (histogram.totalCount === 0) return undefined;
      const at = (percentile) => histogram.getValueAtPercentile(percentile) / 1000;
      return {
        count: histogram.totalCount,
        mean: histogram.mean / 1000,
        p50: at(50),
        p90: at(90),
        p99: at(99),
        p999: at(99.9),
        max: at(100),
        curve: PERCENTILES.map((percentile) => [percentile, at(percentile)]),
      };
    },
  };
}
