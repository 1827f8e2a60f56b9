import type { Metrics, Sample } from '../telemetry/metrics.ts';
import type { OutputFigures } from './output-queue.ts';

/** Has what outputs count shown in metrics. */
export function showOutputs(metrics: Pick<Metrics, 'series'>, read: () => readonly OutputFigures[]): void {
  const each = (value: (figures: OutputFigures) => number) => (): Sample[] => read().map((figures) => ({ labels: { output: figures.output }, value: value(figures) }));
  metrics.series('millrace_output_records_total', () =>
    read().flatMap(({ output, written, refused }) => [
      { labels: { output, result: 'written' }, value: written },
      { labels: { output, result: 'refused' }, value: refused },
    ]),
  );
  metrics.series('millrace_output_retries_total', each(({ retries }) => retries));
  metrics.series('millrace_output_queue', each(({ queued }) => queued));
  metrics.series('millrace_output_queue_bytes', each(({ queuedBytes }) => queuedBytes));
  metrics.series('millrace_output_trouble', each(({ trouble }) => (trouble === undefined ? 0 : 1)));
}
