export interface Pace {
  readonly begin: number;
  readonly rate: number;
  readonly partitions: number;
}
export const TICK_MS: number;
export function perTick(rate: number): number;
export function monotonicMs(): number;
export function eventAt(i: number, at: number): string;
export function intendedAt(pace: Pace, partition: number, offset: number): number;
export function offsetAfter(pace: Omit<Pace, 'begin'>, ms: number): number;
