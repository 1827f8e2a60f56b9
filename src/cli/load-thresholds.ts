import type { Latencies } from '../load/meter.ts';
import { UsageError } from './exit-codes.ts';

/** What thresholds are held against. */
export interface Measured {
  readonly latency: Latencies | null;
  readonly counts: Readonly<Record<'sent' | 'failed' | 'refused' | 'late' | 'unsent' | 'unanswered', number>>;
  /** Events taken, a second. */
  readonly rate: number;
}

export interface Threshold {
  readonly text: string;
  /** The counts that it judges, so that what else would fail the run no longer does. */
  readonly judges: string;
  exceeded(measured: Measured): boolean;
}

const LATENCIES: Readonly<Record<string, keyof Latencies>> = { p50: 'p50', p90: 'p90', p99: 'p99', 'p99.9': 'p999', max: 'max', mean: 'mean' };
const COUNTS = ['failed', 'refused', 'late', 'unsent', 'unanswered'] as const;
const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };
const FORMS = "p99>50ms (also p50, p90, p99.9, max, mean), failed>1% or failed>10 (also refused, late, unsent, unanswered), rate<9000";

/** Reads what --fail-if says. @throws UsageError */
export function parseThreshold(text: string): Threshold {
  const [, what = '', sign = '', digits = '', unit = ''] = /^\s*([\w.]+)\s*([<>])\s*(\d+(?:\.\d+)?)\s*(us|ms|s|%)?\s*$/.exec(text) ?? [];
  const limit = Number(digits);
  const beyond = (value: number): boolean => (sign === '>' ? value > limit : value < limit);
  const latency = LATENCIES[what];
  const count = COUNTS.find((one) => one === what);
  if (latency !== undefined && UNIT_MS[unit] !== undefined) {
    const scale = UNIT_MS[unit];
    // Without an answer there is no latency; a limit is then not kept either.
    return { text, judges: what, exceeded: (measured) => measured.latency === null || beyond(measured.latency[latency] / scale) };
  }
  if (count !== undefined && (unit === '%' || unit === '')) {
    const share = (measured: Measured): number => (100 * measured.counts[count]) / Math.max(1, measured.counts.sent + (count === 'unsent' ? measured.counts.unsent : 0));
    return { text, judges: what, exceeded: (measured) => beyond(unit === '%' ? share(measured) : measured.counts[count]) };
  }
  if (what === 'rate' && unit === '') return { text, judges: what, exceeded: ({ rate }) => beyond(rate) };
  throw new UsageError(`--fail-if '${text}' is not understood. Write ${FORMS}.`);
}
