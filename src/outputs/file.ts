import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Output, OutputRecord, Refusal } from '../delivery/outcome.ts';
import { recordLine } from '../delivery/record-line.ts';
import { MillraceError } from '../errors.ts';
import type { CreateOutput } from './contract.ts';

export interface FileSettings {
  readonly path: string;
}

const LIMITS = { maxRecords: 10_000, maxBytes: 8 * 1024 * 1024, maxWrites: 1 };
const NEWLINE = 0x0a;
const TAIL_BYTES = 64 * 1024;
const NOTHING_REFUSED: readonly Refusal[] = [];

interface Opened {
  readonly handle: FileHandle;
  readonly inode: bigint;
  readonly device: bigint;
}

interface Waiting {
  readonly lines: string;
  readonly resolve: () => void;
  readonly reject: (error: MillraceError) => void;
}

/**
 * Appends a line of JSON for each record, and has it on disk before it says so; writes that come while one is under way share
 * the next one's sync. A file that is renamed or removed is begun anew, and what may have gone only to the old one is written
 * again: whoever renames the file first and reads it then misses nothing.
 */
export const createFileOutput: CreateOutput<FileSettings> = ({ path }) => {
  let opened: Opened | undefined;
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let trouble: string | undefined;
  let closed = false;

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const bytes = Buffer.from(batch.map(({ lines }) => lines).join(''), 'utf8');
        do {
          opened ??= await openForAppending(path);
          await append(opened.handle, bytes);
          // Renamed meanwhile: nobody may look into the old file any more.
        } while (!(await stillThere()));
        trouble = undefined;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        await discard();
        trouble = explain(error as NodeJS.ErrnoException, path);
        const fault = new MillraceError('OUTPUT_UNAVAILABLE', trouble, { cause: error });
        for (const { reject } of batch) reject(fault);
      }
    }
    working = undefined;
  };

  const discard = async (): Promise<void> => {
    const handle = opened?.handle;
    opened = undefined;
    await handle?.close().catch(() => undefined);
  };

  const stillThere = async (): Promise<boolean> => {
    try {
      const { ino, dev } = await stat(path, { bigint: true });
      if (ino === opened?.inode && dev === opened.device) return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await discard();
    return false;
  };

  const output: Output = {
    limits: LIMITS,
    async write(records: readonly OutputRecord[]) {
      if (closed) throw new MillraceError('OUTPUT_UNAVAILABLE', `The output to the file ${path} is closed.`);
      if (records.length === 0) return NOTHING_REFUSED;
      await new Promise<void>((resolve, reject) => {
        waiting.push({ lines: records.map(recordLine).join(''), resolve, reject });
        working ??= work();
      });
      return NOTHING_REFUSED;
    },
    async close() {
      closed = true;
      await working;
      await discard();
    },
    get trouble() {
      return trouble;
    },
  };
  return output;
};

/** Opens the file, its folders made where they are missing, and sees that it ends with a whole line. */
async function openForAppending(path: string): Promise<Opened> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const handle = await open(path, 'a+', 0o644);
  try {
    const { ino, dev, size } = await handle.stat({ bigint: true });
    if (size === 0n) await syncFolder(folder);
    else await mendTail(handle, Number(size));
    return { handle, inode: ino, device: dev };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A new file is there after a power cut only if its folder is on disk as well. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a process that died left of a line is cut off: nobody was told that it was written. A whole line gets its break. */
async function mendTail(handle: FileHandle, size: number): Promise<void> {
  let tail = Buffer.alloc(0);
  let from = size;
  while (from > 0 && !tail.includes(NEWLINE)) {
    const length = Math.min(from, TAIL_BYTES);
    from -= length;
    const piece = Buffer.alloc(length);
    await handle.read(piece, 0, length, from);
    tail = Buffer.concat([piece, tail]);
  }
  const begins = tail.lastIndexOf(NEWLINE) + 1;
  if (begins === tail.length) return;
  if (isJson(tail.toString('utf8', begins))) await handle.write('\n');
  else await handle.truncate(from + begins);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Writes all of it and has it on disk, or leaves the file as it was. */
async function append(handle: FileHandle, bytes: Buffer): Promise<void> {
  const { size } = await handle.stat();
  let written = 0;
  try {
    while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
    await handle.datasync();
  } catch (error) {
    // Only if nobody else has appended meanwhile: theirs would be cut off too.
    if (written > 0 && (await handle.stat()).size === size + written) await handle.truncate(size).catch(() => undefined);
    throw error;
  }
}

function explain(error: NodeJS.ErrnoException, path: string): string {
  const what: Readonly<Record<string, string>> = { ENOSPC: 'the disk is full', EDQUOT: 'the quota of its disk is used up', EACCES: 'writing to it is not allowed', EROFS: 'its file system is read-only', EISDIR: 'it is a folder', ENOTDIR: 'a part of its path is not a folder' };
  return `The file ${path} cannot be written: ${what[error.code ?? ''] ?? error.message}.`;
}
