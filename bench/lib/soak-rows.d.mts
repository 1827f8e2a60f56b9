import type { Row } from './measure.mjs';

export interface Look {
  readonly ms: number;
  readonly ended: number;
  readonly failed: number;
  readonly rssBytes: number;
  readonly files: number;
  readonly cpuMs: number;
}
export function shouldFail(made: Readonly<Record<string, number>>): number;
export function rowsOf(soak: {
  readonly samples: readonly Look[];
  readonly begin: number;
  readonly saturated: number;
  readonly accepted: number;
  readonly made: Readonly<Record<string, number>>;
  readonly refused: { readonly http: number };
  readonly end: Look;
}): Row[];
