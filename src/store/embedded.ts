import type { ArnScope } from '../delivery/arn.ts';
import { DEFAULT_ARN_SCOPE, machineArn } from '../delivery/arn.ts';
import type { End } from '../delivery/contract.ts';
import type { ExecutionDescription, ExecutionStore, StartedExecution } from './contract.ts';
import type { Linked } from './fifo.ts';
import { Fifo } from './fifo.ts';

export interface EmbeddedStoreOptions {
  /** 10,000 unless told otherwise. */
  readonly maxExecutions?: number;
  /** 64 MiB unless told otherwise. */
  readonly maxBytes?: number;
  readonly scope?: ArnScope;
}

/** Answers at once, unlike a store behind a network. */
export interface EmbeddedStore extends ExecutionStore {
  get(executionArn: string): ExecutionDescription | undefined;
  close(): void;
}

/** Objects, map entries and short strings of one execution, beside its payloads. */
const OVERHEAD_BYTES = 400;

interface Remembered extends Linked<Remembered> {
  readonly executionArn: string;
  readonly name: string;
  readonly machine: string;
  readonly startTimeMs: number;
  /** The input's bytes as a string of one byte per character: half the size of an array buffer's bookkeeping, and one object. */
  readonly input: string;
  end: End | null;
  bytes: number;
}

/**
 * Remembers executions in this process's memory, within a count and a number of bytes.
 *
 * Eviction takes the first of `over`, the execution that ended first, or else the first of `running`, the oldest. The order
 * is kept in lists and not taken from the Map: the first key of a Map that loses its first key again and again is found by
 * walking over what was deleted (measured: 8 µs an execution, against 1 µs with the lists).
 */
export function createEmbeddedStore(options: EmbeddedStoreOptions = {}): EmbeddedStore {
  return new MemoryStore(options);
}

class MemoryStore implements EmbeddedStore {
  bytes = 0;
  readonly #maxExecutions: number;
  readonly #maxBytes: number;
  readonly #scope: ArnScope;
  readonly #byArn = new Map<string, Remembered>();
  readonly #running = new Fifo<Remembered>();
  readonly #over = new Fifo<Remembered>();

  constructor(options: EmbeddedStoreOptions) {
    this.#maxExecutions = options.maxExecutions ?? 10_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.#scope = options.scope ?? DEFAULT_ARN_SCOPE;
  }

  get size(): number {
    return this.#byArn.size;
  }

  started({ executionArn, name, machine, startTimeMs, input }: StartedExecution): void {
    const known = this.#byArn.get(executionArn);
    if (known !== undefined) {
      this.#forget(known);
    }
    const text = Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('latin1');
    const bytes = OVERHEAD_BYTES + executionArn.length + text.length;
    const execution: Remembered = { executionArn, name, machine, startTimeMs, input: text, end: null, bytes, previous: null, next: null };
    this.#byArn.set(executionArn, execution);
    this.#running.push(execution);
    this.bytes += bytes;
    this.#evict();
  }

  ended(executionArn: string, end: End): void {
    const execution = this.#byArn.get(executionArn);
    if (execution === undefined || execution.end !== null) {
      return;
    }
    // Two bytes for a character, which is the most that a string takes.
    const bytes = 2 * ((end.output?.length ?? 0) + (end.cause?.length ?? 0));
    execution.end = end;
    execution.bytes += bytes;
    this.bytes += bytes;
    this.#running.remove(execution);
    this.#over.push(execution);
    this.#evict();
  }

  get(executionArn: string): ExecutionDescription | undefined {
    const execution = this.#byArn.get(executionArn);
    return execution === undefined ? undefined : this.#describe(execution);
  }

  close(): void {
    this.#byArn.clear();
    this.#running.clear();
    this.#over.clear();
    this.bytes = 0;
  }

  #describe({ executionArn, name, machine, startTimeMs, input, end }: Remembered): ExecutionDescription {
    const begun = { executionArn, name, startTimeMs, machineArn: machineArn(this.#scope, machine), input: Buffer.from(input, 'latin1').toString('utf8') };
    if (end === null) {
      return { ...begun, status: 'RUNNING' };
    }
    const { stopTimeMs, output, cause } = end;
    if (end.status === 'SUCCEEDED') {
      return { ...begun, status: 'SUCCEEDED', stopTimeMs, ...(output === undefined ? {} : { output }) };
    }
    // The API knows no status for what intake refused or what took its workers down: those failed, and their error says so.
    const status = end.status === 'TIMED_OUT' ? 'TIMED_OUT' : 'FAILED';
    const error = end.error ?? (end.status === 'REJECTED' || end.status === 'POISON' ? end.status : undefined);
    return { ...begun, status, stopTimeMs, ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  }

  #evict(): void {
    while (this.size > this.#maxExecutions || this.bytes > this.#maxBytes) {
      const first = this.#over.first ?? this.#running.first;
      if (first === null) {
        return;
      }
      this.#forget(first);
    }
  }

  #forget(execution: Remembered): void {
    this.#byArn.delete(execution.executionArn);
    (execution.end === null ? this.#running : this.#over).remove(execution);
    this.bytes -= execution.bytes;
  }
}
