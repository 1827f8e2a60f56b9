import { isAbsolute, relative } from 'node:path';
import type { Writable } from 'node:stream';
import type { Diagnostic } from '../errors.ts';
import { MillraceError } from '../errors.ts';
import { EXIT, UsageError } from './exit-codes.ts';

export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Colours only for eyes: on a terminal, unless NO_COLOR asks for none (no-color.org). */
export const wantsColor = (stream: TextStream, env: NodeJS.ProcessEnv = process.env): boolean =>
  stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

export const paint = (color: boolean, code: string, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);

/** Faults of the platform that are mistakes in what the user wrote, each with the exit code of its kind. */
const EXIT_BY_CODE: Partial<Record<MillraceError['code'], number>> = {
  INVALID_CONFIG: EXIT.usage,
  INVALID_DEFINITION: EXIT.invalidDefinition,
  INVALID_FUNCTION: EXIT.invalidDefinition,
};

/**
 * Says on `stderr` why a command ends, all diagnostics included, and answers its exit code. What nobody foresaw is shown
 * with its stack.
 */
export async function reportFault(error: unknown, command: string, stderr: TextStream): Promise<number> {
  const color = wantsColor(stderr);
  const head = `${paint(color, '1;31', 'error')} ${command}:`;
  if (error instanceof UsageError) {
    stderr.write(`${head} ${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof MillraceError) {
    if (error.diagnostics.length > 0) {
      const { formatDiagnostics } = await import('./validate.ts');
      const diagnostics = error.diagnostics.map(shortened).toSorted(byPlace);
      const sources = color ? await readSources(diagnostics) : new Map<string, string>();
      stderr.write(formatDiagnostics(diagnostics, 'text', { color, sources }));
      const count = diagnostics.length;
      stderr.write(`${head} ${count === 1 ? 'one mistake' : `${count} mistakes`} [${error.code}]\n`);
    } else stderr.write(`${head} ${error.message} [${error.code}]\n`);
    return EXIT_BY_CODE[error.code] ?? EXIT.failed;
  }
  stderr.write(`${head} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}

/** Files in the current folder or below are named as a person there would name them. */
function shortened(diagnostic: Diagnostic): Diagnostic {
  if (diagnostic.file === undefined || !isAbsolute(diagnostic.file)) return diagnostic;
  const short = relative(process.cwd(), diagnostic.file);
  return short === '' || short.startsWith('..') ? diagnostic : { ...diagnostic, file: short };
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return (a.file ?? '') < (b.file ?? '') ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** The texts that code frames quote. A file that cannot be read has no frames. */
async function readSources(diagnostics: readonly Diagnostic[]): Promise<Map<string, string>> {
  const { readFile } = await import('node:fs/promises');
  const sources = new Map<string, string>();
  for (const file of new Set(diagnostics.map((diagnostic) => diagnostic.file))) {
    if (file === undefined) continue;
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) sources.set(file, text);
  }
  return sources;
}

/** What is wrong with a file that could not be opened, in words. */
export function fileTrouble(error: unknown, file: string): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return `There is no file ${file}.`;
  if (code === 'EISDIR') return `${file} is a folder; a file is needed.`;
  if (code === 'EACCES') return `Access to ${file} is denied.`;
  return `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
}

const FLUSH_CHARS = 64 * 1024;

/**
 * Joins lines into large writes. The reader's pace is the stream's: `full` says to wait, `onDrain` when it is over. A reader
 * that goes away (EPIPE) is told by `onGone`, and so is a disk that fills up.
 */
export class LineWriter {
  readonly #stream: Writable;
  #text = '';
  #flushSoon = false;
  #fault: Error | undefined;
  onDrain: () => void = () => undefined;
  onGone: (error: NodeJS.ErrnoException) => void = () => undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => this.onDrain());
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#fault !== undefined) return;
      this.#fault = error;
      this.onGone(error);
    });
  }

  get full(): boolean {
    return this.#stream.writableNeedDrain;
  }

  write(line: string): void {
    this.#text += line;
    if (this.#text.length >= FLUSH_CHARS) this.flush();
    else if (!this.#flushSoon) {
      this.#flushSoon = true;
      setImmediate(() => {
        this.#flushSoon = false;
        this.flush();
      });
    }
  }

  flush(): void {
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    if (this.#fault === undefined) this.#stream.write(text);
  }

  /** Resolves when everything has left the process, or the stream has failed. Standard output stays open. */
  async end(): Promise<void> {
    this.flush();
    if (this.#fault !== undefined) return;
    await new Promise<void>((resolve) => {
      const done = (): void => resolve();
      this.#stream.once('error', done);
      if (this.#stream === process.stdout) this.#stream.write('', done);
      else this.#stream.end(done);
    });
  }
}
