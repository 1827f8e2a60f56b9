import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * The oracle of the fault suite. Every execution writes what it does into a file of its process and thread, with a plain
 * write: what was written before a kill -9 is there after it.
 *
 *   line := "b" key n pid at | "e" key n pid at        an execution began, or ended; at in milliseconds of the monotonic clock,
 *                                                      which all processes of a machine share
 */
const NOTE_AT_ONCE = 'const write = (line) => writeSync(file, line);';
const NOTE_LATER = `
let lines = [];
const write = (line) => {
  if (lines.push(line) === 1) setTimeout(() => writeSync(file, lines.splice(0).join('')), 50);
};`;

const functionText = (buffered: boolean): string => `
import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
const folder = process.env.MILLRACE_LEDGER;
mkdirSync(folder, { recursive: true });
const file = openSync(join(folder, process.pid + '-' + threadId + '-' + Date.now() + '.log'), 'a');
${buffered ? NOTE_LATER : NOTE_AT_ONCE}
const note = (what, key, n) => write(what + ' ' + key + ' ' + n + ' ' + process.pid + ' ' + (Number(process.hrtime.bigint()) / 1e6).toFixed(3) + '\\n');
export const handler = async ({ key, n, ms, die }) => {
  if (die) process.exit(1);
  note('b', key, n);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  note('e', key, n);
  return { key, n };
};
`;

const MACHINE = { StartAt: 'Record', States: { Record: { Type: 'Task', Resource: 'record', End: true } } };

export interface Note {
  readonly what: 'b' | 'e';
  readonly key: string;
  readonly n: number;
  readonly pid: number;
  readonly atMs: number;
}

/** What the ledger says of the time now. */
export const ledgerNow = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Writes the machine and its function into a folder. */
export function writeLedgerMachine(folder: string, buffered = false): void {
  mkdirSync(join(folder, 'functions'), { recursive: true });
  writeFileSync(join(folder, 'functions', 'record.mjs'), functionText(buffered));
  writeFileSync(join(folder, 'record.asl.json'), JSON.stringify(MACHINE));
}

export class Ledger {
  readonly folder: string;
  readonly #ended = new Set<string>();
  readonly #read = new Map<string, number>();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Everything that was noted, by time. A last line that a kill cut off is left out. */
  read(): Note[] {
    const notes: Note[] = [];
    for (const file of readdirSync(this.folder)) {
      const text = readFileSync(join(this.folder, file), 'utf8');
      for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
        const [what, key, n, pid, at] = line.split(' ');
        if (at !== undefined) notes.push({ what: what as 'b' | 'e', key: key!, n: Number(n), pid: Number(pid), atMs: Number(at) });
      }
    }
    return notes.sort((a, b) => a.atMs - b.atMs);
  }

  /** How many different events have ended: reads only what has been written since it was asked last. */
  ended(): number {
    for (const file of readdirSync(this.folder)) {
      const text = this.#news(file);
      for (const line of text.split('\n')) {
        if (!line.startsWith('e ')) continue;
        this.#ended.add(line.slice(2, line.indexOf(' ', line.indexOf(' ', 2) + 1)));
      }
    }
    return this.#ended.size;
  }

  /** Whole lines that have come to a file. */
  #news(file: string): string {
    const from = this.#read.get(file) ?? 0;
    const descriptor = openSync(join(this.folder, file), 'r');
    const bytes = Buffer.alloc(fstatSync(descriptor).size - from);
    readSync(descriptor, bytes, 0, bytes.length, from);
    closeSync(descriptor);
    const end = bytes.lastIndexOf(10) + 1;
    this.#read.set(file, from + end);
    return bytes.toString('latin1', 0, end);
  }
}

export interface Verdict {
  readonly sent: number;
  readonly ended: number;
  readonly missing: readonly string[];
  /** Events that ended more than once, by how many times too often. */
  readonly duplicates: number;
  /** Events that ended after a later one of their key had begun for the first time. */
  readonly outOfOrder: readonly string[];
}

/**
 * Compares what was sent with what ran. Order: for every key, events begin for the first time in the order of their numbers,
 * and none before the one ahead of it has ended once. A repeat after a fault does not count against it: delivery is at least once.
 */
export function judge(notes: readonly Note[], sent: Iterable<{ readonly key: string; readonly n: number }>): Verdict {
  const ends = new Map<string, number>();
  const begun = new Set<string>();
  const last = new Map<string, number>();
  const outOfOrder: string[] = [];
  for (const { what, key, n } of notes) {
    const id = `${key} ${n}`;
    if (what === 'e') {
      ends.set(id, (ends.get(id) ?? 0) + 1);
      continue;
    }
    if (begun.has(id)) continue;
    begun.add(id);
    const before = last.get(key) ?? -1;
    if (n < before || (before >= 0 && !ends.has(`${key} ${before}`))) outOfOrder.push(`${id} after ${before}`);
    last.set(key, Math.max(n, before));
  }
  let count = 0;
  const missing: string[] = [];
  for (const { key, n } of sent) {
    count++;
    if (!ends.has(`${key} ${n}`)) missing.push(`${key} ${n}`);
  }
  let duplicates = 0;
  for (const times of ends.values()) duplicates += times - 1;
  return { sent: count, ended: ends.size, missing, duplicates, outOfOrder };
}
