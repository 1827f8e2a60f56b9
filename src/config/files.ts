import { readdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Mistakes } from './mistakes.ts';

/** A path of the configuration, where it is named, and what it is called there. */
export interface NamedPath {
  readonly name: string;
  readonly pointer: string;
  readonly written: string;
  readonly folder: string;
  readonly offset: number | undefined;
}

/** The absolute path of a file that has to be readable; its text goes to `use`. */
export function filePath(path: NamedPath, mistakes: Mistakes, use?: (text: string) => void): string {
  const absolute = resolve(path.folder, path.written);
  try {
    const text = readFileSync(absolute, 'utf8');
    use?.(text);
  } catch (error) {
    trouble(path, absolute, 'file', error, mistakes);
  }
  return absolute;
}

/** The absolute path of a folder that has to be readable. */
export function folderPath(path: NamedPath, mistakes: Mistakes): string {
  const absolute = resolve(path.folder, path.written);
  try {
    readdirSync(absolute);
  } catch (error) {
    trouble(path, absolute, 'folder', error, mistakes);
  }
  return absolute;
}

export function jsonPath(path: NamedPath, mistakes: Mistakes, use?: (text: string) => void): string {
  return filePath(path, mistakes, (text) => {
    try {
      JSON.parse(text);
      use?.(text);
    } catch (error) {
      mistakes.add('INVALID_JSON', path.pointer, `${path.name} names ${path.written}, which is not JSON: ${(error as Error).message}.`, path.offset);
    }
  });
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function trouble(path: NamedPath, absolute: string, kind: 'file' | 'folder', error: unknown, mistakes: Mistakes): void {
  const { code } = error as NodeJS.ErrnoException;
  const start = `${path.name} names ${path.written}`;
  if (code === 'ENOENT') mistakes.add('MISSING_FILE', path.pointer, `${start}, which does not exist.`, path.offset, `It would be ${absolute}: paths are relative to the folder of the configuration file.`);
  else if (code === 'EISDIR') mistakes.add('UNREADABLE_FILE', path.pointer, `${start}, which is a folder; a ${kind} is needed.`, path.offset);
  else if (code === 'ENOTDIR') mistakes.add('UNREADABLE_FILE', path.pointer, `${start}, which is ${kind === 'folder' ? 'not a folder' : 'below something that is not a folder'}.`, path.offset);
  else mistakes.add('UNREADABLE_FILE', path.pointer, `${start}, which cannot be read: ${(error as Error).message}.`, path.offset);
}
