import { millrace } from './millrace.ts';

/** What `--json` prints, as far as tests look at it. */
export interface Summary {
  readonly target: string;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly refused: number;
  readonly unsent: number;
  readonly rate: number;
  readonly targetRate: number | null;
  readonly openLoop: boolean;
  readonly latencyMs: Record<string, number> | null;
  readonly errors: Record<string, number>;
  readonly exceeded: readonly string[];
  readonly series: readonly { readonly at: number; readonly sent: number; readonly ok: number }[];
}

/** Runs `millrace load` to its end. */
export async function load(...args: readonly string[]): Promise<Summary & { readonly code: number | null }> {
  const { code, stdout, stderr } = await millrace(['load', ...args, '--json', '--plain']);
  if (stdout === '') throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as Summary) };
}
