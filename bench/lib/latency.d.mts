export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly curve: readonly (readonly [number, number])[];
}
export interface Latency {
  record(ms: number): void;
  correctFor(intervalMs: number): void;
  add(other: Latency): void;
  percentileMs(percentile: number): number;
  summary(): LatencySummary | undefined;
}
export function createLatency(): Latency;
