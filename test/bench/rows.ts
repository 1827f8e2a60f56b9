import type { Row } from '../../bench/lib/measure.mjs';
import { figuresOf, row } from '../../bench/lib/measure.mjs';
import type { Results } from '../../bench/lib/results.mjs';
import { envelope } from '../../bench/lib/results.mjs';

/** A row whose ratios are these: the baseline does one a second in every round. */
export const rowOf = (ratios: readonly number[], more: Partial<Parameters<typeof row>[0]> = {}): Row =>
  row({ suite: 'engine', case: 'a case', ours: figuresOf(ratios), baseline: figuresOf(ratios.map(() => 1)), baselineName: 'the platform', ...more });

export const resultsOf = (rows: readonly Row[], more: Partial<Results> = {}): Results => ({
  ...envelope({ settings: { rounds: 5, roundMs: 400, smoke: false, suites: ['engine'] }, rows, skipped: [], load: 0 }),
  ...more,
});
