import type { End } from '../delivery/contract.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Where ends that no worker counts are counted. */
export type Refusals = Pick<Metrics, 'reject' | 'poisoned'>;

/** Counts an event that intake refused by its code, and one that took its workers down as poison. */
export function countRefusal(refusals: Refusals, machine: string, end: End): void {
  if (end.status === 'REJECTED') refusals.reject(machine, end.error ?? 'INTERNAL', 1);
  else if (end.status === 'POISON') refusals.poisoned(machine);
}
