import type { Row } from './lib/measure.mjs';

type Bound = number | ((node: number) => number);
export interface Goal {
  readonly path: string;
  readonly suite: string;
  readonly case: string;
  readonly measures: readonly { readonly of: (row: Row) => number | undefined; readonly least?: Bound; readonly most?: Bound; readonly unit: string }[];
}
export interface Judged {
  readonly path: string;
  readonly suite: string;
  readonly case: string;
  readonly bound: string;
  readonly measured?: string;
  readonly met?: boolean;
  readonly byPercent: number;
}
export const GOALS: readonly Goal[];
export function judge(rows: readonly Row[], node: string, goals?: readonly Goal[]): Judged[];
export function verdictOf(goal: Pick<Judged, 'met' | 'byPercent'>): string;
