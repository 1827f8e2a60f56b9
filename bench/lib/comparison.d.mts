import type { Results } from './results.mjs';

export const SIGNIFICANCE: number;
export interface Compared {
  readonly suite: string;
  readonly case: string;
  readonly base?: number;
  readonly current?: number;
  readonly changePercent?: number;
  readonly chance?: number;
  readonly verdict: 'worse' | 'better' | 'same' | 'undecided' | 'gone' | 'new';
}
export function compareResults(base: Results, current: Results, options: { readonly leastPercent: number }): Compared[];
export function differences(base: Results, current: Results): string[];
