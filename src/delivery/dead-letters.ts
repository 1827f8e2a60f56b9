import type { MillraceError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { Take } from './line.ts';
import type { Outcome, Output, OutputRecord } from './outcome.ts';
import { type Done, type OutputFigures, OutputQueue } from './output-queue.ts';
import { recordId } from './record.ts';

/** A cause may be a stack trace or a whole payload; what brokers take in a header is little. */
const CAUSE_CHARACTERS = 4096;

/** The event as it came, with its own key and headers; what became of it is said in headers of Millrace's own. */
export function deadLetterRecord(outcome: Outcome): OutputRecord {
  const { status, error, cause, source, coordinate } = outcome;
  return {
    id: recordId(outcome),
    key: outcome.key ?? null,
    value: outcome.value,
    json: false,
    headers: {
      ...originalHeaders(outcome.headers),
      'millrace-reason': status,
      ...(error === undefined ? null : { 'millrace-error': error }),
      ...(cause === undefined ? null : { 'millrace-cause': cause.slice(0, CAUSE_CHARACTERS) }),
      'millrace-execution': outcome.name,
      'millrace-machine': outcome.machine,
      ...(source === undefined ? null : { 'millrace-source': source }),
      ...(coordinate === undefined ? null : { 'millrace-coordinate': coordinate }),
      'millrace-attempts': String(outcome.attempts),
      'millrace-time': new Date(outcome.stopTimeMs).toISOString(),
    },
  };
}

/** Header values that are no text, as of headers that came twice, are written as JSON. */
function originalHeaders(headers: string | undefined): Record<string, string> {
  if (headers === undefined) return {};
  return Object.fromEntries(Object.entries(JSON.parse(headers) as Record<string, unknown>).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
}

export interface DeadLetterStoresOptions {
  /** The store of each source that has one; several may share an output. */
  readonly stores: ReadonlyMap<string, { readonly name: string; readonly output: Output }>;
  readonly log: Log;
}

/** Where events go that were refused or failed: they are acknowledged at their source only once they are here. */
export interface DeadLetterStores {
  /** Null for a source whose dead letters are dropped. */
  of(source: string): Take | null;
  readonly troubles: readonly string[];
  figures(): readonly OutputFigures[];
  /** Resolves when nothing waits. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

export function createDeadLetterStores({ stores, log }: DeadLetterStoresOptions): DeadLetterStores {
  const queues = new Map<Output, OutputQueue>();
  const bySource = new Map<string, Take>();
  for (const [source, { name, output }] of stores) {
    let queue = queues.get(output);
    if (queue === undefined) queues.set(output, (queue = new OutputQueue({ name, output, toRecord: deadLetterRecord, refused: (outcome, error, done) => drop(log, name, outcome, error, done), log })));
    bySource.set(source, (outcome, done) => queue.push(outcome, done));
  }
  const all = [...queues.values()];
  return {
    of: (source) => bySource.get(source) ?? null,
    get troubles() {
      return all.flatMap(({ trouble }) => trouble ?? []);
    },
    figures: () => all.map((queue) => queue.figures()),
    drained: async () => void (await Promise.all(all.map((queue) => queue.drained()))),
    close: async () => void (await Promise.all(all.map((queue) => queue.close()))),
  };
}

/** The last resort: an event that its source has given up on, and that its store refuses as it is, would stop the source for ever. */
function drop(log: Log, store: string, { name, machine, status, coordinate, value }: Outcome, error: MillraceError, done: Done): void {
  log.error('a dead letter was refused by its store for good, and is lost but for this line', { store, error, execution: name, machine, status, coordinate, value: Buffer.from(value).toString('base64') });
  done();
}
