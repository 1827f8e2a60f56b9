import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Registry, collectDefaultMetrics } from 'prom-client';
import type { Metric } from 'prom-client';
import { BatchTotals } from './batch-totals.ts';
import type { MachineCounts, Sample } from './batch-totals.ts';
import { DURATION_BOUNDS_MS, METRICS } from './metrics-table.ts';
import type { GaugeName, MetricName } from './metrics-table.ts';

export type { MachineCounts, Sample } from './batch-totals.ts';

/** Counts the answers of one route; one array increment per request. */
export interface RouteCounter {
  count(status: number): void;
}

/** The numbers of one engine, on a registry of its own: two engines in a process do not mix. */
export interface Metrics {
  readonly registry: Registry;
  /** By these bounds the buckets given to `merge` are counted. */
  readonly durationBoundsMs: readonly number[];
  /** Adds what a batch counted. Costs the same for one event as for ten thousand. */
  merge(counts: MachineCounts): void;
  /** Counts refused events by fault code; `machine` must be one that is served, or labels would grow without bound. */
  reject(machine: string, code: string, count: number): void;
  /** Drops what was counted of a machine that is served no longer. */
  forget(machine: string): void;
  /** Counts events that ended as POISON: no worker lives to count those. */
  poisoned(machine: string): void;
  workerRestarted(reason: string): void;
  /** Says where a gauge is read at each scrape. A callback that throws leaves its gauge out of that scrape. */
  gauge(name: GaugeName, read: () => number): void;
  /** Says where the samples of a metric are read at each scrape, by whoever counts them. A callback that throws leaves them out of that scrape. */
  series(name: MetricName, read: () => readonly Sample[]): void;
  /** The counter of one route, kept by its caller. */
  httpRoute(route: string): RouteCounter;
  /** What GET /metrics answers. */
  exposition(): Promise<{ contentType: string; body: string }>;
  /** Stops watching the event loop. */
  close(): void;
}

export interface MetricsOptions {
  readonly durationBoundsMs?: readonly number[];
  /** prom-client's process and Node metrics; true unless told otherwise. Its observers live as long as the process. */
  readonly processMetrics?: boolean;
}

const LAG_RESOLUTION_MS = 20;
const LAG_QUANTILES = [0.5, 0.99, 1];

/**
 * Creates the metrics of one engine. prom-client keeps the registry and writes the exposition; the numbers are summed here,
 * because its own metrics take one labelled observation at a time and its histogram takes no bucket counts.
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const durationBoundsMs = options.durationBoundsMs ?? DURATION_BOUNDS_MS;
  const totals = new BatchTotals(durationBoundsMs);
  const series = new Map<MetricName, () => readonly Sample[]>();
  const routes = new Map<string, StatusCounts>();
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();

  const readSeries = (name: MetricName): Sample[] => {
    try {
      return [...(series.get(name)?.() ?? [])];
    } catch {
      return [];
    }
  };
  const readLag = (): Sample[] => {
    // The monitor records the time between two of its ticks, which is the resolution when nothing was late.
    const samples = LAG_QUANTILES.map((quantile) => {
      const betweenTicksMs = lag.count === 0 ? 0 : lag.percentile(quantile * 100) / 1e6;
      return { labels: { quantile }, value: Math.max(0, betweenTicksMs - LAG_RESOLUTION_MS) / 1000 };
    });
    lag.reset();
    return samples;
  };
  /** Of what is counted here; the owners of the others register theirs. */
  const collectors: Partial<Record<MetricName, () => Sample[]>> = {
    millrace_executions_started_total: () => totals.started(),
    millrace_executions_ended_total: () => totals.ended(),
    millrace_execution_duration_seconds: () => totals.durations('millrace_execution_duration_seconds'),
    millrace_rejected_total: () => totals.rejected(),
    millrace_worker_restarts_total: () => totals.restarts(),
    millrace_event_loop_lag_seconds: readLag,
    millrace_http_requests_total: () => [...routes].flatMap(([route, counts]) => counts.samples(route)),
  };
  for (const name of Object.keys(METRICS) as MetricName[]) register(registry, name, collectors[name] ?? (() => readSeries(name)));
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });

  return {
    registry,
    durationBoundsMs,
    merge: (counts) => totals.merge(counts),
    reject: (machine, code, count) => totals.reject(machine, code, count),
    forget: (machine) => totals.forget(machine),
    poisoned: (machine) => totals.poisoned(machine),
    workerRestarted: (reason) => totals.workerRestarted(reason),
    gauge: (name, read) => void series.set(name, () => [{ labels: {}, value: read() }]),
    series: (name, read) => void series.set(name, read),
    httpRoute: (route) => {
      const known = routes.get(route) ?? new StatusCounts();
      routes.set(route, known);
      return known;
    },
    exposition: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    close: () => void lag.disable(),
  };
}

/** Registers what the registry asks of any metric, by duck type: prom-client's types name only its own four classes. */
function register(registry: Registry, name: MetricName, collect: () => Sample[]): void {
  const { help, type } = METRICS[name];
  const get = (): object => ({ name, help, type, aggregator: 'sum', values: collect() });
  registry.registerMetric({ name, help, type, get, reset: () => undefined } as unknown as Metric);
}

const HIGHEST_STATUS = 599;

class StatusCounts implements RouteCounter {
  readonly #byStatus = new Float64Array(HIGHEST_STATUS + 1);

  count(status: number): void {
    this.#byStatus[status]! += 1;
  }

  samples(route: string): Sample[] {
    const samples: Sample[] = [];
    for (const [status, value] of this.#byStatus.entries()) if (value > 0) samples.push({ labels: { route, status }, value });
    return samples;
  }
}
