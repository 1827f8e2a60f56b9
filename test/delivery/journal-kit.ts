import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Journal, JournalEntry, JournalOptions, Recovered } from '../../src/delivery/journal/contract.ts';
import { openJournal } from '../../src/delivery/journal/journal.ts';

export const MAX_BYTES = 64 * 1024 * 1024;
export const START_MS = 1_700_000_000_123;

const folders: string[] = [];
const journals: Journal[] = [];

/** Closes what a test has opened and removes its folders, whether it passed or not. */
export function tidyUp(): void {
  afterEach(async () => {
    await Promise.allSettled(journals.splice(0).map((journal) => journal.close()));
    for (const folder of folders.splice(0)) {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-journal-'));
  folders.push(folder);
  return folder;
}

export async function openAt(path: string, options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = await openJournal({ path, maxBytes: MAX_BYTES, ...options });
  journals.push(journal);
  return journal;
}

export function single(name: string, input: unknown = { name }, more: Partial<JournalEntry> = {}): JournalEntry {
  const bytes = Buffer.from(JSON.stringify(input));
  return { machine: 'triage', bytes, spans: Uint32Array.of(0, bytes.length), names: [name], startTimeMs: START_MS, wantsOutput: true, ...more };
}

/** Lines as they come in a bulk request: newlines between the events, and something before the first. */
export function parcel(prefix: string, count: number, eventBytes = 120): JournalEntry {
  const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ i, pad: 'p'.repeat(eventBytes) }));
  const spans = new Uint32Array(count * 2);
  let at = 5;
  for (const [i, line] of lines.entries()) {
    spans[2 * i] = at;
    spans[2 * i + 1] = line.length;
    at += line.length + 1;
  }
  const bytes = Buffer.from(`\n\n\n\n\n${lines.join('\n')}\n`);
  return { machine: 'billing', bytes, spans, names: { prefix, firstSerial: 1000 }, startTimeMs: START_MS, wantsOutput: false };
}

export const textOf = (entry: JournalEntry, index: number): string => {
  const offset = entry.spans[2 * index] ?? 0;
  return Buffer.from(entry.bytes.subarray(offset, offset + (entry.spans[2 * index + 1] ?? 0))).toString();
};

export const nameOf = (entry: JournalEntry, index: number): string =>
  'prefix' in entry.names ? `${entry.names.prefix}-${entry.names.firstSerial + index}` : (entry.names[index] ?? '');

/** The names of all events that a journal would run again. */
export const pendingNames = (journal: Journal): string[] => [...journal.recover()].flatMap(namesOf);

export const namesOf = ({ entry, pending }: Recovered): string[] => pending.map((index) => nameOf(entry, index));

/** Waits for a condition, asking every few milliseconds; raises after the deadline. */
export async function until(condition: () => boolean, what: string, deadlineMs = 60_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > end) {
      throw new Error(`not within ${deadlineMs} ms: ${what}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
