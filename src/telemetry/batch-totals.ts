/** What one batch, or any number of them, counted for one machine. */
export interface MachineCounts {
  readonly machine: string;
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  /** Events that intake refused: no execution ran. By code they are counted through `Metrics.reject`. */
  readonly rejected: number;
  /** Events that the filter of their source let go. */
  readonly filtered: number;
  /** Executions that were let go while they ran: their source lost the partition. */
  readonly aborted: number;
  /** How many durations fell into each bucket: not cumulative, one longer than the bounds, the last for what is above them all. */
  readonly durationBuckets: ArrayLike<number>;
  readonly durationSumMs: number;
}

/** One line of the exposition. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it differs from the metric's: the parts of a histogram. */
  readonly metricName?: string;
}

interface MachineTotals {
  started: number;
  succeeded: number;
  failed: number;
  timedOut: number;
  rejected: number;
  filtered: number;
  aborted: number;
  poison: number;
  readonly buckets: Float64Array;
  durationSumMs: number;
}

/** Sums batch counts and shows them as samples when a scrape asks. */
export class BatchTotals {
  readonly #boundsMs: readonly number[];
  readonly #machines = new Map<string, MachineTotals>();
  readonly #rejected = new Map<string, Map<string, number>>();
  readonly #restarts = new Map<string, number>();

  constructor(boundsMs: readonly number[]) {
    this.#boundsMs = boundsMs;
  }

  /** @throws RangeError when the buckets were counted by other bounds. */
  merge(counts: MachineCounts): void {
    const totals = this.#machine(counts.machine);
    const { buckets } = totals;
    if (counts.durationBuckets.length !== buckets.length) {
      throw new RangeError(`${counts.durationBuckets.length} duration buckets were counted where there are ${buckets.length}`);
    }
    totals.started += counts.started;
    totals.succeeded += counts.succeeded;
    totals.failed += counts.failed;
    totals.timedOut += counts.timedOut;
    totals.rejected += counts.rejected;
    totals.filtered += counts.filtered;
    totals.aborted += counts.aborted;
    totals.durationSumMs += counts.durationSumMs;
    for (let index = 0; index < buckets.length; index++) buckets[index]! += counts.durationBuckets[index]!;
  }

  reject(machine: string, code: string, count: number): void {
    let byCode = this.#rejected.get(machine);
    if (byCode === undefined) this.#rejected.set(machine, (byCode = new Map()));
    byCode.set(code, (byCode.get(code) ?? 0) + count);
  }

  /** Drops a machine that is served no longer: machines that come and go would make labels without end. */
  forget(machine: string): void {
    this.#machines.delete(machine);
    this.#rejected.delete(machine);
  }

  poisoned(machine: string): void {
    this.#machine(machine).poison += 1;
  }

  workerRestarted(reason: string): void {
    this.#restarts.set(reason, (this.#restarts.get(reason) ?? 0) + 1);
  }

  started(): Sample[] {
    return [...this.#machines].map(([machine, totals]) => ({ labels: { machine }, value: totals.started }));
  }

  ended(): Sample[] {
    return [...this.#machines].flatMap(([machine, totals]) => [
      { labels: { machine, status: 'SUCCEEDED' }, value: totals.succeeded },
      { labels: { machine, status: 'FAILED' }, value: totals.failed },
      { labels: { machine, status: 'TIMED_OUT' }, value: totals.timedOut },
      { labels: { machine, status: 'REJECTED' }, value: totals.rejected },
      { labels: { machine, status: 'ABORTED' }, value: totals.aborted },
      { labels: { machine, status: 'FILTERED' }, value: totals.filtered },
      { labels: { machine, status: 'POISON' }, value: totals.poison },
    ]);
  }

  /** Cumulative buckets, sum and count of each machine, as the text format wants a histogram. */
  durations(metric: string): Sample[] {
    const samples: Sample[] = [];
    for (const [machine, totals] of this.#machines) {
      let below = 0;
      for (const [index, boundMs] of this.#boundsMs.entries()) {
        below += totals.buckets[index]!;
        samples.push({ metricName: `${metric}_bucket`, labels: { machine, le: String(boundMs / 1000) }, value: below });
      }
      const count = below + totals.buckets[this.#boundsMs.length]!;
      samples.push(
        { metricName: `${metric}_bucket`, labels: { machine, le: '+Inf' }, value: count },
        { metricName: `${metric}_sum`, labels: { machine }, value: totals.durationSumMs / 1000 },
        { metricName: `${metric}_count`, labels: { machine }, value: count },
      );
    }
    return samples;
  }

  rejected(): Sample[] {
    return [...this.#rejected].flatMap(([machine, byCode]) => [...byCode].map(([code, value]) => ({ labels: { machine, code }, value })));
  }

  restarts(): Sample[] {
    return [...this.#restarts].map(([reason, value]) => ({ labels: { reason }, value }));
  }

  #machine(name: string): MachineTotals {
    let totals = this.#machines.get(name);
    if (totals === undefined) {
      totals = { started: 0, succeeded: 0, failed: 0, timedOut: 0, rejected: 0, filtered: 0, aborted: 0, poison: 0, buckets: new Float64Array(this.#boundsMs.length + 1), durationSumMs: 0 };
      this.#machines.set(name, totals);
    }
    return totals;
  }
}
