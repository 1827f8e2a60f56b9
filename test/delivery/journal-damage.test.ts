import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshFolder, openAt, parcel, pendingNames, single, tidyUp } from './journal-kit.ts';

// Before tidyUp, so that it runs after it: hooks of this kind run last first.
afterEach(() => vi.restoreAllMocks());
tidyUp();

/** Overwrites bytes of the file where a text first stands. */
function garble(file: string, text: string): void {
  const at = readFileSync(file).indexOf(text);
  expect(at).toBeGreaterThan(0);
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, '????', at);
  closeSync(descriptor);
}

describe('a damaged journal', () => {
  it('reports a garbled record, sets it aside and hands out all others', async () => {
    const path = freshFolder();
    const first = await openAt(path);
    for (const name of ['one', 'two', 'three']) {
      await first.append(single(name, { marker: `marker-${name}` }));
    }
    await first.append(parcel('large', 300));
    await first.close();
    garble(join(path, 'data.mdb'), 'marker-two');

    const faults: Error[] = [];
    const second = await openAt(path, { onFault: (error) => faults.push(error) });
    expect(pendingNames(second).slice(0, 3)).toEqual(['one', 'three', 'large-1000']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ code: 'INTERNAL' });
    expect(faults[0]!.message).toMatch(/Record 1 .*checksum.*kept in .*damaged-1\.bin/);
    expect(existsSync(join(path, 'damaged-1.bin'))).toBe(true);
    expect(second.pending).toBe(302);
    await second.close();

    const third = await openAt(path, { onFault: (error) => faults.push(error) });
    expect(pendingNames(third)).toHaveLength(302);
    expect(faults).toHaveLength(1);
  });

  it('does not take the process down when its file has lost its end', async () => {
    const path = freshFolder();
    const first = await openAt(path);
    await first.append(single('small'));
    await first.append(parcel('large', 2000));
    await first.close();
    vi.spyOn(console, 'error').mockReturnValue(); // lmdb prints what its writes run into.
    const file = join(path, 'data.mdb');
    truncateSync(file, Math.floor(statSync(file).size / 2));

    const faults: Error[] = [];
    try {
      const second = await openAt(path, { onFault: (error) => faults.push(error) });
      pendingNames(second);
      expect(faults.length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    }
  });

  it('is refused, and left as it is, when its file is something else', async () => {
    const path = freshFolder();
    writeFileSync(join(path, 'data.mdb'), 'not a journal at all, '.repeat(2000));
    await expect(openAt(path)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringMatching(/cannot be read: .*move the folder away/) });
    expect(readFileSync(join(path, 'data.mdb'), 'utf8')).toMatch(/^not a journal/);
    expect(existsSync(join(path, 'owner.json'))).toBe(false);
  });
});
