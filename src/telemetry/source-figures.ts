import type { Sample } from './batch-totals.ts';
import type { Metrics } from './metrics.ts';

interface Figures {
  events: number;
  bytes: number;
  acknowledged: number;
  repeated: number;
  paused: boolean;
  readonly recoveries: Map<string, number>;
  readonly lag: Map<string, number>;
  readonly deadLetters: Map<string, number>;
  readonly inFlight: () => number;
  readonly trouble: () => string | undefined;
}

/** Counts what one source does. */
export class SourceFigures {
  readonly #figures: Figures;

  constructor(figures: Figures) {
    this.#figures = figures;
  }

  received(events: number, bytes: number): void {
    this.#figures.events += events;
    this.#figures.bytes += bytes;
  }

  acknowledged(events: number): void {
    this.#figures.acknowledged += events;
  }

  repeated(events: number): void {
    this.#figures.repeated += events;
  }

  recovered(what: string): void {
    const { recoveries } = this.#figures;
    recoveries.set(what, (recoveries.get(what) ?? 0) + 1);
  }

  paused(is: boolean): void {
    this.#figures.paused = is;
  }

  lag(partition: string, events: number): void {
    this.#figures.lag.set(partition, events);
  }

  unassigned(partition: string): void {
    this.#figures.lag.delete(partition);
  }

  deadLetter(reason: string): void {
    const { deadLetters } = this.#figures;
    deadLetters.set(reason, (deadLetters.get(reason) ?? 0) + 1);
  }
}

/** The figures of all sources, shown in the metrics that begin with millrace_source_. */
export class SourcesFigures {
  readonly #sources = new Map<string, Figures>();

  constructor(metrics: Pick<Metrics, 'series'>) {
    const each = (read: (figures: Figures) => number) => (): Sample[] => [...this.#sources].map(([source, figures]) => ({ labels: { source }, value: read(figures) }));
    const by = (label: string, read: (figures: Figures) => ReadonlyMap<string, number>) => (): Sample[] =>
      [...this.#sources].flatMap(([source, figures]) => [...read(figures)].map(([name, value]) => ({ labels: { source, [label]: name }, value })));
    metrics.series('millrace_source_events_total', each(({ events }) => events));
    metrics.series('millrace_source_bytes_total', each(({ bytes }) => bytes));
    metrics.series('millrace_source_acknowledged_total', each(({ acknowledged }) => acknowledged));
    metrics.series('millrace_source_repeated_total', each(({ repeated }) => repeated));
    metrics.series('millrace_source_dead_letters_total', by('reason', ({ deadLetters }) => deadLetters));
    metrics.series('millrace_source_recoveries_total', by('what', ({ recoveries }) => recoveries));
    metrics.series('millrace_source_lag', by('partition', ({ lag }) => lag));
    metrics.series('millrace_source_in_flight', each(({ inFlight }) => inFlight()));
    metrics.series('millrace_source_paused', each(({ paused }) => (paused ? 1 : 0)));
    metrics.series('millrace_source_trouble', each(({ trouble }) => (trouble() === undefined ? 0 : 1)));
  }

  /** The figures of a source; the same for the same name. */
  source(name: string, read: Pick<Figures, 'inFlight' | 'trouble'>): SourceFigures {
    const known = this.#sources.get(name);
    if (known !== undefined) return new SourceFigures(known);
    const figures: Figures = { events: 0, bytes: 0, acknowledged: 0, repeated: 0, paused: false, recoveries: new Map(), lag: new Map(), deadLetters: new Map(), ...read };
    this.#sources.set(name, figures);
    return new SourceFigures(figures);
  }
}
