import type { OutputConfig, SourceConfig } from '../config/settings.ts';
import type { MillraceError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { EndStatus } from './contract.ts';
import type { Outcome, Output } from './outcome.ts';
import { type Backoff, type Done, type OutputFigures, OutputQueue, type OutputQueueOptions } from './output-queue.ts';
import { resultRecord } from './record.ts';

export interface OutcomesOptions {
  readonly outputs: readonly { readonly config: Pick<OutputConfig, 'name' | 'when'>; readonly output: Output }[];
  readonly log: Log;
  /** Puts an outcome that the named output never takes where it is not lost, and calls `done` after. */
  readonly refused: (outcome: Outcome, output: string, error: MillraceError, done: Done) => void;
  /** What may wait for outputs, in bytes of events and their outputs, about; at it `full` is true. */
  readonly maxQueuedBytes?: number;
  readonly backoff?: Backoff;
}

/** What stands between what has ended and the outputs. */
export interface Outcomes {
  /** True when an output takes the outputs of successes of this machine and source: workers write them out only then. */
  wanted(machine: string, source: string | undefined): boolean;
  /** The statuses of this machine and source that any output takes: of others `deliver` has nothing to do. */
  wants(machine: string, source: string | undefined): ReadonlySet<EndStatus>;
  /**
   * Calls `done` once, on the main thread, when every output that takes the outcome has it; at once when none does. Outcomes
   * of one key reach an output in the order of these calls.
   */
  deliver(outcome: Outcome, done: Done): void;
  /** So much waits for outputs that no source should read on. */
  readonly full: boolean;
  /** Calls back once, when it is not full any more. */
  onRoom(callback: () => void): void;
  /** Outcomes that wait for an output; one that waits for two counts twice. */
  readonly queued: number;
  /** Why outputs take nothing, a sentence for each that does not. */
  readonly troubles: readonly string[];
  figures(): readonly OutputFigures[];
  /** Resolves when nothing waits. */
  drained(): Promise<void>;
  /** Disconnects. What has not been taken by then is never done. */
  close(): Promise<void>;
}

/** Everything that is an outcome unless it is asked for by name: what a filter let go has none. */
const BY_DEFAULT: readonly EndStatus[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'POISON'];
const MAX_QUEUED_BYTES = 128 * 1024 * 1024;

/** The outputs that take outcomes: one that sources name for their dead letters takes only those, unless it says `when`. */
export function resultOutputs<O extends Pick<OutputConfig, 'name' | 'when'>>(outputs: readonly O[], sources: readonly Pick<SourceConfig, 'deadLetters'>[]): O[] {
  const stores = new Set(sources.map(({ deadLetters }) => (deadLetters !== null && 'output' in deadLetters ? deadLetters.output : undefined)));
  return outputs.filter(({ name, when }) => !stores.has(name) || Object.keys(when).length > 0);
}

/** Where the outcomes of one machine and source go, by status. */
interface Route {
  readonly statuses: ReadonlySet<EndStatus>;
  readonly queues: Readonly<Partial<Record<EndStatus, readonly OutputQueue[]>>>;
}

/** Creates the way from what has ended to the outputs. */
export function createOutcomes(options: OutcomesOptions): Outcomes {
  const { log, maxQueuedBytes = MAX_QUEUED_BYTES } = options;
  let waiting: (() => void)[] = [];
  const queues = options.outputs.map(({ config: { name, when }, output }) => {
    const refused: OutputQueueOptions['refused'] = (outcome, error, done) => options.refused(outcome, name, error, done);
    const queue = new OutputQueue({ name, output, toRecord: resultRecord, refused, log, onTaken: () => wake(), ...(options.backoff === undefined ? {} : { backoff: options.backoff }) });
    return { when, queue };
  });
  const full = (): boolean => queues.some(({ queue }) => queue.queuedBytes >= maxQueuedBytes);
  const wake = (): void => {
    if (waiting.length === 0 || full()) return;
    const callbacks = waiting;
    waiting = [];
    for (const callback of callbacks) callback();
  };

  /** Machines and sources are few; each pair is worked out once. */
  const routes = new Map<string | undefined, Map<string, Route>>();
  const route = (machine: string, source: string | undefined): Route => {
    let bySource = routes.get(source);
    if (bySource === undefined) routes.set(source, (bySource = new Map()));
    let found = bySource.get(machine);
    if (found === undefined) bySource.set(machine, (found = makeRoute(machine, source)));
    return found;
  };
  const makeRoute = (machine: string, source: string | undefined): Route => {
    const byStatus: Partial<Record<EndStatus, OutputQueue[]>> = {};
    for (const { when, queue } of queues) {
      if (when.machines !== undefined && !when.machines.includes(machine)) continue;
      if (when.sources !== undefined && (source === undefined || !when.sources.includes(source))) continue;
      for (const status of new Set((when.status ?? BY_DEFAULT) as readonly EndStatus[])) (byStatus[status] ??= []).push(queue);
    }
    return { statuses: new Set(Object.keys(byStatus) as EndStatus[]), queues: byStatus };
  };

  return {
    wanted: (machine, source) => route(machine, source).statuses.has('SUCCEEDED'),
    wants: (machine, source) => route(machine, source).statuses,
    deliver(outcome, done) {
      const takers = route(outcome.machine, outcome.source).queues[outcome.status];
      if (takers === undefined) done();
      else if (takers.length === 1) (takers[0] as OutputQueue).push(outcome, done);
      else {
        let left = takers.length;
        const one = (): void => {
          left -= 1;
          if (left === 0) done();
        };
        for (const queue of takers) queue.push(outcome, one);
      }
    },
    get full() {
      return full();
    },
    onRoom(callback) {
      waiting.push(callback);
      if (!full()) queueMicrotask(wake);
    },
    get queued() {
      return queues.reduce((sum, { queue }) => sum + queue.queued, 0);
    },
    get troubles() {
      return queues.flatMap(({ queue: { trouble } }) => (trouble === undefined ? [] : [trouble]));
    },
    figures: () => queues.map(({ queue }) => queue.figures()),
    drained: async () => void (await Promise.all(queues.map(({ queue }) => queue.drained()))),
    close: async () => void (await Promise.all(queues.map(({ queue }) => queue.close()))),
  };
}
