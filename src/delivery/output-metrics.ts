import type { Metrics, Sample } from '../telemetry/metrics.ts';
import type { OutputFigures } from './output-queue.ts';

/** Has what outputs count shown in metrics. */
export function showOutputs(metrics: Pick<Metrics, 'series'>, read: () => readonly OutputFigures[]): void {
  // An output may take results and dead letters, by a queue for each.
  const byOutput = (): OutputFigures[] => {
    const sums = new Map<string, OutputFigures>();
    for (const figures of read()) sums.set(figures.output, sum(sums.get(figures.output), figures));
    return [...sums.values()];
  };
  const each = (value: (figures: OutputFigures) => number) => (): Sample[] => byOutput().map((figures) => ({ labels: { output: figures.output }, value: value(figures) }));
  metrics.series('millrace_output_records_total', () =>
    byOutput().flatMap(({ output, written, refused }) => [
      { labels: { output, result: 'written' }, value: written },
      { labels: { output, result: 'refused' }, value: refused },
    ]),
  );
  metrics.series('millrace_output_retries_total', each(({ retries }) => retries));
  metrics.series('millrace_output_queue', each(({ queued }) => queued));
  metrics.series('millrace_output_queue_bytes', each(({ queuedBytes }) => queuedBytes));
  metrics.series('millrace_output_trouble', each(({ trouble }) => (trouble === undefined ? 0 : 1)));
}

function sum(a: OutputFigures | undefined, b: OutputFigures): OutputFigures {
  if (a === undefined) return b;
  return {
    output: a.output,
    written: a.written + b.written,
    refused: a.refused + b.refused,
    retries: a.retries + b.retries,
    queued: a.queued + b.queued,
    queuedBytes: a.queuedBytes + b.queuedBytes,
    trouble: a.trouble ?? b.trouble,
  };
}
