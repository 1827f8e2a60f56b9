import type { Latency, LatencySummary } from './latency.mjs';

export interface Turn {
  readonly count: number;
  readonly ms?: number;
  readonly cpuMs?: number;
  readonly cpuCount?: number;
  readonly rssBytes?: number;
  readonly latency?: Latency;
}
export interface Figures {
  readonly rounds: readonly number[];
  readonly median: number;
  readonly cpuMsPer1000?: number;
  readonly rssBytes?: number;
  readonly latencyMs?: LatencySummary;
  readonly p99Rounds?: readonly number[];
}
export interface Side {
  readonly value: number;
  readonly rounds: readonly number[];
  readonly spread: readonly [number, number];
  readonly cpuMsPer1000?: number;
  readonly rssBytes?: number;
  readonly latencyMs?: LatencySummary;
  readonly guarantees?: string;
}
export interface Row extends Side {
  readonly suite: string;
  readonly case: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly ratio: number;
  readonly ratioRounds: readonly number[];
  readonly ratioSpread: readonly [number, number];
  readonly baseline: Side & { readonly name: string; readonly isOwn: boolean };
  readonly details?: Readonly<Record<string, number | string>>;
  readonly series?: readonly unknown[];
}
export interface ContestOptions {
  readonly rounds?: number;
  readonly name?: string;
  readonly progress?: (text: string) => void;
}
export function contest<Name extends string>(contestants: Record<Name, (round: number) => Turn | Promise<Turn>>, options?: ContestOptions): Promise<Record<Name, Figures>>;
export function race<Name extends string>(
  contestants: Record<Name, (count: number, latency: Latency) => unknown>,
  options?: ContestOptions & { readonly roundMs?: number; readonly latency?: boolean },
): Promise<Record<Name, Figures>>;
export function figuresOf(rounds: readonly number[], more?: Partial<Figures>): Figures;
export function ratioOf(ours: Figures, theirs: Figures): number;
export function row(row: {
  readonly suite: string;
  readonly case: string;
  readonly unit?: string;
  readonly better?: 'higher' | 'lower';
  readonly ours: Figures;
  readonly baseline: Figures;
  readonly baselineName: string;
  readonly isOwn?: boolean;
  readonly guarantees?: { readonly ours: string; readonly baseline: string };
  readonly details?: Readonly<Record<string, number | string>>;
  readonly series?: readonly unknown[];
}): Row;
