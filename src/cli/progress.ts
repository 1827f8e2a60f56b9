import type { TextStream } from './output.ts';

export interface ProgressState {
  readonly ended: number;
  /** Failed, timed out or rejected. */
  readonly failures: number;
  /** Share of the input's bytes that have been read; undefined where the size is not known. */
  readonly share: number | undefined;
}

export interface ProgressOptions {
  readonly stream: TextStream & { readonly columns?: number };
  readonly color: boolean;
  readonly state: () => ProgressState;
  readonly now?: () => number;
}

export interface Progress {
  /** Takes the bar off the screen. */
  stop(): void;
}

const EVERY_MS = 125;
/** The rate shown is that of the last few seconds, not of the whole run. */
const RATE_WINDOW = 24;
const BAR_CELLS = 24;
/** Empties the line that the cursor is on. */
export const CLEAR_LINE = '\r\u001b[2K';

/** Draws one line of progress on a terminal, over and over in the same place. */
export function showProgress(options: ProgressOptions): Progress {
  const now = options.now ?? (() => performance.now());
  const startedMs = now();
  const samples: { atMs: number; ended: number }[] = [{ atMs: startedMs, ended: 0 }];
  const draw = (): void => {
    const state = options.state();
    const atMs = now();
    samples.push({ atMs, ended: state.ended });
    if (samples.length > RATE_WINDOW) samples.shift();
    const first = samples[0]!;
    const perSecond = atMs > first.atMs ? ((state.ended - first.ended) * 1000) / (atMs - first.atMs) : 0;
    options.stream.write(CLEAR_LINE + progressLine(state, perSecond, atMs - startedMs, options.stream.columns || 80, options.color));
  };
  const timer = setInterval(draw, EVERY_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      options.stream.write(CLEAR_LINE);
    },
  };
}

/** The line itself; cut to the terminal's width, so that it can be taken back. */
export function progressLine(state: ProgressState, perSecond: number, elapsedMs: number, columns: number, color: boolean): string {
  const { share } = state;
  const facts = [`${grouped(state.ended)} executions`, `${grouped(Math.round(perSecond))}/s`];
  if (state.failures > 0) facts.push(`${grouped(state.failures)} not succeeded`);
  if (share !== undefined && share > 0.01 && share < 1) facts.push(`${duration((elapsedMs * (1 - share)) / share)} left`);
  else facts.push(duration(elapsedMs));
  const tail = facts.join('  ');
  if (share === undefined) return tail.slice(0, columns - 1);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  if (columns < BAR_CELLS + percent.length + tail.length + 4) return `${percent}  ${tail}`.slice(0, columns - 1);
  const full = Math.round(Math.min(1, share) * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  return `${percent} ${color ? `\u001b[36m${bar}\u001b[0m` : bar}  ${tail}`;
}

const grouped = (count: number): string => String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (part: number): string => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
