import { readdirSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError, type Diagnostic } from '../errors.ts';
import { redirectImports } from './module-redirects.ts';
import { ModuleVersions } from './module-versions.ts';
import { placeOf, type Place } from './error-place.ts';

/** A user's function, in the form that Lambda's Node runtime takes. */
export type Handler = (event: unknown, context: object) => unknown;

/** The handlers of one folder as they were when it was loaded, by file name without extension. */
export interface Functions {
  readonly revision: string;
  readonly names: readonly string[];
  get(name: string): Handler | undefined;
}

const JAVASCRIPT = new Set(['.js', '.mjs', '.cjs']);
const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);
const DECLARATIONS = /\.d\.[cm]?ts$/;
/** Node strips types by itself from here on. */
const STRIPS_TYPES = Boolean((process.features as { typescript?: unknown }).typescript);

const versions = new ModuleVersions();
/** Loads one folder after the other: a table of redirects must be complete before the imports that it is for. */
let loading: Promise<unknown> = Promise.resolve();

/**
 * Loads the handler of every file of a folder: the export `handler`, else the default one. Files whose names begin with a dot
 * or an underscore, and folders, are for the functions' own use.
 *
 * Loading again loads anew what has changed: files whose text, or the text of anything that they import by relative path, is
 * another. The rest keeps its module instance and with it its state, connections for example; packages always do. Node never
 * lets go of a module, so that every change keeps the memory of what it replaces until the worker ends.
 *
 * @param revision the caller's name for the state of the folder
 * @throws MillraceError INVALID_FUNCTION with a diagnostic for every file that is wrong.
 */
export async function loadFunctions(folder: string, revision: string): Promise<Functions> {
  const load = loading.then(() => loadFolder(folder, revision));
  loading = load.catch(() => undefined);
  return load;
}

async function loadFolder(folder: string, revision: string): Promise<Functions> {
  const handlers = new Map<string, Handler>();
  const diagnostics: Diagnostic[] = [];
  const files = list(folder);
  const paths = files.map((file) => resolve(join(folder, file)));
  const { urls, redirected } = versions.resolve(paths);
  if (redirected) await redirectImports(versions.redirects);
  const fileOf = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    const wrong = ({ message, hint, place }: FileMistake): void => {
      diagnostics.push({ code: 'INVALID_FUNCTION', severity: 'ERROR', pointer: '', message, file: paths[index]!, ...(hint === undefined ? {} : { hint }), ...(place === undefined ? {} : { ...place, column: 1 }) });
    };
    const name = file.slice(0, -extname(file).length);
    const twin = fileOf.get(name);
    fileOf.set(name, file);
    if (twin !== undefined) wrong({ message: `Both ${twin} and ${file} would be the function '${name}'.`, hint: 'Rename or remove one of them.' });
    else if (TYPESCRIPT.has(extname(file)) && !STRIPS_TYPES) {
      wrong({ message: `${file} is TypeScript, which Node ${process.versions.node} cannot load by itself.`, hint: 'Use Node 22.18 or later, or compile it to JavaScript.' });
    } else {
      const loaded = await loadHandler(file, urls[index]!);
      if (typeof loaded === 'function') handlers.set(name, loaded);
      else wrong(loaded);
    }
  }
  if (diagnostics.length > 0) {
    throw new MillraceError('INVALID_FUNCTION', `The functions folder ${folder}: ${diagnostics.map((diagnostic) => diagnostic.message).join(' ')}`, { diagnostics });
  }
  return { revision, names: [...handlers.keys()], get: (name) => handlers.get(name) };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !/^[._]/.test(entry.name) && (JAVASCRIPT.has(extname(entry.name)) || TYPESCRIPT.has(extname(entry.name))) && !DECLARATIONS.test(entry.name))
      .map((entry) => entry.name)
      .toSorted();
  } catch (error) {
    const message = `The functions folder ${folder} cannot be read: ${(error as Error).message}`;
    throw new MillraceError('INVALID_FUNCTION', message, { cause: error, diagnostics: [{ code: 'INVALID_FUNCTION', severity: 'ERROR', pointer: '', message, file: folder }] });
  }
}

interface FileMistake {
  readonly message: string;
  readonly hint?: string;
  /** Where the mistake is, when that is known. */
  readonly place?: Place | undefined;
}

async function loadHandler(file: string, url: string): Promise<Handler | FileMistake> {
  let exported: Record<string, unknown>;
  try {
    exported = (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const own = fileURLToPath(url);
    const place = placeOf(error, url);
    const at = place === undefined ? '' : place.file === own ? ` (line ${place.line})` : ` (${place.file}, line ${place.line})`;
    return { message: `${file} cannot be loaded: ${reason(error)}${at}`, place };
  }
  const inner = exported['default'] as Record<string, unknown> | null | undefined;
  // What compiles modules to CommonJS leaves their default export in a member of that name.
  const candidates = [exported['handler'], inner?.['handler'], inner, inner?.['default']];
  const handler = candidates.find((candidate): candidate is Handler => typeof candidate === 'function');
  if (handler === undefined) return { message: `${file} exports no handler.`, hint: 'Export a function named handler: export const handler = (event, context) => …' };
  if (handler.length > 2) return { message: `The handler of ${file} takes a callback, which would never be called.`, hint: 'Return the result, or a promise of it.' };
  return handler;
}

const reason = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message.replaceAll('\n', ' ')}` : String(error));
