import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import type { DeadLetterFlags, Terminal } from '../../src/cli/dead-letters.ts';
import { EXIT, UsageError } from '../../src/cli/exit-codes.ts';
import type { OutputKindSettings } from '../../src/config/settings.ts';
import { deadLetterRecord } from '../../src/delivery/dead-letter.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { MillraceError } from '../../src/errors.ts';
import { createOutput } from '../../src/outputs/table.ts';
import { silentLog } from '../../src/telemetry/log.ts';

export const TRIAGE = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } });

/** A folder with a configuration, removed after the test. */
export function createProject(yaml: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-letters-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'triage.asl.json': TRIAGE, ...files, 'millrace.yaml': yaml })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Puts dead letters where a server would. */
export async function putLetters(kind: OutputKindSettings, outcomes: readonly Outcome[]): Promise<void> {
  const output = await createOutput(kind, { name: 'lost', log: silentLog });
  for (let from = 0; from < outcomes.length; from += output.limits.maxRecords) {
    expect(await output.write(outcomes.slice(from, from + output.limits.maxRecords).map(deadLetterRecord))).toEqual([]);
  }
  await output.close();
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Of standard output, parsed. */
  readonly lines: readonly Record<string, any>[];
}

type Run = (flags: DeadLetterFlags, terminal: Terminal) => Promise<number>;

/** Runs a command in the folder; `answer` is what the person types who sits at the terminal, if there is one. */
export async function run(command: Run, folder: string, flags: DeadLetterFlags = {}, { answer, interrupted = new AbortController().signal }: { answer?: string; interrupted?: AbortSignal } = {}): Promise<Ran> {
  const isTTY = answer !== undefined;
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString('utf8');
  });
  if (answer !== undefined) stdin.end(`${answer}\n`);
  let code: number;
  try {
    code = await command(flags, { stdin: Object.assign(stdin, { isTTY }), stdout: Object.assign(stdout, { isTTY }), stderr: Object.assign(stderr, { isTTY }), cwd: folder, env: { NO_COLOR: '1' }, interrupted });
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof MillraceError)) throw error;
    stderr.write(`${error.message}\n`);
    code = error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  const [out = '', err = ''] = texts.map((text) => text());
  return {
    code,
    stdout: out,
    stderr: err,
    get lines() {
      return out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, any>);
    },
  };
}
