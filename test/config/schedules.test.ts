import { describe, expect, it } from 'vitest';
import { createFolder } from './loading.ts';

const file = (schedule: string): string => `redis: { url: redis://r }\nschedules:\n  n: { machine: a, ${schedule} }\n`;

describe('a schedule', () => {
  it.each([
    ['cron: "0 2 * * *"', { cron: '0 2 * * *', timeZone: 'UTC', input: '{}' }],
    ['cron: " */30 0 2 1,15 * MON-FRI ", timeZone: Europe/Berlin', { cron: '*/30 0 2 1,15 * MON-FRI', timeZone: 'Europe/Berlin', input: '{}' }],
    ['cron: "0 0 L * *"', { cron: '0 0 L * *', timeZone: 'UTC', input: '{}' }],
    ['every: 15m', { everyMs: 900_000, timeZone: 'UTC', input: '{}' }],
    ['every: 1d, input: [1, "x", null]', { everyMs: 86_400_000, timeZone: 'UTC', input: '[1,"x",null]' }],
    ['at: 2026-12-31T23:00:00Z, input: null', { atMs: Date.UTC(2026, 11, 31, 23), timeZone: 'UTC', input: 'null' }],
    ['at: "2026-12-31T23:00+01:00", input: { __proto__: 1 }', { atMs: Date.UTC(2026, 11, 31, 22), timeZone: 'UTC', input: '{"__proto__":1}' }],
  ])('is %s', (schedule, expected) => {
    expect(createFolder().load(file(schedule)).schedules).toEqual([{ name: 'n', machine: 'a', ...expected }]);
  });

  const FIELDS = 'Minute, hour, day of the month, month and day of the week, with seconds before them where there are six: 0 2 * * * is every day at 2.';
  const HINT = 'Minute, hour, day of the month, month and day of the week: 0 2 * * * is every day at 2.';
  const TIME = 'Write it with Z or an offset: 2026-12-31T23:00:00Z.';

  it.each([
    ['input: 1', ['3:3 MISSING_KEY /schedules/n schedules.n has none of cron, every and at: one of them has to be there.']],
    ['crom: "0 2 * * *"', ["3:20 UNKNOWN_KEY /schedules/n/crom 'schedules.n.crom' is not a key of the configuration. | Did you mean 'cron'?"]],
    ['cron: "0 2 * * *", every: 1h', ['3:39 CONFLICTING_KEYS /schedules/n schedules.n has cron and every: only one of cron, every and at may be there. | Remove all but one.']],
    ['cron: "0 2 * *"', [`3:26 INVALID_VALUE /schedules/n/cron schedules.n.cron must have five or six fields, not 4. | ${FIELDS}`]],
    ['cron: "@daily"', [`3:26 INVALID_VALUE /schedules/n/cron schedules.n.cron must have five or six fields, not 1. | ${FIELDS}`]],
    ['cron: "0 25 * * *"', [`3:26 INVALID_VALUE /schedules/n/cron schedules.n.cron is '0 25 * * *', which does not say when: Constraint error, got value 25 expected range 0-23. | ${HINT}`]],
    ['cron: "0 0 30 2 *"', [`3:26 INVALID_VALUE /schedules/n/cron schedules.n.cron is '0 0 30 2 *', which does not say when: Invalid explicit day of month definition. | ${HINT}`]],
    ['cron: "0 0 31 2,4 *"', [`3:26 INVALID_VALUE /schedules/n/cron schedules.n.cron is '0 0 31 2,4 *', which does not say when: Invalid expression, loop limit exceeded. | ${HINT}`]],
    ['cron: "H 2 * * *"', ["3:26 INVALID_VALUE /schedules/n/cron schedules.n.cron must not contain 'H': it stands for another time in every process."]],
    ['cron: "0 2 * * *", timeZone: Europe/Berlni', ["3:49 INVALID_VALUE /schedules/n/timeZone schedules.n.timeZone must be the name of a time zone, not 'Europe/Berlni'. | Did you mean 'Europe/Berlin'?"]],
    ['cron: "0 2 * * *", timeZone: home', ["3:49 INVALID_VALUE /schedules/n/timeZone schedules.n.timeZone must be the name of a time zone, not 'home'. | Write UTC, or a place of the IANA database: Europe/Berlin."]],
    ['every: 1h, timeZone: UTC', ['3:41 INVALID_VALUE /schedules/n/timeZone schedules.n.timeZone goes with cron: every and at do not depend on it. | Remove it.']],
    ['every: 900000', ['3:27 WRONG_TYPE /schedules/n/every schedules.n.every must be text, not 900000.']],
    ['every: 900ms', ['3:27 OUT_OF_RANGE /schedules/n/every schedules.n.every must be from 1s to 365d, not 900ms.']],
    ['every: hourly', ["3:27 INVALID_VALUE /schedules/n/every schedules.n.every must be a duration, not 'hourly'. | Write a whole number and a unit: 30s, 15m, 1h, 1d."]],
    ['at: 2026-12-31T23:00:00', [`3:24 INVALID_VALUE /schedules/n/at schedules.n.at must be a time, not '2026-12-31T23:00:00'. | ${TIME}`]],
    ['at: 2026-12-31', [`3:24 INVALID_VALUE /schedules/n/at schedules.n.at must be a time, not '2026-12-31'. | ${TIME}`]],
    ['at: 2026-02-29T00:00:00Z', [`3:24 INVALID_VALUE /schedules/n/at schedules.n.at must be a time, not '2026-02-29T00:00:00Z'. | ${TIME}`]],
    ['every: 1h, input: { x: .inf }', ['3:38 INVALID_VALUE /schedules/n/input schedules.n.input holds a number that JSON does not have: .inf or .nan.']],
  ])('is checked: %s', (schedule, expected) => {
    expect(createFolder().mistakes(file(schedule))).toEqual(expected);
  });

  it('starts a machine that is served, and is kept in Redis', () => {
    const { mistakes, load } = createFolder();
    expect(mistakes('schedules:\n  n: { machine: b, every: 1h }\n')).toEqual([
      '2:3 MISSING_KEY /schedules schedules needs redis: it is Redis that makes each start happen once, by however many processes. | Add redis: { url: redis://127.0.0.1:6379 } to the configuration.',
      "2:17 UNKNOWN_NAME /schedules/n/machine schedules.n.machine names 'b', which is no state machine that is served. | Did you mean 'a'?",
    ]);
    expect(load('schedules: {}').schedules).toEqual([]);
  });
});
