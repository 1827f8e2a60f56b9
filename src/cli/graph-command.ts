import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseSource } from '../asl/source.ts';
import { MillraceError } from '../errors.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { graph } from './graph.ts';
import { fileTrouble } from './output.ts';

/** Writes a definition's drawing to standard output. It need not be valid: a drawing helps to see why. `-` is standard input. */
export async function graphCommand(file: string, format: 'mermaid' | 'dot'): Promise<number> {
  let text: string;
  try {
    text = file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(fileTrouble(error, file));
  }
  const name = file === '-' ? '<stdin>' : file;
  const { value, diagnostics } = parseSource(text, name);
  if (value === undefined) throw new MillraceError('INVALID_DEFINITION', `${name} is not JSON.`, { diagnostics });
  const drawing = graph(value, format);
  process.stdout.write(drawing.endsWith('\n') ? drawing : `${drawing}\n`);
  return EXIT.done;
}
