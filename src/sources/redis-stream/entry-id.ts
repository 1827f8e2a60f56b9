/*
 * Entry ids are `<Unix milliseconds>-<sequence>`, both unsigned 64-bit. Milliseconds fit a double until the year 287,396; a
 * sequence past 2^53 is of no consequence for the order of what is read here, since ids are only compared to tell old from new.
 */

/** Below 0 when a comes before b. */
export function compareIds(a: string, b: string): number {
  return msOf(a) - msOf(b) || Number(a.slice(a.indexOf('-') + 1)) - Number(b.slice(b.indexOf('-') + 1));
}

/** When Redis took the entry, Unix milliseconds. */
export function msOf(id: string): number {
  return Number.parseInt(id, 10);
}

/** The id that comes next after this one. */
export function nextId(id: string): string {
  const hyphen = id.indexOf('-');
  return `${id.slice(0, hyphen)}-${BigInt(id.slice(hyphen + 1)) + 1n}`;
}
