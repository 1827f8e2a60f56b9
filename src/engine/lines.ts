import type { SourceConfig } from '../config/settings.ts';
import type { Dispatch, End } from '../delivery/contract.ts';
import type { DeadLetterStores } from '../delivery/dead-letters.ts';
import type { DeduplicatingLine } from '../delivery/deduplication.ts';
import { createJournalLine } from '../delivery/journal-line.ts';
import { createLine, type LineOptions, type Results, type Take } from '../delivery/line.ts';
import type { Outcome } from '../delivery/outcome.ts';
import type { Outcomes } from '../delivery/outcomes.ts';
import type { Line, Wants } from '../delivery/source.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { SourceFigures, SourcesFigures } from '../telemetry/source-figures.ts';
import { deduplicated } from './deduplication.ts';
import type { MachineCatalog } from './machine-catalog.ts';
import { countRefusal } from './refusals.ts';
import { routeName, wantsOf } from './source-intake.ts';

export interface LinesOptions {
  readonly catalog: Pick<MachineCatalog, 'get'>;
  readonly dispatch: Dispatch;
  /** Number of workers. */
  readonly lanes: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  /** Null: nothing is kept on disk. */
  readonly dataDir: string | null;
  readonly outcomes: Outcomes;
  readonly deadLetters: DeadLetterStores;
  readonly figures: SourcesFigures;
  readonly troubleOf: (source: string) => string | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What the journal is called among the sources. No source of a configuration has a name in parentheses. */
export const JOURNAL = '(journal)';

/** What all schedules together are called among the sources. */
export const SCHEDULES = '(schedules)';

/** Makes the line of each source. */
export class Lines {
  /** Those before which a de-duplication stands, by source. */
  readonly deduplicating = new Map<string, DeduplicatingLine>();
  readonly #options: LinesOptions;

  constructor(options: LinesOptions) {
    this.#options = options;
  }

  /** The line of a source of the configuration; resolves once the store of its de-duplication answers. */
  async of(config: SourceConfig): Promise<Line> {
    const { name, machine, order, maxInFlight, retry, batch } = config;
    const behind: Line = createLine({
      ...this.#common(name, machine, () => (this.deduplicating.get(name) ?? behind).inFlight),
      route: routeName(name),
      order,
      wants: this.#wants(config),
      maxInFlight,
      maxAttempts: retry.maxAttempts,
      ...(batch === undefined ? {} : { batch }),
      results: this.#resultsOf(name, machine),
    });
    if (config.deduplicate === undefined) return behind;
    const line = await deduplicated(behind, config, this.#options);
    this.deduplicating.set(name, line);
    await line.ready();
    return line;
  }

  /** The line of a journal in a broker. `onEnd` is told of what was run here. */
  ofJournal(onEnd: (outcome: Outcome) => void): Line {
    const { lanes, log, maxInFlight } = this.#options;
    const line: Line = createJournalLine({
      source: JOURNAL,
      lanes,
      maxInFlight,
      log,
      meter: this.#meterOf(JOURNAL, () => line.inFlight),
      lineOf: (machine) => {
        const results = this.#resultsOf(JOURNAL, machine);
        const { deadLetters, ...common } = this.#common(JOURNAL, machine, () => line.inFlight);
        return createLine({
          ...common,
          route: machine,
          order: 'none',
          wants: () => 'nothing',
          maxInFlight,
          maxAttempts: 1,
          // What fails is the answer to its caller, as with any start; what could not be run has none that hears of it.
          deadLetters: deadLetters === null ? null : (outcome, done) => (outcome.status === 'FAILED' || outcome.status === 'TIMED_OUT' ? done() : deadLetters(outcome, done)),
          results: watched(results, onEnd),
        });
      },
    });
    return line;
  }

  /** The line of the ticks of a schedule. What could not be run is told to the schedule, which tries it again or says so. */
  ofSchedule(name: string, machine: string, onEnd: (outcome: Outcome) => void): Line {
    const { maxInFlight } = this.#options;
    const results = this.#resultsOf(name, machine);
    const line: Line = createLine({
      ...this.#common(name, machine, () => line.inFlight, SCHEDULES),
      route: machine,
      order: 'none',
      wants: () => 'nothing',
      maxInFlight,
      maxAttempts: 1,
      deadLetters: null,
      results: watched(results, onEnd),
    });
    return line;
  }

  #common(name: string, machine: string, inFlight: () => number, stream = name): Pick<LineOptions, 'source' | 'machine' | 'lanes' | 'maxInFlightBytes' | 'dispatch' | 'deadLetters' | 'onFailure' | 'log' | 'meter'> {
    const { dispatch, lanes, maxInFlightBytes, metrics, log } = this.#options;
    const meter = this.#meterOf(name, inFlight, stream);
    const store = this.#options.deadLetters.of(name);
    const deadLetters: Take = (outcome, done) => {
      meter.deadLetter(outcome.status);
      store!(outcome, done);
    };
    return { source: name, machine, lanes, maxInFlightBytes, dispatch, deadLetters: store === null ? null : deadLetters, onFailure: (end: End) => countRefusal(metrics, machine, end), log, meter };
  }

  #meterOf(name: string, inFlight: () => number, stream = name): SourceFigures {
    const { figures, troubleOf } = this.#options;
    return figures.source(name, { inFlight, trouble: () => troubleOf(stream) });
  }

  #resultsOf(name: string, machine: string): Results | null {
    const { outcomes } = this.#options;
    const statuses = outcomes.wants(machine, name);
    if (statuses.size === 0) return null;
    return { wants: (status) => statuses.has(status), take: (outcome, done) => outcomes.deliver(outcome, done), full: () => outcomes.full, onRoom: (callback) => outcomes.onRoom(callback) };
  }

  /** Looked up again only when the machine has a new revision. */
  #wants(config: SourceConfig): () => Wants {
    let revision = -1;
    let wants: Wants = 'nothing';
    return () => {
      const installed = this.#options.catalog.get(config.machine);
      if (installed !== undefined && installed.revision !== revision) {
        revision = installed.revision;
        wants = wantsOf(config, installed.options.definition);
      }
      return wants;
    };
  }
}

/** Results that somebody else is told of as well. */
const watched = (results: Results | null, onEnd: (outcome: Outcome) => void): Results => ({
  full: () => results?.full() === true,
  onRoom: (callback) => results?.onRoom(callback),
  wants: () => true,
  take: (outcome, done) => {
    onEnd(outcome);
    if (results?.wants(outcome.status) === true) results.take(outcome, done);
    else done();
  },
});
