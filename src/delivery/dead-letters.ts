import type { MillraceError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { type DeadOutcome, deadLetterRecord } from './dead-letter.ts';
import type { Take } from './line.ts';
import type { Outcome, Output } from './outcome.ts';
import { type Backoff, type Done, type OutputFigures, OutputQueue } from './output-queue.ts';

export interface DeadLetterStoresOptions {
  /** The store of each source that has one; several may share an output. */
  readonly stores: ReadonlyMap<string, { readonly name: string; readonly output: Output }>;
  /** Sources whose dead letters are dropped: nothing of theirs goes anywhere. */
  readonly dropped: ReadonlySet<string>;
  /**
   * Where goes what has no store (a start over HTTP) or is refused by it: it has to be of a kind that refuses nothing. Null:
   * there is no place for it but the log.
   */
  readonly fallback: ((source: string | undefined) => Output) | null;
  readonly log: Log;
  readonly backoff?: Backoff;
}

/** Where events go that were refused or failed: they are acknowledged at their source only once they are here. */
export interface DeadLetterStores {
  /** Null for a source whose dead letters are dropped. */
  of(source: string): Take | null;
  /** Takes the event of an outcome that an output never takes. */
  refused(outcome: Outcome, output: string, error: MillraceError, done: Done): void;
  readonly troubles: readonly string[];
  figures(): readonly OutputFigures[];
  /** Resolves when nothing waits. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

/** Creates the queues before the stores of dead letters. */
export function createDeadLetterStores({ stores, dropped, fallback, log, backoff }: DeadLetterStoresOptions): DeadLetterStores {
  const queueTo = (name: string, output: Output, refused: (outcome: Outcome, error: MillraceError, done: Done) => void): OutputQueue =>
    new OutputQueue({ name, output, toRecord: deadLetterRecord, refused, log, ...(backoff === undefined ? {} : { backoff }) });

  const ownFiles = new Map<string | undefined, OutputQueue>();
  const ownFile = (source: string | undefined): OutputQueue | null => {
    const known = ownFiles.get(source);
    if (known !== undefined || fallback === null) return known ?? null;
    const queue = queueTo(`other dead letters of ${source ?? 'starts'}`, fallback(source), lose);
    ownFiles.set(source, queue);
    return queue;
  };
  const toOwnFile = (outcome: DeadOutcome, error: MillraceError, done: Done): void => {
    const queue = ownFile(outcome.source);
    if (queue === null) lose(outcome, error, done);
    else queue.push(outcome, done);
  };
  /** The last resort: an event that everything has refused would stop its source for ever. */
  const lose = ({ name, machine, source, coordinate, value }: Outcome, error: MillraceError, done: Done): void => {
    log.error('A dead letter was refused wherever it could go. It is lost but for this line.', { error, execution: name, machine, source, coordinate, value: Buffer.from(value).toString('base64') });
    done();
  };

  const queues = new Map<Output, OutputQueue>();
  const bySource = new Map<string, OutputQueue>();
  for (const [source, { name, output }] of stores) {
    let queue = queues.get(output);
    if (queue === undefined) {
      queue = queueTo(name, output, (outcome, error, done) => {
        log.error('A dead letter was refused by its store and goes to a file below dataDir.', { store: name, error, execution: outcome.name, machine: outcome.machine, source: outcome.source });
        toOwnFile(outcome, error, done);
      });
      queues.set(output, queue);
    }
    bySource.set(source, queue);
  }
  const all = (): OutputQueue[] => [...queues.values(), ...ownFiles.values()];

  return {
    of(source) {
      const queue = bySource.get(source);
      return queue === undefined ? null : (outcome, done) => queue.push(outcome, done);
    },
    refused(outcome, output, error, done) {
      log.error('An output refused what came of an execution.', { output, error, execution: outcome.name, machine: outcome.machine, source: outcome.source });
      const { source } = outcome;
      const dead: DeadOutcome = { ...outcome, refusal: { output, error } };
      const queue = source === undefined ? undefined : bySource.get(source);
      // What failed is there already, for its own reason.
      if (queue !== undefined && outcome.status !== 'SUCCEEDED') done();
      else if (queue !== undefined) queue.push(dead, done);
      else if (source !== undefined && dropped.has(source)) done();
      else toOwnFile(dead, error, done);
    },
    get troubles() {
      return all().flatMap(({ trouble }) => trouble ?? []);
    },
    figures: () => all().map((queue) => queue.figures()),
    // A store may hand on to a file what it refuses: the files are looked at when the stores have nothing left.
    async drained() {
      await Promise.all([...queues.values()].map((queue) => queue.drained()));
      await Promise.all([...ownFiles.values()].map((queue) => queue.drained()));
    },
    close: async () => void (await Promise.all(all().map((queue) => queue.close()))),
  };
}
