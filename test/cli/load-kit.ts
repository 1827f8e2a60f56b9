import { millrace, startMillrace, until } from './millrace.ts';

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

/** Kills what is sent to while events are sent, starts it again, and answers what came of it once events are taken again. */
export async function throughAnOutage(args: readonly string[], server: { kill(): Promise<void>; start(): Promise<void> }): Promise<Summary> {
  const load = startMillrace(['load', ...args, '--rate', '200', '--timeout', '5s', '--json', '--plain']);
  // The lines of progress say how many were taken.
  const taken = (): number => Number(/([\d,]+) ok/.exec(load.stderr().trimEnd().split('\n').at(-1) ?? '')?.[1]?.replaceAll(',', '') ?? 0);
  const failures = (): number => Number(/([\d,]+) failed/.exec(load.stderr().trimEnd().split('\n').at(-1) ?? '')?.[1]?.replaceAll(',', '') ?? 0);
  await until(() => taken() > 0, 'events are taken');
  await server.kill();
  await until(() => failures() > 0, 'events fail');
  await server.start();
  const before = taken();
  await until(() => taken() > before + 200, 'events are taken again');
  load.child.kill('SIGINT');
  return JSON.parse((await load.finished).stdout) as Summary;
}
