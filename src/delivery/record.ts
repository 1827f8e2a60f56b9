import type { Outcome, OutputRecord } from './outcome.ts';

/** What Millrace says of a record stands in headers that begin so. */
export const HEADER_PREFIX = 'millrace-';

const text = new TextEncoder();
/** Of most records in one batch the times are the same. */
let lastMs = -1;
let lastTime = '';

/** ISO 8601, UTC. */
export function timeText(ms: number): string {
  if (ms !== lastMs) {
    lastTime = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastTime;
}

/**
 * The names of executions that a source started derive from coordinates; a name that a caller chose may be used again, and
 * is told apart by when the execution started, which a repeat does not change.
 */
export const recordId = ({ source, name, startTimeMs }: Pick<Outcome, 'source' | 'name' | 'startTimeMs'>): string => (source === undefined ? `${name}-${startTimeMs}` : name);

/** What outputs get of an execution: its output as it is, or `{"error","cause"}`; what else there is to say is in headers. */
export function resultRecord(outcome: Outcome): OutputRecord {
  const { status, output } = outcome;
  const value = status === 'SUCCEEDED' ? (output ?? 'null') : JSON.stringify({ error: outcome.error ?? status, cause: outcome.cause ?? '' });
  return {
    id: recordId(outcome),
    key: outcome.key ?? null,
    value: text.encode(value),
    json: true,
    headers: {
      'millrace-execution': outcome.name,
      'millrace-machine': outcome.machine,
      'millrace-status': status,
      ...(outcome.source === undefined ? null : { 'millrace-source': outcome.source }),
      ...(outcome.coordinate === undefined ? null : { 'millrace-coordinate': outcome.coordinate }),
      'millrace-start': timeText(outcome.startTimeMs),
      'millrace-stop': timeText(outcome.stopTimeMs),
    },
  };
}

/** Bytes of a record on its way, about. */
export function recordBytes(record: OutputRecord): number {
  let bytes = record.value.byteLength + (record.key?.byteLength ?? 0);
  const { headers } = record;
  for (const name in headers) bytes += name.length + (headers[name] as string).length + 4;
  return bytes;
}
