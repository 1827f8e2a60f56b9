import { getNextMillis } from 'bullmq';
import { describe, expect, it } from 'vitest';
import type { ScheduleConfig } from '../../src/config/settings.ts';
import { onceId, repeatOf, tickMs, tickName } from '../../src/schedules/tick.ts';

const schedule = (when: Partial<ScheduleConfig>): ScheduleConfig => ({ name: 's', machine: 'm', timeZone: 'UTC', input: '{}', ...when });

/** The next times after `after`, as BullMQ computes them. */
function times(when: Partial<ScheduleConfig>, after: string, count: number): string[] {
  const found: string[] = [];
  for (let ms = Date.parse(after); found.length < count; ) {
    ms = getNextMillis(ms, repeatOf(schedule(when))!)!;
    found.push(new Date(ms).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('the times of a schedule', () => {
  it.each([
    ['hourly', { cron: '0 * * * *' }, '2026-01-31T22:30Z', ['2026-01-31T23:00Z', '2026-02-01T00:00Z', '2026-02-01T01:00Z']],
    ['daily', { cron: '0 2 * * *' }, '2026-02-27T12:00Z', ['2026-02-28T02:00Z', '2026-03-01T02:00Z', '2026-03-02T02:00Z']],
    ['weekly', { cron: '0 9 * * 1', timeZone: 'America/New_York' }, '2026-03-02T15:00Z', ['2026-03-09T13:00Z', '2026-03-16T13:00Z', '2026-03-23T13:00Z']],
    ['monthly', { cron: '0 0 1 * *', timeZone: 'Asia/Kolkata' }, '2026-01-15T00:00Z', ['2026-01-31T18:30Z', '2026-02-28T18:30Z', '2026-03-31T18:30Z']],
    ['on the last day of a month', { cron: '0 0 L * *' }, '2026-01-15T00:00Z', ['2026-01-31T00:00Z', '2026-02-28T00:00Z', '2026-03-31T00:00Z']],
    ['every 15 minutes', { everyMs: 900_000 }, '2026-01-01T00:05Z', ['2026-01-01T00:15Z', '2026-01-01T00:30Z', '2026-01-01T00:45Z']],
    ['every 30 seconds', { cron: '*/30 * * * * *' }, '2026-01-01T00:00Z', ['2026-01-01T00:00:30.000Z', '2026-01-01T00:01Z', '2026-01-01T00:01:30.000Z']],
  ])('%s', (_, when, after, expected) => expect(times(when, after, 3)).toEqual(expected));

  // In Berlin 02:00 to 03:00 does not exist on 2026-03-29, and happens twice on 2026-10-25.
  it.each([
    ['comes an hour later where the hour is skipped', { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }, '2026-03-28T12:00Z', ['2026-03-29T01:30Z', '2026-03-30T00:30Z']],
    ['comes once where the hour is repeated', { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }, '2026-10-24T12:00Z', ['2026-10-25T00:30Z', '2026-10-26T01:30Z']],
    ['keeps its time of day', { cron: '0 9 * * *', timeZone: 'Europe/Berlin' }, '2026-10-24T06:00Z', ['2026-10-24T07:00Z', '2026-10-25T08:00Z']],
    ['comes every hour that passes', { cron: '0 * * * *', timeZone: 'Europe/Berlin' }, '2026-10-24T23:30Z', ['2026-10-25T00:00Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z']],
  ])('%s when the clocks change', (_, when, after, expected) => expect(times(when, after, expected.length)).toEqual(expected));
});

describe('the name of a tick', () => {
  it('is the schedule and the time, without what is zero', () => {
    expect(tickName('nightly', Date.parse('2026-01-02T01:00:00Z'))).toBe('nightly-20260102T010000Z');
    expect(tickName('poll', Date.parse('2026-01-02T01:00:00.042Z'))).toBe('poll-20260102T010000042Z');
  });

  it('fits, however long that of the schedule is', () => {
    const names = ['a', 'b'].map((end) => tickName('x'.repeat(79) + end, 0));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[\w-]{80}$/);
  });

  it('is read from the ids of jobs', () => {
    expect(tickMs('repeat:nightly-2:1767315600000')).toBe(1_767_315_600_000);
    expect(tickMs(onceId('launch', 1_767_315_600_000))).toBe(1_767_315_600_000);
  });
});
