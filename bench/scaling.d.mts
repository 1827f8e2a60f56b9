import type { SimulationResult } from './scaling-simulation.mjs';

export interface Plan {
  readonly pods: number;
  readonly limit: 'main thread' | 'processors';
  readonly podRate: number;
  readonly partitions?: number;
  readonly brokers?: number;
  readonly gbit: number;
  readonly shards?: number;
  readonly shardRate?: number;
}

export interface Loss {
  readonly name: string;
  readonly noticed: 'session' | number;
  readonly replacedAfter: number;
  readonly utilisation?: number;
}

export const LOSSES: readonly Loss[];
export function costAt(measured: readonly [number, number], bytes: number): number;
export function podLimit(cost: { readonly main: readonly [number, number]; readonly workers: readonly [number, number] }, bytes: number, cores: number): { readonly rate: number; readonly limit: string };
export function plan(path: string, choices?: Readonly<Record<string, number>>): Plan;
export function loss(one: Loss, choices?: Readonly<Record<string, number>>): SimulationResult & { readonly pods: number; readonly partitions: number };
export function blocks(choices?: Readonly<Record<string, number>>): Readonly<Record<string, string>>;
export function renewed(page: string): string;
