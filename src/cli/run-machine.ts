import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './exit-codes.ts';
import { fileTrouble } from './output.ts';

export interface MachineFile {
  /** From the file's name; usable in execution names. */
  readonly name: string;
  readonly definition: string;
  readonly functions: string | undefined;
}

/** Longer prefixes would not leave room for an index within the 80 characters of an execution name. */
const MAX_NAME_CHARS = 60;

/**
 * Reads a state machine's file and finds its functions: the folder asked for, else `functions` beside the file or one level
 * up, if there is one.
 */
export async function readMachine(file: string, functions: string | undefined): Promise<MachineFile> {
  let definition: string;
  try {
    definition = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(fileTrouble(error, file));
  }
  if (functions !== undefined && !(await isFolder(functions))) throw new UsageError(`There is no folder ${functions} to take functions from.`);
  return { name: nameOf(file), definition, functions: functions === undefined ? await functionsNear(file) : resolve(functions) };
}

async function functionsNear(file: string): Promise<string | undefined> {
  const folder = dirname(resolve(file));
  for (const candidate of [join(folder, 'functions'), join(folder, '..', 'functions')]) if (await isFolder(candidate)) return candidate;
  return undefined;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

function nameOf(file: string): string {
  const bare = basename(file).replace(/\.json$/i, '').replace(/\.asl$/i, '');
  return bare.replaceAll(/[^\w-]+/g, '-').slice(0, MAX_NAME_CHARS) || 'machine';
}
