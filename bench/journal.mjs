import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { openJournal } from '../dist/delivery/journal/journal.js';
import { events } from './lib/machine.mjs';
import { race, row } from './lib/measure.mjs';

const PARCEL = 256;

/**
 * Durable starts: an event counts once its bytes have been on disk and its end has been said. The baseline is lmdb by itself,
 * with the same sync at every commit and a removal for every put. Both are asked by as many callers at once as there are
 * lanes; each caller waits for its entry to be on disk before it goes on.
 */
export async function run(options = {}) {
  const texts = events(4096).map((text) => Buffer.from(text));
  const rows = [];
  for (const [name, each, lanes] of [
    ['single starts, 64 at a time', 1, 64],
    ['single starts, 512 at a time', 1, 512],
    [`records of ${PARCEL}, 8 at a time`, PARCEL, 8],
  ]) {
    const entries = entriesOf(texts, each);
    const ours = await journalSubject(entries, lanes);
    const bare = await lmdbSubject(entries, lanes);
    try {
      await proveEqual(entries);
      const { journal, lmdb } = await race({ journal: ours.run, lmdb: bare.run }, { ...options, name, latency: true });
      rows.push(row({ suite: 'journal', case: name, unit: 'events/s', ours: scaled(journal, each), baseline: scaled(lmdb, each), baselineName: 'lmdb put' }));
    } finally {
      await ours.close();
      await bare.close();
    }
  }
  return rows;
}

const scaled = (figures, each) => ({ ...figures, rounds: figures.rounds.map((figure) => figure * each), median: figures.median * each, cpuMsPer1000: figures.cpuMsPer1000 / each });

/** Entries as the API makes them: the event with its own name, or a piece of a bulk request. */
function entriesOf(texts, each) {
  const entries = [];
  for (let from = 0; from + each <= texts.length; from += each) {
    const pieces = texts.slice(from, from + each);
    const spans = new Uint32Array(each * 2);
    let at = 0;
    for (const [i, piece] of pieces.entries()) {
      spans.set([at, piece.length], 2 * i);
      at += piece.length;
    }
    const names = each === 1 ? [crypto.randomUUID()] : { prefix: crypto.randomUUID(), firstSerial: from };
    entries.push({ machine: 'bench', bytes: Buffer.concat(pieces), spans, names, startTimeMs: 1_700_000_000_000, wantsOutput: each === 1 });
  }
  return entries;
}

/**
 * Runs `count` operations in lanes, one after another in each, and records how long each takes. A slow one keeps its lane from
 * asking again: the latencies are corrected for what was not asked meanwhile.
 */
const inLanes = (lanes, operation) => async (count, latency) => {
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < count) {
      const asked = performance.now();
      await operation(next++);
      latency.record(performance.now() - asked);
    }
  };
  const open = Math.min(lanes, count);
  await Promise.all(Array.from({ length: open }, lane));
  latency.correctFor(((performance.now() - began) * open) / count);
};

async function journalSubject(entries, lanes) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const journal = await openJournal({ path: folder, maxBytes: 1024 ** 3 });
  const store = (i) => journal.append(entries[i % entries.length]);
  const turn = inLanes(lanes, async (i) => {
    const record = await store(i);
    journal.endedRange(record, 0, record.count);
  });
  return {
    store,
    run: turn,
    contents: async () => {
      await journal.close();
      const again = await openJournal({ path: folder, maxBytes: 1024 ** 3 });
      const found = [...again.recover()].map(({ entry }) => Buffer.from(entry.bytes));
      await again.close();
      return found;
    },
    close: async () => {
      await journal.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function lmdbSubject(entries, lanes) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const db = open({ path: folder, noSubdir: false, encoding: 'binary', mapSize: 2 * 1024 ** 3, overlappingSync: false });
  let serial = 0;
  const store = async (i) => {
    const key = ++serial;
    await db.put(key, entries[i % entries.length].bytes);
    return key;
  };
  const turn = inLanes(lanes, async (i) => {
    void db.remove(await store(i));
  });
  return {
    store,
    run: turn,
    contents: async () => Array.from(db.getRange(), ({ value }) => value),
    close: async () => {
      await db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Both hold the same bytes, in the same order, after the same puts. Uses subjects of its own, which it may close. */
async function proveEqual(entries) {
  const few = entries.slice(0, 200);
  const [journal, lmdb] = [await journalSubject(few, 1), await lmdbSubject(few, 1)];
  for (const subject of [journal, lmdb]) {
    for (const i of few.keys()) await subject.store(i);
  }
  const [found, expected] = [await journal.contents(), await lmdb.contents()];
  assert.equal(found.length, few.length);
  assert.deepEqual(found, expected.map((value) => Buffer.from(value)));
  await journal.close();
  await lmdb.close();
}
