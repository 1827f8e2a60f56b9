import { fileURLToPath } from 'node:url';

export interface Place {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
}

/** What is not said within this, because something at the top level of an import takes its time, is not said. */
const LONGEST_MS = 10_000;

/** Above the message of a syntax error Node puts where it is, on a line of its own. */
const HEAD = /^(file:\/\/\S+?|\/.*?|[A-Za-z]:\\.*?)(?:\?\S*?)?:(\d+)$/m;

/** Where a module that could not be loaded went wrong: at the syntax error, else at the line of its own code that threw. */
export function placeOf(error: unknown, url: string): Place | undefined {
  const stack = String((error as { stack?: unknown } | null)?.stack ?? '');
  if (!(error instanceof SyntaxError)) return frameOf(stack, url);
  return headOf(stack) ?? headOf(printed(url));
}

function headOf(text: string): Place | undefined {
  const [, place, line] = HEAD.exec(text) ?? [];
  if (place === undefined || line === undefined) return undefined;
  return { file: place.startsWith('file:') ? fileURLToPath(place) : place, line: Number(line) };
}

function frameOf(stack: string, url: string): Place | undefined {
  const plain = url.split('?', 1)[0]!;
  const file = fileURLToPath(plain);
  for (const name of [plain, file]) {
    const [, line] = new RegExp(`${name.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')}(?:\\?[^:\\s]*)?:(\\d+)`).exec(stack) ?? [];
    if (line !== undefined) return { file, line: Number(line) };
  }
  return undefined;
}

/**
 * What Node prints when the module ends a process. It keeps the place of a syntax error in an ES module from the error
 * itself, so a process of its own has to import the module. No code runs twice for that: a graph of modules of which one
 * cannot be parsed is not evaluated.
 */
function printed(url: string): string {
  const code = `await import(${JSON.stringify(url.split('?', 1)[0])})`;
  // Loaded when it is needed, which is hardly ever: a tenth of what each worker thread loads at its start.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8', timeout: LONGEST_MS, stdio: ['ignore', 'ignore', 'pipe'] });
  return String(stderr);
}
