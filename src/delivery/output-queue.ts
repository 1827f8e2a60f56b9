import { MillraceError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { Outcome, Output, OutputRecord, Refusal } from './outcome.ts';
import { recordBytes } from './record.ts';

export type Done = () => void;

export interface OutputQueueOptions {
  readonly name: string;
  readonly output: Output;
  readonly toRecord: (outcome: Outcome) => OutputRecord;
  /** Sees to an outcome that the output never takes, and calls `done` after. */
  readonly refused: (outcome: Outcome, error: MillraceError, done: Done) => void;
  readonly log: Log;
  /** Something has left the queue. */
  readonly onTaken?: () => void;
  readonly backoff?: Backoff;
}

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** What a queue has done, for metrics. */
export interface OutputFigures {
  readonly output: string;
  readonly written: number;
  readonly refused: number;
  /** Writes that failed and are tried again. */
  readonly retries: number;
  readonly queued: number;
  readonly queuedBytes: number;
  readonly trouble: string | undefined;
}

/** An outcome besides its event and output: its object, its names, what is called when it is done. */
const OUTCOME_BYTES = 500;
const weightOf = ({ output, value }: Outcome): number => OUTCOME_BYTES + value.byteLength + (output?.length ?? 0);

interface Batch {
  readonly outcomes: readonly Outcome[];
  readonly dones: readonly Done[];
  readonly records: readonly OutputRecord[];
  failures: number;
}

const BACKOFF: Backoff = { firstMs: 100, maxMs: 30_000 };
/** Consumed slots are given back in lots. */
const COMPACT_AT = 4096;

/**
 * Outcomes on their way to one output. What there is becomes a batch as soon as the output is free: there is no linger, and a
 * busy output gets large batches. A batch that fails is written again, for ever, with growing delays: its events stay in
 * flight meanwhile, so that their sources pause.
 */
export class OutputQueue {
  readonly name: string;
  readonly #options: OutputQueueOptions;
  readonly #output: Output;
  readonly #backoff: Backoff;
  readonly #retrying = new Set<NodeJS.Timeout>();
  #outcomes: Outcome[] = [];
  #dones: Done[] = [];
  #head = 0;
  #queued = 0;
  #queuedBytes = 0;
  #writes = 0;
  #written = 0;
  #refused = 0;
  #retries = 0;
  #pumpSoon = false;
  #closed = false;
  /** Since when every write has failed, and why the last one did. */
  #failing: { readonly sinceMs: number; message: string } | undefined;
  #onEmpty: (() => void)[] = [];

  constructor(options: OutputQueueOptions) {
    this.name = options.name;
    this.#options = options;
    this.#output = options.output;
    this.#backoff = options.backoff ?? BACKOFF;
  }

  push(outcome: Outcome, done: Done): void {
    this.#outcomes.push(outcome);
    this.#dones.push(done);
    this.#queued += 1;
    this.#queuedBytes += weightOf(outcome);
    if (this.#pumpSoon) return;
    // What is pushed in the same turn goes in the same batch.
    this.#pumpSoon = true;
    queueMicrotask(() => {
      this.#pumpSoon = false;
      this.#pump();
    });
  }

  /** Outcomes that the output has not taken. */
  get queued(): number {
    return this.#queued;
  }

  /** What they hold in memory, about. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get trouble(): string | undefined {
    const failing = this.#failing;
    if (failing !== undefined) return `output '${this.name}' takes nothing since ${new Date(failing.sinceMs).toISOString()}: ${failing.message}`;
    const own = this.#output.trouble;
    return own === undefined ? undefined : `output '${this.name}': ${own}`;
  }

  figures(): OutputFigures {
    return { output: this.name, written: this.#written, refused: this.#refused, retries: this.#retries + (this.#output.retries ?? 0), queued: this.#queued, queuedBytes: this.#queuedBytes, trouble: this.trouble };
  }

  /** Resolves when everything has been taken. */
  async drained(): Promise<void> {
    if (this.#queued > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Writes nothing more, and disconnects. What has not been taken is never done: its events are not acknowledged. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#retrying) clearTimeout(timer);
    this.#retrying.clear();
    await this.#output.close();
  }

  #pump(): void {
    const { maxWrites } = this.#output.limits;
    while (!this.#closed && this.#writes < maxWrites && this.#head < this.#outcomes.length) {
      this.#writes += 1;
      this.#write(this.#take());
    }
  }

  #take(): Batch {
    const { maxRecords, maxBytes } = this.#output.limits;
    const from = this.#head;
    const end = Math.min(this.#outcomes.length, from + maxRecords);
    const records: OutputRecord[] = [];
    let bytes = 0;
    for (let i = from; i < end; i++) {
      const record = this.#options.toRecord(this.#outcomes[i] as Outcome);
      bytes += recordBytes(record);
      if (bytes > maxBytes && i > from) break;
      records.push(record);
    }
    const to = from + records.length;
    const batch = { outcomes: this.#outcomes.slice(from, to), dones: this.#dones.slice(from, to), records, failures: 0 };
    this.#head = to;
    if (to === this.#outcomes.length) {
      this.#outcomes = [];
      this.#dones = [];
      this.#head = 0;
    } else if (to >= COMPACT_AT && to * 2 > this.#outcomes.length) {
      this.#outcomes = this.#outcomes.slice(to);
      this.#dones = this.#dones.slice(to);
      this.#head = 0;
    }
    return batch;
  }

  #write(batch: Batch): void {
    this.#output.write(batch.records).then(
      (refusals) => this.#taken(batch, refusals),
      (error: unknown) => this.#failed(batch, error),
    );
  }

  #taken({ outcomes, dones }: Batch, refusals: readonly Refusal[]): void {
    this.#recovered();
    this.#writes -= 1;
    this.#queued -= outcomes.length;
    this.#written += outcomes.length - refusals.length;
    this.#refused += refusals.length;
    for (const outcome of outcomes) this.#queuedBytes -= weightOf(outcome);
    const errors = refusals.length === 0 ? undefined : new Map(refusals.map(({ index, error }) => [index, error]));
    // The next batch leaves before sources hear of this one, which takes a while.
    this.#pump();
    for (let i = 0; i < outcomes.length; i++) {
      const error = errors?.get(i);
      if (error === undefined) (dones[i] as Done)();
      else this.#options.refused(outcomes[i] as Outcome, error, dones[i] as Done);
    }
    this.#options.onTaken?.();
    if (this.#queued === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #failed(batch: Batch, error: unknown): void {
    if (this.#closed) return;
    const { log } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    if (this.#failing === undefined) {
      this.#failing = { sinceMs: Date.now(), message };
      log.warn('An output takes nothing; what ends waits for it.', { output: this.name, reason: message, ...(error instanceof MillraceError ? {} : { error }) });
    } else {
      if (this.#failing.message !== message) log.warn('An output takes nothing still, for another reason.', { output: this.name, reason: message });
      this.#failing.message = message;
    }
    this.#retries += 1;
    const { firstMs, maxMs } = this.#backoff;
    const fullMs = Math.min(maxMs, firstMs * 2 ** Math.min(batch.failures, 30));
    batch.failures += 1;
    const timer = setTimeout(
      () => {
        this.#retrying.delete(timer);
        this.#write(batch);
      },
      fullMs * (0.5 + Math.random() / 2),
    );
    this.#retrying.add(timer);
  }

  #recovered(): void {
    const failing = this.#failing;
    if (failing === undefined) return;
    this.#failing = undefined;
    this.#options.log.info('An output takes records again.', { output: this.name, afterMs: Date.now() - failing.sinceMs });
  }
}
