import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const NEWLINE = 0x0a;
const TAIL_BYTES = 64 * 1024;

interface Opened {
  readonly handle: FileHandle;
  readonly inode: bigint;
  readonly device: bigint;
}

/** Appends whole lines to a file that others may rename, remove and append to. */
export interface Appender {
  /**
   * Resolves once the bytes are on disk in a file of that name. One that was renamed or removed is begun anew, and what may
   * have gone only to the old one is written again: whoever renames the file first and reads it then misses nothing. Not to
   * be called while another call is under way.
   *
   * @throws NodeJS.ErrnoException; no part of the bytes is left in the file then
   */
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** While there is a file of this name, somebody rewrites the other one. */
export const lockOf = (path: string): string => `${path}.lock`;

export function createAppender(path: string): Appender {
  let opened: Opened | undefined;

  const discard = async (): Promise<void> => {
    const handle = opened?.handle;
    opened = undefined;
    await handle?.close().catch(() => undefined);
  };

  const stillThere = async (): Promise<boolean> => {
    const now = await statusOf(path);
    if (now !== undefined && now.ino === opened?.inode && now.dev === opened.device) return true;
    await discard();
    return false;
  };

  return {
    async append(bytes) {
      try {
        do {
          opened ??= await openForAppending(path);
          await writeAll(opened.handle, bytes);
        } while (!(await stillThere()));
      } catch (error) {
        await discard();
        throw error;
      }
    },
    close: discard,
  };
}

async function statusOf(path: string): Promise<{ readonly ino: bigint; readonly dev: bigint } | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Opens the file, its folders made where they are missing, and sees that it ends with a whole line. */
async function openForAppending(path: string): Promise<Opened> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const handle = await open(path, 'a+', 0o644);
  try {
    const { ino, dev, size } = await handle.stat({ bigint: true });
    if (size === 0n) await syncFolder(folder);
    else await mendTail(handle, Number(size), (await statusOf(lockOf(path))) !== undefined);
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

/**
 * What a process that died left of a line is cut off: nobody was told that it was written. A whole line gets its break. Where
 * somebody else may be writing that line, nothing is cut: it gets a break as well, and readers pass it by.
 */
async function mendTail(handle: FileHandle, size: number, shared: boolean): Promise<void> {
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
  if (shared || isJson(tail.toString('utf8', begins))) await handle.write('\n');
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
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
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

/** What keeps a file from being written, in words. */
export function explainWriting(error: NodeJS.ErrnoException, path: string): string {
  const what: Readonly<Record<string, string>> = { ENOSPC: 'the disk is full', EDQUOT: 'the quota of its disk is used up', EACCES: 'writing to it is not allowed', EROFS: 'its file system is read-only', EISDIR: 'it is a folder', ENOTDIR: 'a part of its path is not a folder' };
  return `The file ${path} cannot be written: ${what[error.code ?? ''] ?? error.message}.`;
}
