import { setTimeout as delay } from 'node:timers/promises';
import type { OutputConfig, OutputKindSettings, SourceConfig, SourceKindSettings } from '../config/settings.ts';
import { createDeadLetterStores, type DeadLetterStores } from '../delivery/dead-letters.ts';
import type { Outcome, Output } from '../delivery/outcome.ts';
import { createOutcomes, type Outcomes, type OutcomesOptions, resultOutputs } from '../delivery/outcomes.ts';
import { showOutputs } from '../delivery/output-metrics.ts';
import type { Source } from '../delivery/source.ts';
import { createFileOutput } from '../outputs/file.ts';
import { createOutput } from '../outputs/table.ts';
import type { Schedules, SchedulesOptions } from '../schedules/schedules.ts';
import { createSource } from '../sources/table.ts';
import { SourcesFigures } from '../telemetry/source-figures.ts';
import { JOURNAL, Lines, type LinesOptions, SCHEDULES } from './lines.ts';
import { ScheduledStarts } from './scheduled-starts.ts';

export interface StreamsOptions extends Omit<LinesOptions, 'outcomes' | 'deadLetters' | 'figures' | 'troubleOf'> {
  readonly sources: readonly SourceConfig[];
  readonly outputs: readonly OutputConfig[];
  /** Where dead letters of a source go that its store refuses, and those of starts; null where nothing is on disk. */
  readonly deadLetterFile: ((source: string | undefined) => string) | null;
  /** Where asynchronous starts are read from, if their journal is a broker. */
  readonly journal: JournalStream | null;
  readonly schedules: ScheduleStream | null;
}

/** Starts at set times. */
export interface ScheduleStream extends Pick<SchedulesOptions, 'schedules' | 'redis' | 'prefix'> {
  /** Told of what was run here, so that it can be asked about. */
  readonly onEnd: (outcome: Outcome) => void;
}

export interface JournalStream {
  readonly kind: SourceKindSettings;
  /** Where starts go that nothing can run: of a machine that is not served here, or not of the journal's form. */
  readonly deadLetterFile: string;
  /** Told of what was run here, so that it can be asked about. */
  readonly onEnd: (outcome: Outcome) => void;
}

/** A source to be started: one of the configuration, the journal where that is a broker, or the schedules. */
interface Entry {
  readonly name: string;
  readonly open: () => Promise<Source | Schedules>;
}

interface Stream {
  readonly name: string;
  readonly source: Source | Schedules;
  started: boolean;
}

/** Connections of their own, also where an output takes results as well: neither waits for the other. */
async function openStores({ sources, outputs, journal, log }: StreamsOptions): Promise<Map<string, { name: string; output: Output }>> {
  const opened = new Map<string, Promise<{ name: string; output: Output }>>();
  const open = (name: string, kind: OutputKindSettings): Promise<{ name: string; output: Output }> => {
    const store = opened.get(name) ?? createOutput(kind, { name, log }).then((output) => ({ name, output }));
    opened.set(name, store);
    return store;
  };
  const stores = new Map<string, { name: string; output: Output }>();
  for (const { name, deadLetters } of sources) {
    if (deadLetters === null) continue;
    if ('file' in deadLetters) stores.set(name, await open(`dead letters of ${name}`, { file: { path: deadLetters.file } }));
    else stores.set(name, await open(deadLetters.output, outputs.find((output) => output.name === deadLetters.output)!.kind));
  }
  if (journal !== null) stores.set(JOURNAL, await open('dead letters of the journal', { file: { path: journal.deadLetterFile } }));
  return stores;
}

/** The sources of an engine, and the outputs that take what comes of their events. */
export class Streams {
  readonly outcomes: Outcomes;
  readonly #options: StreamsOptions;
  readonly #stores: DeadLetterStores;
  readonly #streams: Stream[] = [];
  readonly #entries: Entry[];
  readonly #lines: Lines;

  /** Makes the outputs, which connect by themselves. Nothing is read before `start`. */
  static async create(options: StreamsOptions): Promise<Streams> {
    const { sources, outputs, log } = options;
    const results = await Promise.all(resultOutputs(outputs, sources).map(async (config) => ({ config, output: await createOutput(config.kind, { name: config.name, log }) })));
    const stores = createDeadLetterStores({
      stores: await openStores(options),
      dropped: new Set(sources.flatMap(({ name, deadLetters }) => (deadLetters === null ? [name] : []))),
      fallback: options.deadLetterFile === null ? null : (source) => createFileOutput({ path: options.deadLetterFile!(source) }, { name: 'dead letters', log }),
      log,
    });
    return new Streams(options, results, stores);
  }

  private constructor(options: StreamsOptions, results: OutcomesOptions['outputs'], stores: DeadLetterStores) {
    const { log, metrics } = options;
    this.#options = options;
    this.#stores = stores;
    this.outcomes = createOutcomes({
      outputs: results,
      log,
      refused: (outcome, output, error, done) => {
        if (outcome.source !== undefined) this.#lines.deduplicating.get(outcome.source)?.refused(outcome.name);
        stores.refused(outcome, output, error, done);
      },
    });
    showOutputs(metrics, () => [...this.outcomes.figures(), ...stores.figures()]);
    const lines = new Lines({ ...options, outcomes: this.outcomes, deadLetters: stores, figures: new SourcesFigures(metrics), troubleOf: (name) => this.#troubleOf(name) });
    this.#lines = lines;
    this.#entries = options.sources.map((config) => ({ name: config.name, open: async () => createSource(config.kind, await lines.of(config)) }));
    const { journal, schedules, catalog } = options;
    if (journal !== null) this.#entries.push({ name: JOURNAL, open: () => createSource(journal.kind, lines.ofJournal(journal.onEnd)) });
    if (schedules === null) return;
    const starts = new ScheduledStarts({ serves: (machine) => catalog.get(machine) !== undefined, lineOf: (schedule, machine) => lines.ofSchedule(schedule, machine, schedules.onEnd) });
    this.#entries.push({ name: SCHEDULES, open: async () => (await import('../schedules/schedules.ts')).createSchedules({ ...schedules, log, start: (tick) => starts.start(tick) }) });
  }

  /** Makes the sources, and resolves once every one of them reads; rejects as soon as one never will, with a MillraceError that says why. */
  async start(): Promise<void> {
    await Promise.all(
      this.#entries.map(async ({ name, open }) => {
        const stream: Stream = { name, source: await open(), started: false };
        this.#streams.push(stream);
        await stream.source.start();
        stream.started = true;
        this.#options.log.info('a source reads', { source: name });
      }),
    );
  }

  /** Reads nothing more; what was read goes on to be settled and acknowledged. */
  async stop(): Promise<void> {
    await this.#each((source) => source.stop());
  }

  /** Events that wait for the stores of de-duplications, and that the dispatch does not have. */
  get waiting(): number {
    return [...this.#lines.deduplicating.values()].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Resolves when nothing waits for a store of a de-duplication or runs behind it, or after `withinMs` milliseconds. */
  async claimed(withinMs: number): Promise<void> {
    await inTime(Promise.all([...this.#lines.deduplicating.values()].map((line) => line.idle())), withinMs);
  }

  /**
   * After the drain: gives the outputs up to `graceMs` to take what they have been given, acknowledges what has been settled,
   * and disconnects.
   */
  async close(graceMs: number): Promise<void> {
    const deduplicating = [...this.#lines.deduplicating.values()];
    await inTime(Promise.all([this.outcomes.drained(), this.#stores.drained()]).then(() => Promise.all(deduplicating.map((line) => line.told()))), graceMs);
    await this.#each((source) => source.close());
    await Promise.all([...deduplicating.map((line) => line.close()), this.outcomes.close(), this.#stores.close()]);
  }

  /** What keeps sources and outputs from making progress, a sentence for each that makes none. */
  get troubles(): string[] {
    return this.#entries.flatMap(({ name }) => {
      const trouble = this.#troubleOf(name);
      return trouble === undefined ? [] : [`source ${name}: ${trouble}`];
    }).concat(this.outcomes.troubles, this.#stores.troubles);
  }

  #troubleOf(name: string): string | undefined {
    const stream = this.#streams.find((one) => one.name === name);
    if (stream === undefined) return 'it has not started';
    return stream.source.trouble ?? this.#lines.deduplicating.get(name)?.trouble ?? (stream.started ? undefined : 'it has not started');
  }

  /** Does something with every source; one that fails does not keep the others from it. */
  async #each(action: (source: Source | Schedules) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#streams.map(async ({ name, source }) => {
        try {
          await action(source);
        } catch (error) {
          this.#options.log.error('a source did not end well', { source: name, error });
        }
      }),
    );
  }
}

/** Resolves with the work, or after so long. */
async function inTime(work: Promise<unknown>, withinMs: number): Promise<void> {
  const patience = new AbortController();
  await Promise.race([work, delay(withinMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
}
