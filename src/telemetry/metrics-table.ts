export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/**
 * Every metric of the platform's own: adding one costs one line here. docs/metrics.md is rendered from this table. Labels
 * have few values: names of machines and routes, statuses, codes; never an execution, a key or anything else from an event.
 */
export const METRICS = {
  millrace_executions_started_total: { type: 'counter', labels: ['machine'], help: 'Executions started. One that runs again after its worker died counts once.' },
  millrace_executions_ended_total: { type: 'counter', labels: ['machine', 'status'], help: 'Events that came to an end: SUCCEEDED, FAILED, TIMED_OUT; ABORTED (its partition went to another process, which runs it again); REJECTED (intake refused the event, no execution ran); FILTERED (the filter of its source let the event go); POISON (it took its worker down too often).' },
  millrace_execution_duration_seconds: { type: 'histogram', labels: ['machine'], help: 'Time from the start of an execution to its end.' },
  millrace_in_flight: { type: 'gauge', labels: [], help: 'Events accepted and not yet ended: queued, running or parked.' },
  millrace_in_flight_bytes: { type: 'gauge', labels: [], help: 'Bytes of the events in flight.' },
  millrace_queued_events: { type: 'gauge', labels: [], help: 'Events in flight that wait for an idle worker.' },
  millrace_parked_executions: { type: 'gauge', labels: [], help: 'Executions in flight that wait for a timer, a retry or a task.' },
  millrace_rejected_total: { type: 'counter', labels: ['machine', 'code'], help: 'Events refused, by fault code (docs/errors.md): by intake, by a limit, or by the HTTP server before they reached intake.' },
  millrace_worker_restarts_total: { type: 'counter', labels: ['reason'], help: 'Worker threads replaced because they exited, ran out of memory or blocked.' },
  millrace_event_loop_lag_seconds: { type: 'gauge', labels: ['quantile'], help: "How late the main thread's event loop ran since the last scrape: the median (0.5), 0.99 and the worst (1)." },
  millrace_journal_bytes: { type: 'gauge', labels: [], help: 'Bytes of the journal on disk.' },
  millrace_journal_pending: { type: 'gauge', labels: [], help: 'Events in the journal that have not ended.' },
  millrace_source_events_total: { type: 'counter', labels: ['source'], help: 'Events read from a source, redelivered ones included.' },
  millrace_source_bytes_total: { type: 'counter', labels: ['source'], help: 'Bytes read with them.' },
  millrace_source_acknowledged_total: { type: 'counter', labels: ['source'], help: 'Events acknowledged at their source: committed, XACKed, completed.' },
  millrace_source_repeated_total: { type: 'counter', labels: ['source'], help: 'Events read again and dropped, because their end was known or their execution is under way here.' },
  millrace_source_dead_letters_total: { type: 'counter', labels: ['source', 'reason'], help: 'Events that went to dead letters: REJECTED, FAILED, TIMED_OUT, POISON.' },
  millrace_source_recoveries_total: { type: 'counter', labels: ['source', 'what'], help: 'What a source recovered from by itself; docs/sources.md lists what there is.' },
  millrace_source_lag: { type: 'gauge', labels: ['source', 'partition'], help: 'Events that the broker has and that are not acknowledged, by partition, stream or queue; of partitions assigned here.' },
  millrace_source_in_flight: { type: 'gauge', labels: ['source'], help: 'Events of a source that are offered and not settled.' },
  millrace_source_paused: { type: 'gauge', labels: ['source'], help: '1 while a source does not read because a limit is reached, 0 otherwise.' },
  millrace_source_trouble: { type: 'gauge', labels: ['source'], help: '1 while a source makes no progress, 0 otherwise; the log and /readyz say why.' },
  millrace_output_records_total: { type: 'counter', labels: ['output', 'result'], help: 'Records that an output took (written) or will never take (refused: they go to dead letters).' },
  millrace_output_retries_total: { type: 'counter', labels: ['output'], help: 'Writes that failed and are tried again, a batch of records each.' },
  millrace_output_queue: { type: 'gauge', labels: ['output'], help: 'Records that wait for an output to take them.' },
  millrace_output_queue_bytes: { type: 'gauge', labels: ['output'], help: 'What they hold in memory, about: their events and the outputs of their executions.' },
  millrace_output_trouble: { type: 'gauge', labels: ['output'], help: '1 while an output takes nothing, 0 otherwise; the log and /readyz say why.' },
  millrace_http_requests_total: { type: 'counter', labels: ['route', 'status'], help: "HTTP answers by route pattern and status; route 'unmatched' where no route answers, 'malformed' where the request was not HTTP." },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof METRICS;

/** Gauges without labels: each is read through a callback that its owner registers. */
export type GaugeName = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends 'gauge' ? ((typeof METRICS)[Name]['labels'] extends readonly [] ? Name : never) : never;
}[MetricName];

/**
 * Upper bounds of the duration histogram's buckets in milliseconds. Workers count by the same bounds: the first bucket whose
 * bound is not below the duration, or the one after the last.
 */
export const DURATION_BOUNDS_MS: readonly number[] = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000];
