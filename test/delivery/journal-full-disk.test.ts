import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JournalRecord } from '../../src/delivery/journal/contract.ts';
import { fillUp, mountSmallDisk, unmountSmallDisk } from '../lib/small-disk.ts';
import { openAt, parcel, pendingNames, single, tidyUp, until } from './journal-kit.ts';

tidyUp();

const mountPoint = mountSmallDisk(4);

/** Skipped, and shown as skipped, where no small file system can be mounted. */
describe.skipIf(mountPoint === undefined)('a journal whose disk is full', () => {
  const mount = mountPoint!;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeAll(() => {
    process.on('unhandledRejection', note);
  });
  // lmdb prints what its writes run into.
  beforeEach(() => void vi.spyOn(console, 'error').mockReturnValue());
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(join(mount, 'ballast'), { force: true });
  });
  afterAll(() => {
    process.off('unhandledRejection', note);
    unmountSmallDisk(mount);
    expect(unhandled).toEqual([]);
  });

  it('refuses appends, keeps the ends, and goes on by itself once there is room', { timeout: 60_000 }, async () => {
    const path = join(mount, 'a');
    const faults: Error[] = [];
    const journal = await openAt(path, { flushMs: 20, onFault: (error) => faults.push(error) });
    const records: JournalRecord[] = [];
    const accepted: string[] = [];
    const refused = async (): Promise<unknown> => {
      for (let i = 0; ; i += 1) {
        try {
          records.push(await journal.append(parcel(`p${i}`, 200)));
          accepted.push(`p${i}`);
        } catch (error) {
          return error;
        }
      }
    };
    const refusal = await refused();
    expect(refusal).toMatchObject({ code: 'JOURNAL_UNAVAILABLE', retryable: true, httpStatus: 503 });
    expect(journal.fault).toBe(refusal);
    expect(faults).toHaveLength(1);
    await expect(journal.append(single('refused at once'))).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    await expect(journal.flush()).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });

    // Running work goes on: its ends are taken, and their removal makes the room that was missing.
    const pending = journal.pending;
    for (const record of records.slice(0, 10)) {
      journal.endedRange(record, 0, record.count);
    }
    expect(journal.pending).toBe(pending - 2000);
    await until(() => journal.fault === undefined, 'the journal to take appends again', 30_000);
    await journal.append(single('after'));
    await journal.close();

    const again = await openAt(path);
    expect(new Set(pendingNames(again).map((name) => name.split('-')[0]))).toEqual(new Set([...accepted.slice(10), 'after']));
    await again.close();
    rmSync(path, { recursive: true });
  });

  it('loses no end that was said while nothing could be written', { timeout: 60_000 }, async () => {
    const path = join(mount, 'b');
    const journal = await openAt(path, { flushMs: 20 });
    const records = await Promise.all(Array.from({ length: 4 }, (_, i) => journal.append(parcel(`p${i}`, 100))));
    fillUp(join(mount, 'ballast'), 4096);
    // With the disk full to the last byte not even a bitmap may fit; the journal keeps trying.
    for (const record of records) {
      journal.endedRange(record, 0, 99);
    }
    await Promise.allSettled(Array.from({ length: 20 }, (_, i) => journal.append(parcel(`late${i}`, 500))));
    expect(journal.fault).toBeDefined();
    journal.ended(records[0]!, 99);
    expect(journal.pending).toBeGreaterThanOrEqual(3);
    rmSync(join(mount, 'ballast'));
    await until(() => journal.fault === undefined, 'the journal to take appends again', 30_000);
    await journal.close();

    const again = await openAt(path);
    expect(pendingNames(again).filter((name) => name.startsWith('p'))).toEqual(['p1-1099', 'p2-1099', 'p3-1099']);
    await again.close();
    rmSync(path, { recursive: true });
  });

  it('hands out nothing of what it refused, closed while the disk is full', { timeout: 60_000 }, async () => {
    const path = join(mount, 'c');
    const faults: Error[] = [];
    const journal = await openAt(path, { onFault: (error) => faults.push(error) });
    await journal.append(single('accepted'));
    fillUp(join(mount, 'ballast'), 4096);
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => journal.append(parcel(`x${i}`, 3000))));
    const refused = results.flatMap(({ status }, i) => (status === 'rejected' ? [`x${i}`] : []));
    expect(refused.length).toBeGreaterThan(0);
    await journal.close();
    rmSync(join(mount, 'ballast'));
    const again = await openAt(path);
    const names = new Set(pendingNames(again).map((name) => name.split('-')[0]));
    expect(names).toContain('accepted');
    expect(refused.filter((name) => names.has(name))).toEqual([]);
    await again.close();
    rmSync(path, { recursive: true });
  });

  it('is refused at the start, and ends no process, when there is no room to begin', async () => {
    mkdirSync(join(mount, 'd'));
    fillUp(join(mount, 'ballast'), 4096);
    await expect(openAt(join(mount, 'd'))).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringMatching(/ENOSPC|no space/) });
  });
});
