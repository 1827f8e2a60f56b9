import type { Latencies, Second } from '../load/meter.ts';
import { bytesText, clockText, grouped, latencyText, percentText } from './load-numbers.ts';
import { paint } from './output.ts';

/** All that is drawn. */
export interface DashboardView {
  readonly target: string;
  /** Seconds since the warm-up ended; negative before. */
  readonly elapsed: number;
  readonly warmUp: number;
  /** Seconds, or Infinity. */
  readonly duration: number;
  /** Nothing more is sent; answers are waited for. */
  readonly draining: boolean;
  readonly ended: boolean;
  /** Events a second: taken over the last moments, and due now; null: as many as possible. */
  readonly rate: number;
  readonly targetRate: number | null;
  readonly sent: number;
  readonly ok: number;
  readonly refused: number;
  readonly failed: number;
  readonly late: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** Share of its time in which this process had something to do; near 1 the sender is what limits the rate. */
  readonly busy: number;
  readonly inFlight: number;
  readonly behind: number;
  readonly latency: Latencies | null;
  readonly seconds: readonly Second[];
  /** Kind and count. */
  readonly rejections: readonly (readonly [string, number])[];
}

/** A piece of a line, with the colour that it has on a terminal. */
type Piece = readonly [text: string, color?: string];

const BOLD = '1';
const DIM = '2';
const CYAN = '36';
const GREEN = '32';
const YELLOW = '33';
const RED = '31';
const LABEL = 11;
const MOST_KINDS = 5;
/** From here on a sender falls behind by itself. */
export const BUSY = 0.9;

/** The lines of the dashboard, none of them longer than the terminal is wide. */
export function dashboard(view: DashboardView, columns: number, color: boolean): string[] {
  const spark = Math.max(10, Math.min(60, columns - 44));
  const lines: Piece[][] = [
    [['millrace load', BOLD], [` → ${view.target}`]],
    [...label('time'), ...timeOf(view, columns)],
    [...label('rate'), [`${grouped(view.rate)}/s`.padEnd(13), BOLD], [view.targetRate === null ? 'as fast as it goes  '.padEnd(18) : `of ${grouped(view.targetRate)}/s`.padEnd(18), DIM], [sparkline(view.seconds.map(({ ok }) => ok), spark), CYAN]],
    [...label('events'), [`${grouped(view.sent)} sent  `], [`${grouped(view.ok)} ok  `, GREEN], [`${grouped(view.refused)} refused  `, view.refused > 0 ? YELLOW : DIM], [`${grouped(view.failed)} failed`, view.failed > 0 ? RED : DIM], [view.failed > 0 ? ` (${percentText(view.failed, view.sent)})` : '']],
    [...label('in flight'), [grouped(view.inFlight).padEnd(13)], [`${grouped(view.behind)} behind schedule  `, view.behind > 0 ? YELLOW : DIM], [`${grouped(view.late)} sent late`, view.late > 0 ? YELLOW : DIM]],
    [...label('latency'), ...latencyOf(view.latency)],
    [...label('p99'), ...p99Of(view.seconds, spark)],
    [...label('bytes'), [`${bytesText(view.bytes)}`.padEnd(13)], [`${bytesText(view.bytesPerSecond)}/s`.padEnd(18)], [`sender ${Math.round(100 * view.busy)} % busy`, view.busy > BUSY ? YELLOW : DIM]],
    [...label('errors'), ...errorsOf(view.rejections)],
    [[view.ended ? '' : view.draining ? 'Nothing more is sent; answers are waited for. Ctrl-C ends at once.' : 'Ctrl-C stops sending, waits for what is in flight and sums up.', DIM]],
  ];
  return lines.map((line) => cut(line, columns - 1, color));
}

const label = (text: string): Piece[] => [[`  ${text}`.padEnd(LABEL + 2), DIM]];

function timeOf({ elapsed, warmUp, duration }: DashboardView, columns: number): Piece[] {
  if (elapsed < 0) return [[`warming up, ${clockText(-elapsed)} of ${clockText(warmUp)} left`, YELLOW]];
  if (duration === Infinity) return [[clockText(elapsed)]];
  const cells = Math.max(8, Math.min(60, columns - 36));
  const full = Math.min(cells, Math.round((elapsed / duration) * cells));
  return [[`${clockText(Math.min(elapsed, duration))} of ${clockText(duration)}  `.padEnd(18)], ['█'.repeat(full), CYAN], ['░'.repeat(cells - full), DIM]];
}

function latencyOf(latency: Latencies | null): Piece[] {
  if (latency === null) return [['no answer yet', DIM]];
  const figures: [string, number][] = [['p50', latency.p50], ['p90', latency.p90], ['p99', latency.p99], ['p99.9', latency.p999], ['max', latency.max]];
  return figures.flatMap(([name, ms]): Piece[] => [[`${name} `, DIM], [`${latencyText(ms)}  `]]);
}

function p99Of(seconds: readonly Second[], width: number): Piece[] {
  const values = seconds.map(({ latencyMs }) => latencyMs?.p99 ?? 0);
  const last = values.at(-1);
  if (last === undefined) return [['', DIM]];
  return [[`${last === 0 ? 'none' : latencyText(last)} in the last second`.padEnd(31)], [sparkline(values, width), YELLOW]];
}

function errorsOf(rejections: readonly (readonly [string, number])[]): Piece[] {
  if (rejections.length === 0) return [['none', DIM]];
  const sorted = rejections.toSorted((a, b) => b[1] - a[1]);
  const more = sorted.length - MOST_KINDS;
  return [[sorted.slice(0, MOST_KINDS).map(([kind, count]) => `${kind}: ${grouped(count)}`).join('  ') + (more > 0 ? `  and ${more} more kinds` : ''), RED]];
}

const BARS = '▁▂▃▄▅▆▇█';

/** The last values as bars, the highest of them as the highest bar, on a scale that begins at 0. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const most = Math.max(...shown, Number.MIN_VALUE);
  return shown.map((value) => BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))]).join('');
}

/** Cuts by what is seen, and colours what is left. Control characters would move the cursor. */
function cut(line: readonly Piece[], width: number, color: boolean): string {
  let left = width;
  let text = '';
  for (const [piece, code] of line) {
    const shown = [...piece.replaceAll(/\p{Cc}/gu, ' ')].slice(0, left).join('');
    left -= [...shown].length;
    if (shown !== '') text += code === undefined ? shown : paint(color, code, shown);
  }
  return text;
}
