import type { Outcome, OutputRecord } from './outcome.ts';

/** What Millrace says of a record stands in headers that begin so. */
export const HEADER_PREFIX = 'millrace-';

/** ISO 8601, UTC. Of most records in a batch the times are the same, so the last text is kept. */
function createClock(): (ms: number) => string {
  let lastMs = -1;
  let lastText = '';
  return (ms) => {
    if (ms !== lastMs) {
      lastText = new Date(ms).toISOString();
      lastMs = ms;
    }
    return lastText;
  };
}

const startText = createClock();
const stopText = createClock();

/**
 * The names of executions that a source started derive from coordinates; a name that a caller chose may be used again, and
 * is told apart by when the execution started, which a repeat does not change.
 */
export const recordId = ({ source, name, startTimeMs }: Pick<Outcome, 'source' | 'name' | 'startTimeMs'>): string => (source === undefined ? `${name}-${startTimeMs}` : name);

/** What outputs get of an execution: its output as it is, or `{"error","cause"}`; what else there is to say is in headers. */
export function resultRecord(outcome: Outcome): OutputRecord {
  const { status, output, source, coordinate } = outcome;
  const value = status === 'SUCCEEDED' ? (output ?? 'null') : JSON.stringify({ error: outcome.error ?? status, cause: outcome.cause ?? '' });
  // Built without spreads: this runs for every record.
  const headers: Record<string, string> = { 'millrace-execution': outcome.name, 'millrace-machine': outcome.machine, 'millrace-status': status };
  if (source !== undefined) headers['millrace-source'] = source;
  if (coordinate !== undefined) headers['millrace-coordinate'] = coordinate;
  headers['millrace-start'] = startText(outcome.startTimeMs);
  headers['millrace-stop'] = stopText(outcome.stopTimeMs);
  return { id: recordId(outcome), key: outcome.key ?? null, value: Buffer.from(value, 'utf8'), json: true, headers };
}

/** Bytes of a record on its way, about. */
export function recordBytes(record: OutputRecord): number {
  let bytes = record.value.byteLength + (record.key?.byteLength ?? 0);
  const { headers } = record;
  for (const name in headers) bytes += name.length + (headers[name] as string).length + 4;
  return bytes;
}
