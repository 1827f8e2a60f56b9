import type { SourceConfig } from '../config/settings.ts';
import type { Dispatch, End } from '../delivery/contract.ts';
import { createLine } from '../delivery/line.ts';
import type { Line, Source, Wants } from '../delivery/source.ts';
import { createSource } from '../sources/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type SourceFigures, SourcesFigures } from '../telemetry/source-figures.ts';
import type { MachineCatalog } from './machine-catalog.ts';
import { countRefusal } from './refusals.ts';
import { routeName, wantsOf } from './source-intake.ts';

export interface StreamsOptions {
  readonly sources: readonly SourceConfig[];
  readonly catalog: Pick<MachineCatalog, 'get'>;
  readonly dispatch: Dispatch;
  /** Number of workers. */
  readonly lanes: number;
  readonly maxInFlightBytes: number;
  readonly metrics: Metrics;
  readonly log: Log;
}

interface Stream {
  readonly config: SourceConfig;
  readonly source: Source;
  started: boolean;
}

/** The sources of an engine. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #streams: Stream[] = [];
  readonly #figures: SourcesFigures;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#figures = new SourcesFigures(options.metrics);
  }

  /** Makes the sources, and resolves once every one of them reads; rejects as soon as one never will, with a MillraceError that says why. */
  async start(): Promise<void> {
    await Promise.all(
      this.#options.sources.map(async (config) => {
        const stream: Stream = { config, source: await createSource(config.kind, this.#lineOf(config)), started: false };
        this.#streams.push(stream);
        await stream.source.start();
        stream.started = true;
        this.#options.log.info('a source reads', { source: config.name, machine: config.machine });
      }),
    );
  }

  /** Reads nothing more; what was read goes on to be settled and acknowledged. */
  async stop(): Promise<void> {
    await this.#each((source) => source.stop());
  }

  /** After the drain: acknowledges what has been settled, and disconnects. */
  async close(): Promise<void> {
    await this.#each((source) => source.close());
  }

  /** What keeps sources from making progress, a sentence for each that makes none. */
  get troubles(): string[] {
    return this.#options.sources.flatMap(({ name }) => {
      const trouble = this.#troubleOf(name);
      return trouble === undefined ? [] : [`source ${name}: ${trouble}`];
    });
  }

  #troubleOf(name: string): string | undefined {
    const stream = this.#streams.find(({ config }) => config.name === name);
    if (stream === undefined) return 'it has not started';
    return stream.source.trouble ?? (stream.started ? undefined : 'it has not started');
  }

  #lineOf(config: SourceConfig): Line {
    const { dispatch, lanes, maxInFlightBytes, metrics, log } = this.#options;
    const { name, machine, order, maxInFlight, retry, batch } = config;
    let line: Line | undefined;
    const meter: SourceFigures = this.#figures.source(name, { inFlight: () => line?.inFlight ?? 0, trouble: () => this.#troubleOf(name) });
    line = createLine({
      source: name,
      machine,
      route: routeName(name),
      order,
      wants: this.#wants(config),
      lanes,
      maxInFlight,
      maxInFlightBytes,
      maxAttempts: retry.maxAttempts,
      ...(batch === undefined ? {} : { batch }),
      dispatch,
      results: null,
      deadLetters: null,
      onFailure: (end: End) => countRefusal(metrics, machine, end),
      log,
      meter,
    });
    return line;
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

  /** Does something with every source; one that fails does not keep the others from it. */
  async #each(action: (source: Source) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#streams.map(async ({ config, source }) => {
        try {
          await action(source);
        } catch (error) {
          this.#options.log.error('a source did not end well', { source: config.name, error });
        }
      }),
    );
  }
}
