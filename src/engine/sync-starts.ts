import type { Started, SyncExecution } from '../api/contract.ts';
import type { Dispatch, End, Parcel, Settler } from '../delivery/contract.ts';
import { FAULTS, MillraceError, type FaultName } from '../errors.ts';
import { Gathering } from './gathering.ts';
import { countRefusal, type Refusals } from './refusals.ts';

/** AWS bills EXPRESS executions by 100 ms and 64 MB; memory is not metered here, so the smallest step stands. */
const BILLED_STEP_MS = 100;
const BILLED_MEMORY_MB = 64;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Waiting {
  readonly started: Started;
  readonly resolve: (execution: SyncExecution) => void;
  readonly reject: (error: MillraceError) => void;
}

/** Synchronous starts: never journaled, never run a second time; the caller holds the retry (as on AWS). */
export class SyncStarts implements Settler {
  readonly #gathering: Gathering;
  readonly #refusals: Refusals;

  constructor(dispatch: Dispatch, refusals: Refusals) {
    this.#refusals = refusals;
    this.#gathering = new Gathering(dispatch, this, true);
  }

  /** Starts that dispatch does not know of yet. */
  waiting(machine: string): number {
    return this.#gathering.waiting(machine);
  }

  /** Dispatches what waits, as before a drain. */
  flush(): void {
    this.#gathering.flush();
  }

  run(machine: string, input: Uint8Array, started: Started): Promise<SyncExecution> {
    return new Promise((resolve, reject) => {
      const tag: Waiting = { started, resolve, reject };
      this.#gathering.add(machine, input, started.name, started.startTimeMs, tag);
    });
  }

  succeeded(): void {
    throw new Error('a synchronous start asks for its output, so each is reported by ended');
  }

  ended(parcel: Parcel, index: number, end: End): void {
    const { started, resolve, reject } = (parcel.tag as Waiting[])[index]!;
    if (end.status === 'REJECTED' || end.status === 'POISON') {
      countRefusal(this.#refusals, parcel.machine, end);
      const code = end.status === 'POISON' ? 'POISON' : (end.error as FaultName);
      reject(new MillraceError(code in FAULTS ? code : 'INTERNAL', end.cause ?? FAULTS.POISON.meaning));
      return;
    }
    const { name, startTimeMs, executionArn } = started;
    // Member by member: spreads cost several times as much, and this runs for every start.
    const execution: Writable<SyncExecution> = {
      name,
      startTimeMs,
      executionArn,
      // FILTERED is for the events of sources.
      status: end.status as SyncExecution['status'],
      stopTimeMs: end.stopTimeMs,
      billedDurationMs: Math.max(1, Math.ceil((end.stopTimeMs - startTimeMs) / BILLED_STEP_MS)) * BILLED_STEP_MS,
      billedMemoryMB: BILLED_MEMORY_MB,
    };
    if (end.output !== undefined) execution.output = end.output;
    if (end.error !== undefined) execution.error = end.error;
    if (end.cause !== undefined) execution.cause = end.cause;
    resolve(execution);
  }
}
