import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readDeadLetter } from '../../delivery/dead-letter.ts';
import { isAlive } from '../../delivery/process-alive.ts';
import { readRecordLine } from '../../delivery/record-line.ts';
import { MillraceError } from '../../errors.ts';
import { type Appender, createAppender, explainWriting, lockOf } from '../appender.ts';
import type { DeadLetterStore, Stored, StoreParts } from './contract.ts';

const LOT_LETTERS = 200;
const LOT_BYTES = 4 * 1024 * 1024;
const WRITE_BYTES = 1024 * 1024;
const ID_LENGTH = 12;

interface Line {
  readonly bytes: Buffer;
  readonly number: number;
  /** False for what follows the last line break. */
  readonly whole: boolean;
}

/**
 * The lines of a file. To remove some, the file is renamed first: a server that appends to it begins a new one, and writes
 * again what went to the old one only. What is kept is appended to the new one at the end. A file that was taken by a process
 * which died is found again by its name.
 */
export function createFileStore(path: string, { readOnly }: StoreParts): DeadLetterStore {
  const removed = new Map<string, Set<number>>();
  const places = new WeakMap<Stored, { readonly file: string; readonly number: number }>();
  let taken: string[] = [];
  let locked = false;

  const take = async (): Promise<string[]> => {
    locked = await lock(path);
    if (!locked) return [];
    const mine = `${path}.taken-${new Date().toISOString().replaceAll(/[-:.]/g, '')}-${process.pid}`;
    await rename(path, mine).catch(unlessMissing);
    return leftOf(path);
  };

  const putBack = async (): Promise<void> => {
    const appender = createAppender(path);
    try {
      for (const file of taken) {
        await copyKept(file, removed.get(file), appender);
        await rm(file);
      }
    } catch (error) {
      throw new MillraceError('OUTPUT_UNAVAILABLE', `${explainWriting(error as NodeJS.ErrnoException, path)} What was taken out of it is in ${taken.join(', ')} and is found there the next time.`, { cause: error });
    } finally {
      await appender.close();
    }
  };

  return {
    async *read() {
      const files = readOnly ? [...(await leftOf(path)), path] : (taken = await take());
      for (const file of files) {
        let lot: Stored[] = [];
        let bytes = 0;
        for await (const { bytes: line, number } of linesOf(file)) {
          const record = readRecordLine(line.toString('utf8'));
          const letter = record === null ? null : readDeadLetter(record);
          if (letter === null) continue;
          const stored = { id: hash('sha1', line).slice(0, ID_LENGTH), letter };
          places.set(stored, { file, number });
          lot.push(stored);
          bytes += line.length;
          if (lot.length < LOT_LETTERS && bytes < LOT_BYTES) continue;
          yield lot;
          lot = [];
          bytes = 0;
        }
        if (lot.length > 0) yield lot;
      }
    },
    remove(letters) {
      for (const stored of letters) {
        const { file, number } = places.get(stored)!;
        const numbers = removed.get(file) ?? new Set();
        removed.set(file, numbers.add(number));
      }
      return Promise.resolve();
    },
    async close() {
      if (!locked) return;
      try {
        await putBack();
      } finally {
        locked = false;
        await rm(lockOf(path), { force: true });
      }
    },
    notes: [],
  };
}

/** One process at a time rewrites a file; the lock of one that died does not count. False where there is not even a folder. */
async function lock(path: string): Promise<boolean> {
  for (;;) {
    try {
      const handle = await open(lockOf(path), 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return false;
      if (code !== 'EEXIST') throw new MillraceError('OUTPUT_UNAVAILABLE', explainWriting(error as NodeJS.ErrnoException, lockOf(path)), { cause: error });
    }
    const owner = Number(await readFile(lockOf(path), 'utf8').catch(() => ''));
    if (owner > 0 && isAlive(owner)) {
      throw new MillraceError('OUTPUT_UNAVAILABLE', `The process ${owner} is changing ${path}. Wait until it has ended; if it is no Millrace, remove ${lockOf(path)}.`);
    }
    await rm(lockOf(path), { force: true });
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** What was taken out of the file and not put back, the oldest first. */
async function leftOf(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.taken-`;
  const names = await readdir(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    unlessMissing(error);
    return [] as string[];
  });
  return names.filter((name) => name.startsWith(prefix)).toSorted().map((name) => join(dirname(path), name));
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  let number = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      const bytes = chunk as Buffer;
      let from = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
        rest.push(bytes.subarray(from, end));
        yield { bytes: Buffer.concat(rest), number: number++, whole: true };
        rest = [];
        from = end + 1;
      }
      if (from < bytes.length) rest.push(bytes.subarray(from));
    }
  } catch (error) {
    unlessMissing(error as NodeJS.ErrnoException);
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), number, whole: false };
}

/** Appends what was not removed. The beginning of a line whose writer died is left out: nobody was told that it was written. */
async function copyKept(file: string, removed: ReadonlySet<number> | undefined, appender: Appender): Promise<void> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  const write = async (): Promise<void> => {
    if (pieces.length > 0) await appender.append(Buffer.concat(pieces));
    pieces = [];
    bytes = 0;
  };
  for await (const line of linesOf(file)) {
    if (removed?.has(line.number) === true || (!line.whole && readRecordLine(line.bytes.toString('utf8')) === null)) continue;
    pieces.push(line.bytes, NEWLINE);
    bytes += line.bytes.length + 1;
    if (bytes >= WRITE_BYTES) await write();
  }
  await write();
}

const NEWLINE = Buffer.from('\n');
