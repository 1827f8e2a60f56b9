import { constants, copyFileSync, linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '../../errors.ts';
import { isAlive } from '../process-alive.ts';

const FILE = 'owner.json';
const HEARTBEAT_MS = 1000;
/** A foreign owner is taken for dead when its heartbeat stands still this long. */
const SILENCE_MS = 3000;
/** Not even a badly set clock makes a heartbeat look this old. */
const LONG_DEAD_MS = 60_000;

interface OwnerNote {
  readonly pid: number;
  /** When the process started, as the kernel counts; tells a process from a later one with the same number. */
  readonly started: string | null;
  /** Where the number means something: the PID namespace, or the host. */
  readonly space: string;
  readonly takenMs: number;
}

export interface Ownership {
  release(): void;
}

const ownedHere = new Set<string>();

/**
 * Makes this process the folder's owner, by a note in it that says which process holds it.
 *
 * The note of a process that is gone is taken over at once. A process in another container cannot be asked whether it
 * lives; its owner touches the note every second, and three seconds without that count as its death.
 * Raises DATA_DIR_UNUSABLE when the folder is owned or cannot be written.
 */
export async function takeOwnership(folder: string): Promise<Ownership> {
  const path = resolve(folder);
  const file = join(path, FILE);
  if (ownedHere.has(path)) {
    throw owned(folder, process.pid);
  }
  ownedHere.add(path);
  try {
    const note = JSON.stringify({ pid: process.pid, started: startOf(process.pid), space: ownSpace(), takenMs: Date.now() } satisfies OwnerNote);
    for (let attempt = 0; !tryCreate(path, file, note); attempt += 1) {
      const found = readNote(file);
      if (attempt > 9 || (found !== undefined && (await lives(found, file)))) {
        throw owned(folder, found?.note?.pid);
      }
      if (found !== undefined) {
        removeStale(path, file, found.text);
      }
    }
  } catch (error) {
    ownedHere.delete(path);
    throw error;
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
  return {
    release: () => {
      clearInterval(heartbeat);
      rmSync(file, { force: true });
      ownedHere.delete(path);
    },
  };
}

/** Creates the note complete or not at all: link is atomic and fails when there is one. */
function tryCreate(path: string, file: string, note: string): boolean {
  const draft = join(path, `${FILE}.${process.pid}`);
  try {
    writeFileSync(draft, note);
    place(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Gives a file a second name; raises EEXIST when that is taken. Copies where the file system knows no links. */
function place(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if (['EEXIST', 'ENOENT', 'ENOSPC', 'EROFS', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
    copyFileSync(source, target, constants.COPYFILE_EXCL);
  }
}

function readNote(file: string): { text: string; note: OwnerNote | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // Released in between.
  }
  try {
    return { text, note: JSON.parse(text) as OwnerNote };
  } catch {
    return { text, note: undefined };
  }
}

async function lives({ text, note }: { text: string; note: OwnerNote | undefined }, file: string): Promise<boolean> {
  if (typeof note?.pid !== 'number') {
    return false;
  }
  if (note.space === ownSpace()) {
    // This very process does not own the folder, or it would be in ownedHere: the number has come round again.
    return note.pid !== process.pid && isAlive(note.pid) && (note.started === null ? note.takenMs > bootTimeMs() : note.started === startOf(note.pid));
  }
  const before = beatOf(file);
  if (before === undefined || Math.abs(Date.now() - before) > LONG_DEAD_MS) {
    return false;
  }
  for (let waitedMs = 0; waitedMs < SILENCE_MS; waitedMs += 100) {
    await delay(100);
    if (beatOf(file) !== before || readNote(file)?.text !== text) {
      return true;
    }
  }
  return false;
}

/** Moves the stale note away. If another process has put its own there meanwhile, that one is put back. */
function removeStale(path: string, file: string, stale: string): void {
  const aside = join(path, `${FILE}.stale.${process.pid}`);
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== stale) {
      place(aside, file);
    }
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
  } finally {
    rmSync(aside, { force: true });
  }
}

function bootTimeMs(): number {
  return Date.now() - uptime() * 1000 - 5000;
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function ownSpace(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function beatOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    // The note is gone or the disk fails; neither changes who owns the folder now.
  }
}

function owned(folder: string, pid: number | undefined): MillraceError {
  const who = pid === undefined ? 'Another process' : `The process ${pid}`;
  return new MillraceError('DATA_DIR_UNUSABLE', `${who} already uses ${folder}. Stop it, or name another dataDir.`);
}
