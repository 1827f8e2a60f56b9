import type { DeadLetter } from '../../delivery/dead-letter.ts';

/** The members of a letter's coordinate; none where it has none. */
export function coordinateOf({ coordinate }: Pick<DeadLetter, 'coordinate'>): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(coordinate ?? '{}') as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
