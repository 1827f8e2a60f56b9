import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';

import { validateDefinition, type ValidateOptions } from '../asl/validate/validate.ts';
import type { Diagnostic } from '../errors.ts';
import { parseSource } from '../asl/source.ts';

export type DiagnosticFormat = 'text' | 'json' | 'github';

export interface FormatOptions {
  readonly color: boolean;
  /** Texts by file name, for code frames. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface ValidateCommandOptions {
  readonly format: DiagnosticFormat;
  readonly compatibility: 'strict' | 'extended';
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Read for the file named `-`; the process's own unless given. */
  readonly stdin?: NodeJS.ReadableStream;
  readonly color: boolean;
  readonly type?: 'EXPRESS' | 'STANDARD';
  readonly taskResources?: (resource: string) => boolean;
}

const STDIN = '<stdin>';

/**
 * Validates files (`-` is standard input) and writes what is wrong with them: text with code frames, a JSON array, or
 * GitHub workflow commands. Answers the exit code: 0 all valid, 2 a file cannot be read, 3 a definition is invalid.
 */
export async function validateCommand(files: readonly string[], options: ValidateCommandOptions): Promise<number> {
  const sources = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  let unreadable = 0;
  let invalid = 0;
  for (const name of files) {
    const file = name === '-' ? STDIN : name;
    let text: string;
    try {
      text = name === '-' ? await readAll(options.stdin ?? process.stdin) : await readFile(name, 'utf8');
    } catch (error) {
      unreadable += 1;
      options.stderr.write(`millrace validate: cannot read ${file}: ${reasonOf(error)}\n`);
      continue;
    }
    const validation: ValidateOptions = {
      file, compatibility: options.compatibility,
      ...(options.type === undefined ? {} : { type: options.type }), ...(options.taskResources === undefined ? {} : { taskResources: options.taskResources }),
    };
    const found = validateDefinition(text, validation).toSorted(byPosition);
    sources.set(file, text);
    diagnostics.push(...found);
    if (found.some((diagnostic) => diagnostic.severity === 'ERROR')) invalid += 1;
  }
  const said = formatDiagnostics(diagnostics, options.format, { color: options.color, sources });
  if (said !== '') options.stdout.write(said);
  if (options.format === 'text') options.stderr.write(`${summary(files.length - unreadable, invalid, diagnostics)}\n`);
  return unreadable > 0 ? 2 : invalid > 0 ? 3 : 0;
}

/** Renders diagnostics in a form for people, programs or GitHub. Ends in a line feed unless there is nothing to say. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], format: DiagnosticFormat, options: FormatOptions): string {
  if (format === 'json') return `${JSON.stringify(diagnostics, null, 2)}\n`;
  if (diagnostics.length === 0) return '';
  if (format === 'github') return diagnostics.map(githubLine).join('');
  const frames = new Map<string, Frames>();
  return `${diagnostics.map((diagnostic) => textBlock(diagnostic, options, frames)).join('\n\n')}\n`;
}

interface Frames {
  readonly lines: readonly string[];
  readonly lengthAt: (pointer: string, column: number) => number;
}

const ESC = '\u001b[';
const paint = (color: boolean, code: string, text: string): string => (color ? `${ESC}${code}m${text}${ESC}0m` : text);

function textBlock(diagnostic: Diagnostic, options: FormatOptions, frames: Map<string, Frames>): string {
  const { color } = options;
  const isError = diagnostic.severity === 'ERROR';
  const where = diagnostic.line === undefined ? (diagnostic.file ?? '') : `${diagnostic.file ?? ''}:${String(diagnostic.line)}:${String(diagnostic.column ?? 1)}`;
  const level = paint(color, isError ? '1;31' : '1;33', isError ? 'error' : 'warning');
  const lines = [`${where === '' ? '' : `${paint(color, '1', where)} `}${level} ${diagnostic.code} ${diagnostic.message.trimEnd()}`];
  const text = options.sources.get(diagnostic.file ?? '');
  if (text !== undefined && diagnostic.line !== undefined) {
    let known = frames.get(diagnostic.file ?? '');
    if (known === undefined) {
      const source = parseSource(text);
      known = {
        lines: text.split(/\r?\n/),
        // The name or the value: whichever begins where the diagnostic points.
        lengthAt: (pointer, column) => {
          const key = source.locate(pointer, 'key');
          return key.column === column ? key.length : source.locate(pointer).length;
        },
      };
      frames.set(diagnostic.file ?? '', known);
    }
    lines.push(...codeFrame(diagnostic, known, color));
  }
  lines.push(`  ${paint(color, '2', 'at')} ${diagnostic.pointer === '' ? '/' : diagnostic.pointer}`);
  if (diagnostic.hint !== undefined) lines.push(`  ${paint(color, '36', 'hint:')} ${diagnostic.hint}`);
  return lines.join('\n');
}

/** How much of a long line is shown, and how much of it before the fault. */
const WIDTH = 120;
const LEAD = 60;

function codeFrame(diagnostic: Diagnostic, frames: Frames, color: boolean): string[] {
  const number = diagnostic.line!;
  const line = frames.lines[number - 1] ?? '';
  const at = (diagnostic.column ?? 1) - 1;
  const from = line.length > WIDTH ? Math.max(0, at - LEAD) : 0;
  const shown = line.slice(from, from + WIDTH);
  const prefix = from > 0 ? '…' : '';
  const length = Math.max(1, Math.min(frames.lengthAt(diagnostic.pointer, at + 1), shown.length - (at - from)));
  const gutter = String(number);
  const bar = paint(color, '2', `${' '.repeat(gutter.length)} |`);
  // Tabs are kept in the line of carets, so that they stand below what they mean.
  const blank = shown.slice(0, at - from).replaceAll(/[^\t]/g, ' ');
  return [
    `  ${paint(color, '2', `${gutter} |`)} ${prefix}${shown}`,
    `  ${bar} ${' '.repeat(prefix.length)}${blank}${paint(color, diagnostic.severity === 'ERROR' ? '31' : '33', '^'.repeat(length))}`,
  ];
}

/** A GitHub workflow command; its own escapes keep line breaks, colons and commas apart. */
function githubLine(diagnostic: Diagnostic): string {
  const property = (value: string): string => data(value).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const data = (value: string): string => value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const properties = [
    ...(diagnostic.file === undefined ? [] : [`file=${property(diagnostic.file)}`]),
    ...(diagnostic.line === undefined ? [] : [`line=${String(diagnostic.line)}`, `col=${String(diagnostic.column ?? 1)}`]),
    `title=${property(diagnostic.code)}`,
  ].join(',');
  const hint = diagnostic.hint === undefined ? '' : ` (${diagnostic.hint})`;
  return `::${diagnostic.severity === 'ERROR' ? 'error' : 'warning'} ${properties}::${data(`${diagnostic.message.trimEnd()} at ${diagnostic.pointer === '' ? '/' : diagnostic.pointer}${hint}`)}\n`;
}

const byPosition = (a: Diagnostic, b: Diagnostic): number => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

function summary(files: number, invalid: number, diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'ERROR').length;
  const warnings = diagnostics.length - errors;
  const count = (n: number, word: string): string => `${String(n)} ${word}${n === 1 ? '' : 's'}`;
  return `${count(files, 'definition')}: ${String(files - invalid)} valid, ${String(invalid)} invalid (${count(errors, 'error')}, ${count(warnings, 'warning')})`;
}

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'access is denied';
  return error instanceof Error ? error.message : String(error);
}
