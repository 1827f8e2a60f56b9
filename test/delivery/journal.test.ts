import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder, MAX_BYTES, nameOf, openAt, parcel, pendingNames, single, START_MS, textOf, tidyUp, until } from './journal-kit.ts';

tidyUp();

describe('the journal after a restart', () => {
  it('hands back what had not ended: the same machine, names, start time and bytes', async () => {
    const path = freshFolder();
    const first = await openAt(path);
    const one = single('order-1', { text: 'grüß dich \u{1f600}', __proto__: null });
    const bulk = parcel('bulk', 300);
    await Promise.all([first.append(one), first.append(bulk), first.append({ ...single('other'), machine: 'prüfung', wantsOutput: false, startTimeMs: 5 })]);
    await first.close();

    const second = await openAt(path);
    expect(second.pending).toBe(302);
    const [a, b, c] = [...second.recover()];
    expect(a?.entry).toMatchObject({ machine: 'triage', names: ['order-1'], startTimeMs: START_MS, wantsOutput: true });
    expect(textOf(a!.entry, 0)).toBe(textOf(one, 0));
    expect(b?.entry).toMatchObject({ machine: 'billing', names: { prefix: 'bulk', firstSerial: 1000 }, wantsOutput: false });
    expect(b?.pending).toHaveLength(300);
    expect(b!.pending.map((i) => textOf(b!.entry, i))).toEqual(b!.pending.map((i) => textOf(bulk, i)));
    expect(c?.entry).toMatchObject({ machine: 'prüfung', startTimeMs: 5, wantsOutput: false });
  });

  it('leaves out what had ended before the close, to the single event', async () => {
    const path = freshFolder();
    const first = await openAt(path, { flushMs: 60_000 });
    const record = await first.append(parcel('p', 100));
    const gone = await first.append(single('gone'));
    first.endedRange(record, 0, 40);
    first.endedRange(record, 30, 64);
    first.ended(record, 99);
    first.ended(record, 99);
    first.ended(gone, 0);
    expect(first.pending).toBe(35);
    await first.close();

    const second = await openAt(path);
    expect(second).toMatchObject({ pending: 35, records: 1 });
    const [left] = [...second.recover()];
    expect(left?.pending).toEqual(Array.from({ length: 35 }, (_, i) => 64 + i));
    second.endedRange(left!.record, 0, 100);
    await second.flush();
    expect(second).toMatchObject({ pending: 0, records: 0, bytes: 0 });
  });

  it('hands out each entry once, read as it is asked for, while new ones are appended', async () => {
    const path = freshFolder();
    const first = await openAt(path);
    for (let i = 0; i < 700; i += 1) {
      await first.append(single(`old-${i}`));
    }
    await first.close();

    const second = await openAt(path);
    const found: string[] = [];
    for (const { record, entry } of second.recover()) {
      found.push(nameOf(entry, 0));
      await second.append(single(`new-${found.length}`));
      second.ended(record, 0);
      if (found.length === 350) {
        break;
      }
    }
    found.push(...pendingNames(second));
    expect(found).toEqual(Array.from({ length: 700 }, (_, i) => `old-${i}`));
    expect(pendingNames(second)).toEqual([]);
    expect(second.pending).toBe(700);
  });

  it('keeps the order of arrival', async () => {
    const path = freshFolder();
    const first = await openAt(path);
    await Promise.all(Array.from({ length: 3000 }, (_, i) => first.append(single(`n-${i}`))));
    await first.close();
    expect(pendingNames(await openAt(path))).toEqual(Array.from({ length: 3000 }, (_, i) => `n-${i}`));
  });

  it('drops the bytes of what has ended while a neighbour still runs', async () => {
    const path = freshFolder();
    const first = await openAt(path, { flushMs: 5, compactAfterMs: 10 });
    const records = await Promise.all(Array.from({ length: 200 }, (_, i) => first.append(single(`n-${i}`, { i, pad: 'x'.repeat(200) }))));
    const bulk = await first.append(parcel('bulk', 256));
    const before = first.bytes;
    for (const [i, record] of records.entries()) {
      if (i !== 77) first.ended(record, 0);
    }
    first.endedRange(bulk, 0, 100);
    first.endedRange(bulk, 101, 256);
    await until(() => first.bytes < before / 20, 'the blocks to be rewritten');
    first.ended(bulk, 500); // Out of range: not an event of this record.
    expect(first.pending).toBe(2);
    await first.close();

    const second = await openAt(path, { flushMs: 5, compactAfterMs: 10 });
    expect(second.pending).toBe(2);
    const left = [...second.recover()];
    expect(left.map(({ entry, pending }) => nameOf(entry, pending[0]!))).toEqual(['n-77', 'bulk-1100']);
    expect(textOf(left[0]!.entry, 0)).toBe(JSON.stringify({ i: 77, pad: 'x'.repeat(200) }));
    expect(JSON.parse(textOf(left[1]!.entry, 100))).toMatchObject({ i: 100 });
    second.ended(left[1]!.record, 100);
    await second.close();
    const third = await openAt(path);
    expect(pendingNames(third)).toEqual(['n-77']);
  });
});

describe('the journal in use', () => {
  it('copies the bytes, so that the caller may use its buffer again', async () => {
    const path = freshFolder();
    const journal = await openAt(path);
    const entry = single('reused', { n: 1 });
    const appended = journal.append(entry);
    entry.bytes.fill(0);
    await appended;
    await journal.close();
    const [found] = [...(await openAt(path)).recover()];
    expect(textOf(found!.entry, 0)).toBe('{"n":1}');
  });

  it('lets singles that arrive together share a record', async () => {
    const journal = await openAt(freshFolder());
    await Promise.all(Array.from({ length: 500 }, (_, i) => journal.append(single(`s-${i}`))));
    expect(journal.pending).toBe(500);
    expect(journal.records).toBeLessThan(10);
  });

  it('refuses what does not fit with JOURNAL_FULL, keeps nothing of it, and takes more once there is room', async () => {
    const path = freshFolder();
    const journal = await openAt(path, { maxBytes: 100_000, flushMs: 60_000 });
    const record = await journal.append(parcel('fits', 500));
    await expect(journal.append(parcel('too-much', 500))).rejects.toMatchObject({ code: 'JOURNAL_FULL', retryable: true });
    journal.endedRange(record, 0, 500);
    await until(() => {
      void journal.append(parcel('too-much', 500)).catch(() => undefined);
      return journal.bytes === 0;
    }, 'room, as soon as somebody asks for it');
    await journal.append(single('later'));
    await journal.close();
    expect(pendingNames(await openAt(path)).filter((name) => name === 'later')).toHaveLength(1);
  });

  it('counts what is on its way to the disk against the limit', async () => {
    const journal = await openAt(freshFolder(), { maxBytes: 100_000 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => journal.append(parcel(`p${i}`, 200))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(journal.bytes).toBeLessThanOrEqual(100_000);
  });

  it('takes an entry without events, and one larger than a block', async () => {
    const path = freshFolder();
    const journal = await openAt(path);
    const none = await journal.append({ ...single('none'), spans: new Uint32Array(0), names: [] });
    expect(none.count).toBe(0);
    const large = await journal.append(parcel('large', 20_000, 250));
    journal.endedRange(large, 0, 19_999);
    await journal.close();
    expect(pendingNames(await openAt(path))).toEqual(['large-20999']);
  });

  it('refuses an entry whose name no record can hold, and goes on', async () => {
    const path = freshFolder();
    const journal = await openAt(path);
    const others = [journal.append(single('before')), journal.append(single('x'.repeat(70_000), 1)).catch((error: unknown) => error), journal.append(single('after'))];
    expect(await Promise.all(others)).toMatchObject([{ count: 1 }, { code: 'BAD_REQUEST' }, { count: 1 }]);
    await journal.close();
    expect(pendingNames(await openAt(path))).toEqual(['before', 'after']);
  });

  it('refuses appends once it is closed, and takes late ends in silence', async () => {
    const journal = await openAt(freshFolder());
    const record = await journal.append(single('one'));
    await Promise.all([journal.close(), journal.close()]);
    journal.ended(record, 0);
    await expect(journal.append(single('two'))).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
  });

  it('answers appends that were under way when it is closed', async () => {
    const path = freshFolder();
    const journal = await openAt(path);
    const appended = Promise.all([journal.append(single('a')), journal.append(single('b'))]);
    await journal.close();
    await appended;
    expect(pendingNames(await openAt(path))).toEqual(['a', 'b']);
  });

  it('does not grow on disk under steady load, whatever the sizes', async () => {
    const path = freshFolder();
    const journal = await openAt(path, { flushMs: 10, maxBytes: 4 * 1024 * 1024 });
    const file = join(path, 'data.mdb');
    let grownTo = 0;
    for (let cycle = 0; cycle < 400; cycle += 1) {
      const records = await Promise.all(
        Array.from({ length: 8 }, (_, i) => journal.append(i % 2 === 0 ? parcel('p', 1 + ((cycle * 37 + i * 101) % 400)) : single(`s-${cycle}-${i}`))),
      );
      for (const record of records) journal.endedRange(record, 0, record.count);
      if (cycle === 100) {
        grownTo = statSync(file).size;
      }
    }
    await journal.flush();
    expect(journal.bytes).toBe(0);
    expect(statSync(file).size).toBeLessThanOrEqual(Math.max(2 * grownTo, 8 * 1024 * 1024));
    expect(MAX_BYTES).toBeGreaterThan(grownTo);
  });
});
