import type { NameSequence } from './contract.ts';

/** The execution name of event i. */
export const nameOf = (names: readonly string[] | NameSequence, i: number): string => ('prefix' in names ? `${names.prefix}-${names.firstSerial + i}` : (names[i] as string));
