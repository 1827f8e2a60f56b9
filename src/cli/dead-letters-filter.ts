import type { Stored } from '../outputs/dead-letters/contract.ts';
import { UsageError } from './exit-codes.ts';

/** Which dead letters a command is about, as it was said on the command line. */
export interface FilterFlags {
  readonly id?: readonly string[];
  readonly reason?: readonly string[];
  readonly error?: string;
  readonly machine?: string;
  /** Of the execution. */
  readonly name?: string;
  /** A time, or how long ago: 2h. */
  readonly since?: string;
  readonly until?: string;
}

export type Filter = (stored: Stored) => boolean;

export const REASONS: readonly string[] = ['REJECTED', 'FAILED', 'TIMED_OUT', 'POISON', 'OUTPUT_REFUSED'];

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws UsageError for a reason that there is not, and a time that is none */
export function compileFilter(flags: FilterFlags, nowMs: number): Filter {
  const tests: Filter[] = [];
  const { id, reason, error, machine, name, since, until } = flags;
  if (id !== undefined) tests.push((stored) => id.includes(stored.id));
  if (reason !== undefined) {
    const reasons = reason.map((text) => text.toUpperCase());
    const unknown = reasons.find((one) => !REASONS.includes(one));
    if (unknown !== undefined) throw new UsageError(`There is no reason '${unknown}': there are ${REASONS.join(', ')}.`);
    tests.push(({ letter }) => reasons.includes(letter.reason));
  }
  if (error !== undefined) tests.push(matching(error, ({ letter }) => letter.error));
  if (machine !== undefined) tests.push(({ letter }) => letter.machine === machine);
  if (name !== undefined) tests.push(matching(name, ({ letter }) => letter.execution));
  if (since !== undefined) {
    const fromMs = timeOf('--since', since, nowMs);
    tests.push(({ letter }) => letter.timeMs >= fromMs);
  }
  if (until !== undefined) {
    const toMs = timeOf('--until', until, nowMs);
    tests.push(({ letter }) => letter.timeMs < toMs);
  }
  return (stored) => tests.every((test) => test(stored));
}

/** A * stands for anything. */
function matching(pattern: string, textOf: (stored: Stored) => string | undefined): Filter {
  if (!pattern.includes('*')) return (stored) => textOf(stored) === pattern;
  const expression = new RegExp(`^${pattern.split('*').map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)).join('.*')}$`, 's');
  return (stored) => expression.test(textOf(stored) ?? '');
}

function timeOf(flag: string, text: string, nowMs: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  if (ago !== null) return nowMs - Number(ago[1]) * UNITS_MS[ago[2]!]!;
  const ms = /^\d{4}-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new UsageError(`${flag} takes a time like 2026-11-21T08:00:00Z, or how long ago it was: 90s, 15m, 2h, 3d.`);
  return ms;
}
