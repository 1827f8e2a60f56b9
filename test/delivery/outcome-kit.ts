import type { Outcome, Output, OutputLimits, OutputRecord, Refusal } from '../../src/delivery/outcome.ts';

const START_MS = Date.UTC(2026, 10, 21, 8, 5, 40, 267);

/** An outcome as a line hands it on. */
export function outcomeOf(name: string, more: Partial<Outcome> = {}): Outcome {
  return {
    machine: 'triage',
    source: 'readings',
    name,
    status: 'SUCCEEDED',
    output: JSON.stringify({ name }),
    startTimeMs: START_MS,
    stopTimeMs: START_MS + 5,
    attempts: 1,
    value: Buffer.from('{"in":1}'),
    ...more,
  };
}

export const failureOf = (name: string, error: string, cause: string, more: Partial<Outcome> = {}): Outcome => {
  const { output: _, ...rest } = outcomeOf(name, more);
  return { ...rest, status: 'FAILED', error, cause, ...more };
};

export interface Write {
  readonly records: readonly OutputRecord[];
  /** The texts of the values. */
  readonly values: readonly string[];
  accept(refusals?: readonly Refusal[]): void;
  fail(error: Error): void;
}

/** An output whose writes are answered by the test. */
export class ScriptedOutput implements Output {
  readonly writes: Write[] = [];
  readonly limits: OutputLimits;
  trouble: string | undefined;
  closed = 0;
  /** Answers every write by itself when set. */
  answer: ((records: readonly OutputRecord[]) => Promise<readonly Refusal[]>) | undefined;

  constructor(limits: Partial<OutputLimits> = {}) {
    this.limits = { maxRecords: 100, maxBytes: 1_000_000, maxWrites: 1, ...limits };
  }

  write(records: readonly OutputRecord[]): Promise<readonly Refusal[]> {
    const values = records.map(({ value }) => Buffer.from(value).toString('utf8'));
    return new Promise((resolve, reject) => {
      this.writes.push({ records, values, accept: (refusals = []) => resolve(refusals), fail: reject });
      if (this.answer !== undefined) this.answer(records).then(resolve, reject);
    });
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

/** Lets everything that is ready to run do so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
