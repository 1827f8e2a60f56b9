import type * as CronParser from 'cron-parser';
import { createRequire } from 'node:module';
import type { Names } from './names.ts';
import { nearest } from './nearest.ts';
import { given, type Part } from './part.ts';
import type { RedisConnection, ScheduleConfig } from './settings.ts';
import { readDuration } from './sources.ts';
import { parseTime } from './times.ts';

/** The shortest and the longest time between starts. */
const EVERY_MS = [1000, 31_536_000_000] as const;

export function readSchedule(name: string, part: Part, around: { readonly names: Names; readonly redis: RedisConnection | null }): ScheduleConfig {
  around.names.check('machine', part, 'machine');
  if (part.has('timeZone') && (part.has('every') || part.has('at'))) part.fault('INVALID_VALUE', 'timeZone', 'goes with cron: every and at do not depend on it.', 'Remove it.');
  const timeZone = readTimeZone(part);
  return given({
    name,
    machine: part.needed('machine'),
    cron: part.has('cron') ? readCron(part, timeZone) : undefined,
    everyMs: part.has('every') ? readDuration(part, 'every', ...EVERY_MS) : undefined,
    atMs: part.has('at') ? readAt(part) : undefined,
    timeZone: timeZone ?? 'UTC',
    input: part.json('input') ?? '{}',
  });
}

/** Undefined when there is none of that name, which is told of. */
function readTimeZone(part: Part): string | undefined {
  const timeZone = part.text('timeZone');
  if (timeZone === undefined) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone;
  } catch {
    const near = nearest(timeZone, Intl.supportedValuesOf('timeZone'));
    part.fault('INVALID_VALUE', 'timeZone', `must be the name of a time zone, not '${timeZone}'.`, near === undefined ? 'Write UTC, or a place of the IANA database: Europe/Berlin.' : `Did you mean '${near}'?`);
    return undefined;
  }
}

function readCron(part: Part, timeZone: string | undefined): string {
  const cron = part.needed('cron').trim();
  const fields = cron.split(/\s+/).length;
  if (cron === '') return cron;
  if (fields < 5 || fields > 6) {
    part.fault('INVALID_VALUE', 'cron', `must have five or six fields, not ${fields}.`, 'Minute, hour, day of the month, month and day of the week, with seconds before them where there are six: 0 2 * * * is every day at 2.');
    return cron;
  }
  if (/(?:^|[\s,])H/i.test(cron)) {
    part.fault('INVALID_VALUE', 'cron', "must not contain 'H': it stands for another time in every process.");
    return cron;
  }
  try {
    // Loaded here, since it takes long and few have schedules.
    const { CronExpressionParser } = createRequire(import.meta.url)('cron-parser') as typeof CronParser;
    CronExpressionParser.parse(cron, { tz: timeZone ?? 'UTC' }).next();
  } catch (error) {
    part.fault('INVALID_VALUE', 'cron', `is '${cron}', which does not say when: ${(error as Error).message}.`, 'Minute, hour, day of the month, month and day of the week: 0 2 * * * is every day at 2.');
  }
  return cron;
}

function readAt(part: Part): number {
  const at = part.text('at');
  if (at === undefined) return Number.NaN;
  const ms = parseTime(at);
  if (ms === undefined) part.fault('INVALID_VALUE', 'at', `must be a time, not '${at}'.`, 'Write it with Z or an offset: 2026-12-31T23:00:00Z.');
  return ms ?? Number.NaN;
}
