import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { showOutputs } from '../../src/delivery/output-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { MetricsOptions } from '../../src/telemetry/metrics.ts';
import { renderMetricsDoc } from '../../src/telemetry/metrics-doc.ts';
import { SourcesFigures } from '../../src/telemetry/source-figures.ts';
import { METRICS } from '../../src/telemetry/metrics-table.ts';
import type { GaugeName, MetricRow } from '../../src/telemetry/metrics-table.ts';

function metricsOf(options: MetricsOptions = {}) {
  const metrics = createMetrics({ processMetrics: false, ...options });
  onTestFinished(() => metrics.close());
  return metrics;
}

const counts = { machine: 'triage', started: 5, succeeded: 2, failed: 1, timedOut: 1, rejected: 3, filtered: 0, aborted: 0, durationBuckets: [2, 1, 2], durationSumMs: 30_150 };

describe('createMetrics', () => {
  it('adds batches up and shows counters by machine and status', async () => {
    const metrics = metricsOf({ durationBoundsMs: [10, 250] });
    metrics.merge(counts);
    metrics.merge(counts);
    metrics.poisoned('triage');
    metrics.poisoned('triage');
    metrics.merge({ machine: 'bill"ing', started: 1, succeeded: 0, failed: 0, timedOut: 0, rejected: 0, filtered: 0, aborted: 0, durationBuckets: [0, 0, 0], durationSumMs: 0 });
    const { body, contentType } = await metrics.exposition();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = body.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE millrace_executions_started_total counter',
        'millrace_executions_started_total{machine="triage"} 10',
        'millrace_executions_started_total{machine="bill\\"ing"} 1',
        'millrace_executions_ended_total{machine="triage",status="SUCCEEDED"} 4',
        'millrace_executions_ended_total{machine="triage",status="FAILED"} 2',
        'millrace_executions_ended_total{machine="triage",status="TIMED_OUT"} 2',
        'millrace_executions_ended_total{machine="triage",status="REJECTED"} 6',
        'millrace_executions_ended_total{machine="triage",status="POISON"} 2',
      ]),
    );
  });

  it('shows durations as a histogram: buckets cumulative, sum in seconds, count', async () => {
    const metrics = metricsOf({ durationBoundsMs: [10, 250] });
    metrics.merge(counts);
    metrics.merge(counts);
    const { body } = await metrics.exposition();
    expect(body).toContain(`# TYPE millrace_execution_duration_seconds histogram
millrace_execution_duration_seconds_bucket{machine="triage",le="0.01"} 4
millrace_execution_duration_seconds_bucket{machine="triage",le="0.25"} 6
millrace_execution_duration_seconds_bucket{machine="triage",le="+Inf"} 10
millrace_execution_duration_seconds_sum{machine="triage"} 60.3
millrace_execution_duration_seconds_count{machine="triage"} 10
`);
  });

  it('refuses buckets that were counted by other bounds', () => {
    const metrics = metricsOf();
    expect(metrics.durationBoundsMs.at(-1)).toBe(300_000);
    expect(() => metrics.merge(counts)).toThrow(RangeError);
  });

  it('counts rejections, worker restarts and HTTP answers', async () => {
    const metrics = metricsOf();
    metrics.reject('triage', 'AT_CAPACITY', 2);
    metrics.reject('triage', 'AT_CAPACITY', 3);
    metrics.workerRestarted('blocked');
    metrics.httpRoute('/healthz').count(200);
    metrics.httpRoute('/healthz').count(200);
    const { body } = await metrics.exposition();
    expect(body).toContain('millrace_rejected_total{machine="triage",code="AT_CAPACITY"} 5\n');
    expect(body).toContain('millrace_worker_restarts_total{reason="blocked"} 1\n');
    expect(body).toContain('millrace_http_requests_total{route="/healthz",status="200"} 2\n');
  });

  it('reads gauges at each scrape and leaves out those that nobody registered or that fail', async () => {
    const metrics = metricsOf();
    let inFlight = 7;
    metrics.gauge('millrace_in_flight', () => inFlight);
    metrics.gauge('millrace_journal_bytes', () => {
      throw new Error('closed');
    });
    expect((await metrics.exposition()).body).toContain('\nmillrace_in_flight 7\n');
    inFlight = 0;
    const { body } = await metrics.exposition();
    expect(body).toContain('\nmillrace_in_flight 0\n');
    expect(body).not.toMatch(/^millrace_(journal_bytes|queued_events) /m);
  });

  it('shows how late the event loop was, and forgets it with the scrape', async () => {
    const metrics = metricsOf();
    const lagAt = async (quantile: string): Promise<number> => Number(new RegExp(`millrace_event_loop_lag_seconds\\{quantile="${quantile}"\\} (\\S+)`).exec((await metrics.exposition()).body)?.[1]);
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await turns();
    const until = Date.now() + 400;
    while (Date.now() < until);
    await turns();
    expect(await lagAt('1')).toBeGreaterThan(0.3);
    // No tick of the monitor comes between two scrapes in one turn of the loop.
    expect(await lagAt('1')).toBe(0);
  });

  it('shares nothing between two engines', async () => {
    const [one, other] = [metricsOf(), metricsOf()];
    one.workerRestarted('exit');
    expect((await other.exposition()).body).not.toContain('reason="exit"');
  });

  it('has process metrics unless told otherwise', async () => {
    const metrics = createMetrics();
    onTestFinished(() => metrics.close());
    expect((await metrics.exposition()).body).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it('exposes every metric of the table with its type, and only the labels that the table names', async () => {
    const metrics = metricsOf({ durationBoundsMs: [10, 250] });
    metrics.merge(counts);
    metrics.reject('triage', 'AT_CAPACITY', 1);
    metrics.workerRestarted('exit');
    metrics.httpRoute('/healthz').count(200);
    for (const [name, row] of Object.entries<MetricRow>(METRICS)) if (row.type === 'gauge' && row.labels.length === 0) metrics.gauge(name as GaugeName, () => 1);
    showOutputs(metrics, () => [{ output: 'alerts', written: 1, refused: 0, retries: 0, queued: 0, queuedBytes: 0, trouble: undefined }]);
    const source = new SourcesFigures(metrics).source('readings', { inFlight: () => 1, trouble: () => undefined });
    source.deadLetter('FAILED');
    source.recovered('rebalance');
    source.lag('readings/0', 7);
    const { body } = await metrics.exposition();
    const seen = new Map<string, string>();
    for (const [, name, labels = ''] of body.matchAll(/^(millrace_\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/gm)) {
      seen.set(name!, [...labels.matchAll(/(\w+)="/g)].map((label) => label[1]).filter((label) => label !== 'le').join());
    }
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(Object.entries<MetricRow>(METRICS).map(([name, row]) => [name, row.labels.join()])));
    for (const [name, row] of Object.entries<MetricRow>(METRICS)) expect(body).toContain(`# TYPE ${name} ${row.type}\n`);
  });
});

describe('docs/metrics.md', () => {
  const doc = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

  it('is what the table renders to', () => {
    expect(doc).toBe(renderMetricsDoc());
  });

  it('names every metric of the table, and no other', () => {
    const rows = [...doc.matchAll(/^\| `(millrace_\w+)` \| (\w+) \| (.*?) \|/gm)].map(([, name, type, labels]) => [name, type, [...labels!.matchAll(/`(\w+)`/g)].map((label) => label[1])]);
    expect(rows).toEqual(Object.entries<MetricRow>(METRICS).map(([name, row]) => [name, row.type, row.labels]));
    for (const [, used] of doc.matchAll(/\b(millrace_\w+?)(?:_bucket)?\b(?=[{[` ])/g)) expect(Object.keys(METRICS)).toContain(used);
  });
});
