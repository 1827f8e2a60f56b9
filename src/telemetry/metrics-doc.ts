import { DURATION_BOUNDS_MS, METRICS } from './metrics-table.ts';
import type { MetricRow } from './metrics-table.ts';

/** Renders docs/metrics.md from the table of metrics. */
export function renderMetricsDoc(): string {
  const rows = Object.entries<MetricRow>(METRICS).map(([name, row]) => {
    const labels = row.labels.length === 0 ? '—' : row.labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${row.type} | ${labels} | ${row.help.replaceAll('|', '\\|')} |`;
  });
  return `# Metrics

<!-- Rendered from src/telemetry/metrics-table.ts; change it there. -->

\`GET /metrics\` answers in the Prometheus text format, version 0.0.4. A series with labels appears with its first value: a
machine that has had no event yet has none.

| metric | type | labels | meaning |
|---|---|---|---|
${rows.join('\n')}

The buckets of \`millrace_execution_duration_seconds\` end at ${DURATION_BOUNDS_MS.map((ms) => String(ms / 1000)).join(', ')} seconds and +Inf.

Workers count per batch and the main thread adds the counts up, so a metric costs the same however many events there are. A
figure is therefore as old as the last batch that ended, a few milliseconds under load.

Besides these there are the \`process_*\` and \`nodejs_*\` metrics of prom-client: CPU time, resident memory, heap by space,
garbage collection, file descriptors, the version of Node.

## Questions and the expressions that answer them

| question | PromQL |
|---|---|
| How many executions end per second, by machine? | \`sum by (machine) (rate(millrace_executions_ended_total[1m]))\` |
| What share fails? | \`sum(rate(millrace_executions_ended_total{status=~"FAILED\\|TIMED_OUT"}[5m])) / sum(rate(millrace_executions_ended_total[5m]))\` |
| How long does the slowest hundredth take? | \`histogram_quantile(0.99, sum by (le, machine) (rate(millrace_execution_duration_seconds_bucket[5m])))\` |
| Do limits turn callers away? | \`sum by (code) (rate(millrace_rejected_total{code=~"AT_CAPACITY\\|JOURNAL_FULL"}[5m]))\` |
| Do workers die? | \`increase(millrace_worker_restarts_total[1h]) > 0\` |
| Is the main thread overloaded? | \`millrace_event_loop_lag_seconds{quantile="0.99"} > 0.1\` |
`;
}
