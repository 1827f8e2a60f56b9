import type { Row } from './measure.mjs';

export interface SuiteOptions {
  readonly rounds: number;
  readonly smoke: boolean;
  readonly progress: (text: string) => void;
  readonly skip: (why: string) => void;
}
export function runSuites(
  suites: Readonly<Record<string, { load(): Promise<{ run(options: SuiteOptions): unknown }> }>>,
  settings: { readonly rounds: number; readonly smoke: boolean },
  streams?: { print?: (line: string) => void; warn?: (line: string) => void; stream?: { isTTY?: boolean; columns?: number; write(text: string): unknown } },
): Promise<{ rows: Row[]; skipped: { suite: string; why: string }[]; failed: string[] }>;
