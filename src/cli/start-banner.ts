import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { paint } from './output.ts';
import type { StreamLines } from './stream-lines.ts';

export interface Served {
  readonly version: string;
  readonly url: string;
  /** Null where nothing is durable. */
  readonly dataDir: string | null;
  readonly functions: { readonly folder: string; readonly names: readonly string[] } | null;
  /** By name, with the file of the definition. */
  readonly machines: readonly { readonly name: string; readonly file: string; readonly comment: string | undefined }[];
  readonly streams?: StreamLines;
  readonly workers: number;
  readonly startupMs: number;
}

/** Says what is served and how to try it; the curl line works when it is pasted into a shell in the folder `cwd`. */
export function banner(served: Served, cwd: string, color: boolean): string {
  const bold = (text: string): string => paint(color, '1', text);
  const dim = (text: string): string => paint(color, '2', text);
  const lines = [`${bold(`Millrace ${served.version}`)} ready in ${served.startupMs} ms at ${bold(served.url)}`, ''];
  const width = Math.max(0, ...served.machines.map(({ name }) => name.length));
  lines.push(bold('State machines'));
  if (served.machines.length === 0) lines.push('  none');
  for (const { name, file, comment } of served.machines) {
    lines.push(`  ${name.padEnd(width)}  POST ${served.url}/v1/machines/${encodeURIComponent(name)}/executions  ${dim(near(file, cwd))}`);
    if (comment !== undefined) lines.push(`  ${' '.repeat(width)}  ${dim(comment)}`);
  }
  lines.push('');
  for (const [title, entries] of [['Sources', served.streams?.sources], ['Schedules', served.streams?.schedules], ['Outputs', served.streams?.outputs]] as const) {
    if (entries === undefined || entries.length === 0) continue;
    const longest = Math.max(...entries.map(({ name }) => name.length));
    lines.push(bold(title), ...entries.map(({ name, text }) => `  ${name.padEnd(longest)}  ${text}`), '');
  }
  if (served.functions !== null) lines.push(`${bold('Functions')}  ${served.functions.names.join(', ') || 'none'}  ${dim(near(served.functions.folder, cwd))}`);
  lines.push(`${bold('Journal')}    ${served.streams?.journal ?? (served.dataDir === null ? 'none: what has not ended is lost with the process' : near(served.dataDir, cwd))}`);
  lines.push(`${bold('Workers')}    ${served.workers}`);
  const line = curlLine(served, cwd);
  if (line !== undefined) lines.push('', 'Try it:', `  ${line}`);
  return `${lines.join('\n')}\n\n`;
}

/** A synchronous start of the first machine that has a sample input beside its definition, else of the first with an empty one. */
function curlLine({ machines, url }: Served, cwd: string): string | undefined {
  const sampled = machines.find(({ file }) => existsSync(sampleOf(file)));
  const machine = sampled ?? machines[0];
  if (machine === undefined) return undefined;
  const data = sampled === undefined ? "'{}'" : shellWord(`@${near(sampleOf(sampled.file), cwd)}`);
  return `curl -s -X POST ${url}/v1/machines/${encodeURIComponent(machine.name)}/sync-executions -H 'content-type: application/json' -d ${data}`;
}

/** triage.asl.json has its sample in triage.input.json. */
const sampleOf = (definition: string): string => `${definition.replace(/(?:\.asl)?\.json$/i, '')}.input.json`;

/** As a person in that folder would write the path. */
function near(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' ? '.' : short.startsWith('..') ? path : short;
}

const shellWord = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
