import { FAILED, SUCCEEDED, TIMED_OUT } from '../runtime/contract.ts';
import type { MachineCounts } from '../telemetry/batch-totals.ts';
import { DURATION_BOUNDS_MS } from '../telemetry/metrics-table.ts';

/** Upper bounds of the duration buckets; one bucket more counts what is above them all. */
export const DURATION_BUCKETS_MS = DURATION_BOUNDS_MS;

/*
 * What one lane has counted for one machine lies in shared memory that only the lane's worker writes, so that counting
 * costs no message:
 *
 *   counts := started succeeded failed timedOut rejected filtered aborted sumMs bucket{bounds + 1}     64-bit floats
 */
const STARTED = 0;
const ENDED = 1; // + the status: SUCCEEDED, FAILED, TIMED_OUT
const REJECTED = 4;
const FILTERED = 5;
const ABORTED = 6;
const SUM_MS = 7;
const BUCKETS = 8;
const WORDS = BUCKETS + DURATION_BUCKETS_MS.length + 1;
const FINEST_MS = DURATION_BUCKETS_MS[0] as number;
/** So many executions share one look at the clock while they are far shorter than the finest bucket. */
const STRIDE = 8;

export const createCounts = (): SharedArrayBuffer => new SharedArrayBuffer(8 * WORDS);

/** Counts on the worker's side. */
export class Counter {
  readonly #words: Float64Array;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Float64Array(shared);
  }

  started(count: number): void {
    this.#words[STARTED]! += count;
  }

  rejected(): void {
    this.#words[REJECTED]! += 1;
  }

  filtered(count: number): void {
    this.#words[FILTERED]! += count;
  }

  aborted(count: number): void {
    this.#words[ABORTED]! += count;
  }

  ended(status: typeof SUCCEEDED | typeof FAILED | typeof TIMED_OUT, count: number): void {
    this.#words[ENDED + status]! += count;
  }

  lasted(eachMs: number, count: number): void {
    const words = this.#words;
    let bucket = 0;
    if (eachMs > FINEST_MS) while (bucket < DURATION_BUCKETS_MS.length && eachMs > (DURATION_BUCKETS_MS[bucket] as number)) bucket++;
    words[BUCKETS + bucket]! += count;
    words[SUM_MS]! += eachMs * count;
  }
}

/**
 * Measures synchronous executions. A look at the clock costs a twentieth of a short execution, so several share one while
 * all of them together stay below the finest bucket; the first that do not are taken as equally long, then each is measured.
 */
export class Stopwatch {
  #last = 0;
  #pending = 0;
  #stride = STRIDE;

  start(): void {
    this.#last = performance.now();
    this.#pending = 0;
  }

  /** One more execution has ended since the last look. */
  lap(counter: Counter): void {
    if (++this.#pending >= this.#stride) this.look(counter);
  }

  look(counter: Counter): void {
    if (this.#pending === 0) return;
    const now = performance.now();
    const total = now - this.#last;
    counter.lasted(total / this.#pending, this.#pending);
    this.#stride = (total * STRIDE) / this.#pending < FINEST_MS ? STRIDE : 1;
    this.#last = now;
    this.#pending = 0;
  }

  /** What has passed belongs to nobody that is counted here. */
  skip(counter: Counter): void {
    this.look(counter);
    this.#last = performance.now();
  }
}

/** The difference between what the counts say now and what they said when last asked, over all lanes. */
export class CountReader {
  #lanes: { readonly machine: string; readonly words: Float64Array; readonly seen: Float64Array }[] = [];

  add(machine: string, shared: SharedArrayBuffer): void {
    this.#lanes.push({ machine, words: new Float64Array(shared), seen: new Float64Array(WORDS) });
  }

  take(): MachineCounts[] {
    const byMachine = new Map<string, Float64Array>();
    for (const { machine, words, seen } of this.#lanes) {
      if (words[STARTED] === seen[STARTED] && words[REJECTED] === seen[REJECTED] && words[FILTERED] === seen[FILTERED] && this.#endsOf(words) === this.#endsOf(seen)) continue;
      let sums = byMachine.get(machine);
      if (sums === undefined) byMachine.set(machine, (sums = new Float64Array(WORDS)));
      for (let i = 0; i < WORDS; i++) {
        const word = words[i] as number;
        sums[i]! += word - (seen[i] as number);
        seen[i] = word;
      }
    }
    return [...byMachine].map(([machine, sums]) => ({
      machine,
      started: sums[STARTED] as number,
      succeeded: sums[ENDED + SUCCEEDED] as number,
      failed: sums[ENDED + FAILED] as number,
      timedOut: sums[ENDED + TIMED_OUT] as number,
      rejected: sums[REJECTED] as number,
      filtered: sums[FILTERED] as number,
      aborted: sums[ABORTED] as number,
      durationBuckets: [...sums.subarray(BUCKETS)],
      durationSumMs: sums[SUM_MS] as number,
    }));
  }

  /** Forgets those machines of the given ones that nothing runs of any more, and answers them. Take what they counted before. */
  drop(removed: ReadonlySet<string>): string[] {
    const running = new Map<string, number>();
    for (const { machine, words } of this.#lanes) {
      if (removed.has(machine)) running.set(machine, (running.get(machine) ?? 0) + (words[STARTED] as number) - this.#endsOf(words));
    }
    const idle = new Set([...running.keys()].filter((machine) => running.get(machine) === 0));
    if (idle.size > 0) this.#lanes = this.#lanes.filter(({ machine }) => !idle.has(machine));
    return [...idle];
  }

  #endsOf(words: Float64Array): number {
    return (words[ENDED] as number) + (words[ENDED + 1] as number) + (words[ENDED + 2] as number) + (words[ABORTED] as number);
  }
}
