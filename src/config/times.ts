const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as 30s, 15m, 1h or 1d. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return number === undefined || unit === undefined ? undefined : Number(number) * UNITS_MS[unit]!;
}

/** A duration in the largest unit that gives a whole number. */
export function writtenDuration(ms: number): string {
  const [unit, size] = Object.entries(UNITS_MS).findLast(([, size]) => ms % size === 0)!;
  return `${ms / size}${unit}`;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Unix milliseconds of an ISO 8601 time with Z or an offset. */
export function parseTime(text: string): number | undefined {
  const [, year, month, day] = TIME.exec(text) ?? [];
  // Date.parse takes a day 31 of any month for one of the next.
  if (year === undefined || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
