import { readFileSync } from 'node:fs';
import { parseDuration } from '../config/times.ts';
import { type Feed, linesFeed, readLines, templateFeed } from '../load/feed.ts';
import { createRandom } from '../load/random.ts';
import type { LoadPlan } from '../load/plan.ts';
import { constant, sequence, type Shape } from '../load/shape.ts';
import { compileTemplate, TemplateMistake, type Template } from '../load/template.ts';
import { UsageError } from './exit-codes.ts';
import { parseRate, parseShapes } from './load-shape.ts';
import { fileTrouble } from './output.ts';

/** What every kind of `millrace load` takes, as the parser gives it. */
export interface LoadFlags {
  readonly rate?: string;
  readonly shape?: readonly string[];
  readonly duration?: string;
  readonly count?: number;
  readonly warmUp?: string;
  readonly maxInFlight?: number;
  readonly batch?: number;
  readonly event?: string;
  readonly events?: string;
  readonly once?: boolean;
  readonly key?: string;
  readonly bytes?: number;
  readonly seed?: number;
  readonly linger?: string;
  readonly timeout?: string;
  readonly failIf?: readonly string[];
  readonly json?: boolean;
  readonly plain?: boolean;
}

const EVENT = '{"id":{{seq}},"at":{{now}},"value":{{float 0 100}}}';
const FILLED_EVENT = '{"id":{{seq}},"at":{{now}},"value":{{float 0 100}},"pad":"{{pad}}"}';
const MAX_IN_FLIGHT = 100_000;
const TIMEOUT_MS = 30_000;

/** @throws UsageError */
export function planOf(flags: LoadFlags): LoadPlan & { readonly timeoutMs: number; readonly targetRate: number | null } {
  const duration = secondsOf('--duration', flags.duration) ?? Infinity;
  const warmUp = secondsOf('--warm-up', flags.warmUp) ?? 0;
  const timeoutMs = (secondsOf('--timeout', flags.timeout) ?? TIMEOUT_MS / 1000) * 1000;
  if (duration === 0 || timeoutMs === 0) throw new UsageError('--duration and --timeout are longer than 0.');
  const measured = shapeOf(flags, duration);
  return {
    feed: feedOf(flags),
    shape: measured === undefined ? undefined : warmedUp(measured, warmUp),
    warmUp,
    duration,
    count: flags.count ?? Infinity,
    maxInFlight: flags.maxInFlight ?? MAX_IN_FLIGHT,
    lingerMs: (secondsOf('--linger', flags.linger) ?? 0) * 1000,
    graceMs: timeoutMs,
    timeoutMs,
    targetRate: measured === undefined ? null : averageOf(measured, duration, flags.count),
  };
}

function shapeOf({ rate, shape }: LoadFlags, duration: number): Shape | undefined {
  if (rate !== undefined && shape !== undefined) throw new UsageError('Give one of --rate and --shape.');
  if (shape !== undefined) return parseShapes(shape, duration);
  if (rate === undefined) return undefined;
  const parsed = parseRate(rate);
  if (parsed === undefined || parsed === 0) throw new UsageError(`--rate takes events a second, 5000, 50k or 1.5M, and not '${rate}'.`);
  return constant(parsed);
}

/** A warm-up goes at the rate with which the shape begins. */
function warmedUp(shape: Shape, warmUp: number): Shape {
  if (warmUp === 0) return shape;
  const rate = shape.rateAt(0);
  if (rate === 0) throw new UsageError('--warm-up goes at the rate with which the shape begins, and that is 0.');
  return sequence([{ shape: constant(rate), lasting: warmUp }, { shape, lasting: Infinity }]);
}

function averageOf(shape: Shape, duration: number, count = Infinity): number {
  const seconds = Math.min(duration, count === Infinity ? Infinity : shape.timeOf(count));
  return Number.isFinite(seconds) && seconds > 0 ? shape.dueBy(seconds) / seconds : shape.rateAt(0);
}

function feedOf({ event, events, once, key, bytes, seed }: LoadFlags): Feed {
  const random = createRandom(seed ?? Date.now());
  const keys = key === undefined ? undefined : template('--key', key, { hasKey: false });
  if (events !== undefined) {
    if (event !== undefined || bytes !== undefined) throw new UsageError('The lines of --events are sent as they are: leave --event and --bytes out.');
    return linesFeed(linesOf(events), keys, random, once === true);
  }
  if (once === true) throw new UsageError('--once is about the lines of --events.');
  const source = event === undefined ? (bytes === undefined ? EVENT : FILLED_EVENT) : event.startsWith('@') ? textOf(event.slice(1)) : event;
  const made = template('--event', source, { hasKey: key !== undefined, ...(bytes === undefined ? {} : { bytes }) });
  // One is made to look at, with random numbers of its own: those of the run are not to depend on it.
  const sample = { seq: 0, nowMs: Date.now(), key: 'key', random: createRandom(1) };
  mustBeJson(made(sample));
  return templateFeed(made, keys, random);
}

function template(option: string, source: string, options: { bytes?: number; hasKey: boolean }): Template {
  try {
    return compileTemplate(source, options);
  } catch (error) {
    if (error instanceof TemplateMistake) throw new UsageError(`${option}: ${error.message}.`.replace(/\.\.$/, '.'));
    throw error;
  }
}

function mustBeJson(sample: string): void {
  try {
    JSON.parse(sample);
  } catch (error) {
    throw new UsageError(`--event makes no JSON: ${(error as Error).message}. It makes: ${sample.length > 300 ? `${sample.slice(0, 300)}…` : sample}`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(fileTrouble(error, file));
  }
}

function linesOf(file: string): string[] {
  try {
    return readLines(file);
  } catch (error) {
    throw new UsageError(error instanceof RangeError ? error.message : fileTrouble(error, file));
  }
}

function secondsOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined) throw new UsageError(`${option} takes a duration such as 500ms, 30s or 5m, and not '${text}'.`);
  return ms / 1000;
}
