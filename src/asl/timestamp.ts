/**
 * RFC 3339 timestamps as ASL takes them: upper-case T, seconds, optional fraction, Z or a numeric offset (ASL spec,
 * "Timestamps"). Answers Unix time in nanoseconds-precise form as [milliseconds, nanoseconds below the millisecond], or null.
 */
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

export interface Timestamp {
  readonly ms: number;
  readonly nanos: number;
}

export function parseTimestamp(text: string): Timestamp | null {
  const match = RFC3339.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match;
  if (Number(month) < 1 || Number(month) > 12 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return null;
  if (Number(offsetHour) > 18 || Number(offsetMinute) > 59) return null;
  const nanos = Number(fraction.padEnd(9, '0'));
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second), Math.floor(nanos / 1e6));
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === '-' ? -1 : 1);
  return { ms: date.getTime() - offsetMs, nanos: nanos % 1e6 };
}

const daysIn = (year: number, month: number): number =>
  month === 2 ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;

export const compareTimestamps = (a: Timestamp, b: Timestamp): number => a.ms - b.ms || a.nanos - b.nanos;
