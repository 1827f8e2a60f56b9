import type { LoadEnd } from '../load/plan.ts';
import { LATE_MS, type Meter } from '../load/meter.ts';
import { BUSY } from './load-dashboard.ts';
import { bytesText, grouped, latencyText, percentText } from './load-numbers.ts';
import type { Measured, Threshold } from './load-thresholds.ts';

export interface Summary {
  readonly target: string;
  readonly startedAt: string;
  readonly warmUpSeconds: number;
  readonly openLoop: boolean;
  /** Events a second that were due on the average; null where as many as possible were sent. */
  readonly targetRate: number | null;
  readonly meter: Meter;
  readonly end: LoadEnd;
  /** Of this process, warm-up included: share of the time in which its thread was busy, and processor time of all its threads. */
  readonly effort: { readonly busy: number; readonly cpuSeconds: number };
  readonly thresholds: readonly Threshold[];
  readonly interrupted: boolean;
}

export function measuredOf({ meter, end }: Pick<Summary, 'meter' | 'end'>): Measured {
  const { sent, failed, refused, late, ok } = meter.total;
  return { latency: meter.latency, counts: { sent, failed, refused, late, unsent: end.unsent, unanswered: end.unanswered }, rate: end.seconds === 0 ? 0 : ok / end.seconds };
}

/** Which limits were passed: those that were asked for, and that nothing may fail or stay without an answer. */
export function exceeded({ thresholds, ...run }: Summary): string[] {
  const measured = measuredOf(run);
  const judged = new Set(thresholds.map(({ judges }) => judges));
  const own = (['failed', 'unanswered'] as const).filter((name) => !judged.has(name) && measured.counts[name] > 0).map((name) => `${name}>0`);
  return [...thresholds.filter((threshold) => threshold.exceeded(measured)).map(({ text }) => text), ...own];
}

/** For a program: everything that was counted, second by second. Times are milliseconds unless the name says seconds. */
export function summaryJson(summary: Summary): string {
  const { meter, end } = summary;
  const { counts, rate, latency } = measuredOf(summary);
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return `${JSON.stringify({
    target: summary.target,
    startedAt: summary.startedAt,
    seconds: round(end.seconds),
    warmUpSeconds: summary.warmUpSeconds,
    openLoop: summary.openLoop,
    interrupted: summary.interrupted,
    sent: counts.sent,
    ok: meter.total.ok,
    refused: counts.refused,
    failed: counts.failed,
    unanswered: counts.unanswered,
    unsent: counts.unsent,
    late: counts.late,
    bytes: meter.total.bytes,
    rate: round(rate),
    targetRate: summary.targetRate === null ? null : round(summary.targetRate),
    latencyMs: latency,
    senderBusy: round(summary.effort.busy),
    senderCpuSeconds: round(summary.effort.cpuSeconds),
    errors: Object.fromEntries(meter.rejections),
    exceeded: exceeded(summary),
    series: meter.seconds,
  })}\n`;
}

/** For people. */
export function summaryText(summary: Summary): string {
  const { meter, end, targetRate, openLoop } = summary;
  const { counts, rate, latency } = measuredOf(summary);
  const rows: [string, string][] = [
    ['events', `${grouped(counts.sent)} sent, ${grouped(meter.total.ok)} ok, ${grouped(counts.refused)} refused, ${grouped(counts.failed)} failed${counts.unanswered > 0 ? `, ${grouped(counts.unanswered)} without an answer` : ''}`],
    ['rate', `${grouped(rate)}/s over ${end.seconds.toFixed(1)} s${targetRate === null ? ', as fast as it went' : `, of ${grouped(targetRate)}/s that were due`}${summary.warmUpSeconds > 0 ? ` (after a warm-up of ${summary.warmUpSeconds} s)` : ''}`],
    ['latency', latency === null ? 'nothing was taken' : `p50 ${latencyText(latency.p50)}  p90 ${latencyText(latency.p90)}  p99 ${latencyText(latency.p99)}  p99.9 ${latencyText(latency.p999)}  max ${latencyText(latency.max)}  mean ${latencyText(latency.mean)}`],
  ];
  if (openLoop) rows.push(['schedule', `${grouped(counts.late)} sent more than ${LATE_MS} ms late (${percentText(counts.late, counts.sent)}), ${grouped(end.unsent)} due and never sent`]);
  rows.push(['bytes', `${bytesText(meter.total.bytes)} of events, ${bytesText(end.seconds === 0 ? 0 : meter.total.bytes / end.seconds)}/s`]);
  rows.push(['sender', `${Math.round(100 * summary.effort.busy)} % busy${summary.effort.busy > BUSY ? ': it may be what limits the rate; larger batches, or several at a time, send more' : ''}`]);
  if (meter.rejections.size > 0) rows.push(['errors', [...meter.rejections].toSorted((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind}: ${grouped(count)}`).join(', ')]);
  const limits = exceeded(summary);
  if (limits.length > 0) rows.push(['failed by', limits.join(', ')]);
  const since = openLoop ? 'Latency is counted from when an event was due until its answer.' : 'Latency is counted from when an event was sent until its answer.';
  return `${summary.interrupted ? 'Interrupted. ' : ''}Sent to ${summary.target}\n${rows.map(([name, text]) => `  ${name.padEnd(11)}${text}\n`).join('')}  ${since}\n`;
}
