import type { End, Parcel } from './contract.ts';
import { nameOf } from './names.ts';
import type { Outcome } from './outcome.ts';

/** What outputs and dead letters are told of an event of a parcel; `more` is what only its source knows. */
export function outcomeOf(parcel: Parcel, index: number, end: End, more: Pick<Outcome, 'attempts' | 'source' | 'coordinate' | 'key' | 'headers'>): Outcome {
  const offset = parcel.spans[2 * index] as number;
  const { status, output, error, cause, startTimeMs, stopTimeMs } = end;
  return {
    machine: parcel.machine,
    name: nameOf(parcel.names, index),
    status,
    ...(output === undefined ? null : { output }),
    ...(error === undefined ? null : { error }),
    ...(cause === undefined ? null : { cause }),
    startTimeMs,
    stopTimeMs,
    value: parcel.bytes.subarray(offset, offset + (parcel.spans[2 * index + 1] as number)),
    ...more,
  };
}
