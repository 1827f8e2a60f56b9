import { closeSync, existsSync, fsyncSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const DATA_FILE = 'data.mdb';
const LOCK_FILE = 'lock.mdb';
/** What lmdb's table of readers takes at most, with room to spare. */
const LOCK_BYTES = 16 * 1024;
/** What an empty journal and its first commits take. */
const FIRST_BYTES = 256 * 1024;

/** lmdb's data format 2: two pages that begin with a 24-byte page header, then magic(4) version(4) address(8) map size(8) page size(4). */
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const MAGIC = 0xbeef_c0de;
const FORMAT = 2;

/** A file that cannot be the journal's, or has been damaged as a whole. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile';
}

/**
 * Finds out in JavaScript what would make lmdb's `open` fail: lmdb 3.5.6 frees its environment twice when it cannot open a
 * file, and the process is gone (seen: SIGSEGV on a foreign file). Its lock file is filled up beforehand because lmdb writes
 * to it through memory, where a full disk is a SIGBUS.
 */
export function preflight(folder: string): void {
  fill(join(folder, LOCK_FILE), LOCK_BYTES);
  const file = join(folder, DATA_FILE);
  if (existsSync(file) && statSync(file).size > 0) {
    checkHeader(file);
  } else {
    const probe = join(folder, 'room.tmp');
    try {
      fill(probe, FIRST_BYTES);
    } finally {
      rmSync(probe, { force: true });
    }
  }
}

function fill(file: string, bytes: number): void {
  const size = existsSync(file) ? statSync(file).size : 0;
  const descriptor = openSync(file, size > 0 ? 'r+' : 'w');
  try {
    for (let at = size; at < bytes; ) {
      at += writeSync(descriptor, Buffer.alloc(bytes - at), 0, bytes - at, at);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checkHeader(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    const pageBytes = checkMeta(descriptor, 0);
    checkMeta(descriptor, pageBytes);
  } finally {
    closeSync(descriptor);
  }
}

function checkMeta(descriptor: number, position: number): number {
  const head = Buffer.alloc(PAGE_SIZE_AT + 4);
  if (readSync(descriptor, head, 0, head.length, position) < head.length || head.readUInt32LE(MAGIC_AT) !== MAGIC) {
    throw new DamagedFile(`${DATA_FILE} is not an lmdb file, or has lost its beginning`);
  }
  const version = head.readUInt32LE(MAGIC_AT + 4) & 0xffff;
  if (version !== FORMAT) {
    throw new DamagedFile(`${DATA_FILE} has lmdb's data format ${version}; this version reads format ${FORMAT}`);
  }
  return head.readUInt32LE(PAGE_SIZE_AT);
}
