import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openLmdbSeen } from '../../../src/delivery/seen/lmdb-seen.ts';
import { seen } from '../../contract/seen-store.ts';
import { mountSmallDisk, unmountSmallDisk } from '../../lib/small-disk.ts';
import { until } from '../../lib/until.ts';

const mountPoint = mountSmallDisk(4);

/** Skipped, and shown as skipped, where no small file system can be mounted. */
describe.skipIf(mountPoint === undefined)('a memory of events whose disk is full', () => {
  const mount = mountPoint!;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeAll(() => {
    process.on('unhandledRejection', note);
    // lmdb prints what its writes run into.
    vi.spyOn(console, 'error').mockReturnValue();
  });
  afterAll(() => {
    process.off('unhandledRejection', note);
    vi.restoreAllMocks();
    unmountSmallDisk(mount);
    expect(unhandled).toEqual([]);
  });

  it('takes no ends until there is room, and then those that were refused', { timeout: 60_000 }, async () => {
    const path = join(mount, 'seen');
    const ballast = join(mount, 'ballast');
    const store = await openLmdbSeen({ path, windowMs: 3_600_000, sweepMs: 20 });
    writeFileSync(ballast, Buffer.alloc(2_000_000));
    const taken: string[] = [];
    const untilRefused = async (): Promise<{ ids: string[]; error: unknown }> => {
      for (let n = 0; ; n++) {
        const ids = Array.from({ length: 500 }, (_, i) => `order-${n}-${i}`);
        await store.claim(ids.map((id) => seen(id)));
        try {
          await store.done(ids.map((id) => seen(id)));
        } catch (error) {
          return { ids, error };
        }
        taken.push(...ids);
      }
    };
    const refused = await untilRefused();
    expect(refused.error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', message: expect.stringContaining(path) as string });
    expect(taken.length).toBeGreaterThan(1000);
    const events = refused.ids.map((id) => seen(id));
    expect(new Set(await store.claim(events))).toEqual(new Set(['again']));
    await expect(store.done(events)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    rmSync(ballast);
    await until(() => store.done(events).then(() => true, () => false), 'there is room');
    await store.close();
    const after = await openLmdbSeen({ path, windowMs: 3_600_000 });
    expect(new Set(await after.claim([...taken, ...refused.ids].map((id) => seen(id))))).toEqual(new Set(['done']));
    await after.close();
  });
});
