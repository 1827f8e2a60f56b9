import type { Row } from './measure.mjs';

export interface Results {
  readonly format: string;
  readonly version: number;
  readonly date: string;
  readonly revision: { readonly commit: string; readonly changed: boolean } | null;
  readonly node: string;
  readonly v8: string;
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly loadBefore: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly settings: { readonly rounds: number; readonly roundMs: number; readonly smoke: boolean; readonly suites: readonly string[] };
  readonly skipped: readonly { readonly suite: string; readonly why: string }[];
  readonly rows: readonly Row[];
}
export class BadResults extends Error {}
export const BUSY: number;
export function loadPerCore(): number;
export function envelope(run: Pick<Results, 'settings' | 'rows' | 'skipped'> & { readonly load: number }): Results;
export function mergeResults(all: readonly Results[]): Results;
export function writeResults(file: string, results: Results): void;
export function readResults(file: string): Results;
export function parseResults(text: string, file: string): Results;
