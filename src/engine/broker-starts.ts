import { type BulkResult, type BulkStart, LISTED_REJECTIONS, type Rejection, type Started } from '../api/contract.ts';
import { MACHINE_HEADER, START_HEADER } from '../delivery/journal-line.ts';
import type { Output, OutputRecord } from '../delivery/outcome.ts';
import { type FaultName, MillraceError } from '../errors.ts';
import { BatchReader, type InputCheck, Refusal } from '../pool/intake.ts';
import type { Starts } from './starts.ts';

export interface BrokerStartsOptions {
  readonly output: Output;
  readonly payloadBytes: number;
  /** How the inputs of a machine are checked; null: they are not. */
  readonly checkOf: (machine: string) => InputCheck | null;
  readonly now: () => number;
}

/** Bytes of starts on their way to the broker; more are refused. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/** A broker that has not answered for so long will not in time: callers hear so, and what has not been written is not. */
const ANSWER_MS = 10_000;
/** What one bulk request may have on its way. */
const BULK_PENDING = 4;

interface Pending {
  readonly records: readonly OutputRecord[];
  readonly bytes: number;
  readonly resolve: (refused: ReadonlyMap<number, MillraceError>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Starts whose journal is a broker: a start is answered once the broker has it, and runs on whichever process reads it from
 * there. A write that fails is answered with an error though the broker may have taken it: as with any lost answer, the
 * caller's retry may start the event twice, under another name unless the caller gave one.
 */
export class BrokerStarts implements Starts {
  readonly #options: BrokerStartsOptions;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #writes = 0;

  constructor(options: BrokerStartsOptions) {
    this.#options = options;
  }

  hasRoom(_machine: string, _count: number, bytes: number): boolean {
    return this.#pendingBytes === 0 || this.#pendingBytes + bytes <= MAX_PENDING_BYTES;
  }

  async start(machine: string, input: Uint8Array, started: Started): Promise<Started> {
    // A copy: the request's body may be a view into a buffer that is used again.
    const refused = await this.write([recordOf(machine, started.name, started.startTimeMs, Uint8Array.from(input))]);
    const refusal = refused.get(0);
    if (refusal !== undefined) throw refusal;
    return started;
  }

  startMany(machine: string): BulkStart {
    return new BrokerBulk(this, machine, this.#options);
  }

  flush(): void {
    this.#pump();
  }

  async close(): Promise<void> {
    await this.#options.output.close();
  }

  get trouble(): string | undefined {
    return this.#options.output.trouble;
  }

  /** Resolves once the broker has the records, with those that it refused for good. */
  write(records: readonly OutputRecord[]): Promise<ReadonlyMap<number, MillraceError>> {
    return new Promise((resolve, reject) => {
      const bytes = records.reduce((sum, { value }) => sum + value.byteLength, 0);
      this.#pending.push({ records, bytes, resolve, reject });
      this.#pendingBytes += bytes;
      if (this.#pending.length === 1) setImmediate(() => this.#pump());
    });
  }

  #dropPending(): Pending[] {
    const dropped = this.#pending;
    this.#pending = [];
    for (const { bytes } of dropped) this.#pendingBytes -= bytes;
    return dropped;
  }

  /** What has gathered goes as one write as soon as the broker is free for it. */
  #pump(): void {
    const { limits } = this.#options.output;
    while (this.#pending.length > 0 && this.#writes < limits.maxWrites) {
      let records = 0;
      let bytes = 0;
      let count = 0;
      while (count < this.#pending.length) {
        const next = this.#pending[count]!;
        if (count > 0 && (records + next.records.length > limits.maxRecords || bytes + next.bytes > limits.maxBytes)) break;
        records += next.records.length;
        bytes += next.bytes;
        count++;
      }
      void this.#write(this.#pending.splice(0, count));
    }
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    this.#writes++;
    const timer = setTimeout(() => {
      const late = unavailable(this.trouble ?? `it has not answered for ${ANSWER_MS} ms`);
      for (const { reject } of [...batch, ...this.#dropPending()]) reject(late);
    }, ANSWER_MS);
    try {
      const refusals = new Map((await this.#options.output.write(batch.flatMap(({ records }) => records))).map(({ index, error }) => [index, error]));
      let first = 0;
      for (const { records, resolve } of batch) {
        const own = new Map<number, MillraceError>();
        if (refusals.size > 0) for (let i = 0; i < records.length; i++) if (refusals.has(first + i)) own.set(i, refusals.get(first + i)!);
        first += records.length;
        resolve(own);
      }
    } catch (error) {
      const fault = unavailable(error instanceof Error ? error.message : String(error));
      for (const { reject } of batch) reject(fault);
    } finally {
      clearTimeout(timer);
      this.#writes--;
      for (const { bytes } of batch) this.#pendingBytes -= bytes;
      this.#pump();
    }
  }
}

const unavailable = (why: string): MillraceError => new MillraceError('JOURNAL_UNAVAILABLE', `The journal's broker did not take the start: ${why}`);

const recordOf = (machine: string, name: string, startTimeMs: number, value: Uint8Array): OutputRecord => ({
  id: `${machine}-${name}-${startTimeMs}`,
  key: Buffer.from(name),
  value,
  json: true,
  headers: { [MACHINE_HEADER]: machine, [START_HEADER]: String(startTimeMs) },
});

/** One bulk request: events are checked here, because whoever runs them has nobody to answer to. */
class BrokerBulk implements BulkStart {
  readonly #starts: BrokerStarts;
  readonly #machine: string;
  readonly #options: BrokerStartsOptions;
  readonly #prefix = crypto.randomUUID();
  readonly #startTimeMs: number;
  readonly #writes = new Set<Promise<void>>();
  readonly #rejected: Rejection[] = [];
  #rejectedCount = 0;
  #events = 0;
  #accepted = 0;
  #failure: unknown;

  constructor(starts: BrokerStarts, machine: string, options: BrokerStartsOptions) {
    this.#starts = starts;
    this.#machine = machine;
    this.#options = options;
    this.#startTimeMs = options.now();
  }

  async add(bytes: Uint8Array, spans: Uint32Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { limits } = this.#options.output;
    const reader = new BatchReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes.byteLength);
    const check = this.#options.checkOf(this.#machine);
    let records: OutputRecord[] = [];
    let indexes: number[] = [];
    let size = 0;
    for (let i = 0; i < spans.length; i += 2) {
      const index = this.#events++;
      const from = spans[i]!;
      const length = spans[i + 1]!;
      const refusal = this.#refusalOf(reader, check, from, length);
      if (refusal !== undefined) {
        this.#list({ index, code: refusal.code, message: refusal.message });
        continue;
      }
      records.push(recordOf(this.#machine, `${this.#prefix}-${index}`, this.#startTimeMs, bytes.subarray(from, from + length)));
      indexes.push(index);
      size += length;
      if (records.length < limits.maxRecords && size < limits.maxBytes) continue;
      await this.#write(records, indexes);
      records = [];
      indexes = [];
      size = 0;
    }
    if (records.length > 0) await this.#write(records, indexes);
  }

  reject(code: FaultName, message: string): void {
    this.#list({ index: this.#events++, code, message });
  }

  async finish(): Promise<BulkResult> {
    await Promise.all(this.#writes);
    if (this.#failure !== undefined && this.#accepted === 0) throw this.#failure;
    return {
      accepted: this.#accepted,
      rejected: this.#rejected.toSorted((a, b) => a.index - b.index),
      rejectedCount: this.#rejectedCount,
      ...(this.#failure === undefined ? {} : { fault: this.#failure }),
    };
  }

  abandon(): void {
    this.#failure ??= new MillraceError('BAD_REQUEST', 'The request broke off.');
  }

  #refusalOf(reader: BatchReader, check: InputCheck | null, from: number, length: number): { code: FaultName; message: string } | undefined {
    const { payloadBytes } = this.#options;
    if (length > payloadBytes) return { code: 'PAYLOAD_TOO_LARGE', message: `The event has ${length} bytes; the limit is ${payloadBytes}.` };
    try {
      const input = reader.parse(from, length);
      const faults = check?.(input) ?? null;
      return faults === null ? undefined : { code: 'INPUT_REJECTED', message: `The input does not satisfy the machine's inputSchema: ${faults}` };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error;
    }
  }

  async #write(records: readonly OutputRecord[], indexes: readonly number[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const write = this.#starts.write(records).then(
      (refused) => {
        this.#accepted += records.length - refused.size;
        for (const [i, { code, message }] of refused) this.#list({ index: indexes[i]!, code, message });
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
    this.#writes.add(write);
    void write.then(() => this.#writes.delete(write));
    if (this.#writes.size >= BULK_PENDING) await Promise.race(this.#writes);
  }

  #list(rejection: Rejection): void {
    this.#rejectedCount++;
    if (this.#rejected.length < LISTED_REJECTIONS) this.#rejected.push(rejection);
  }
}
