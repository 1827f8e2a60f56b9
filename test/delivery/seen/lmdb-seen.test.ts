import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SeenStore } from '../../../src/delivery/seen/contract.ts';
import { type LmdbSeenOptions, openLmdbSeen } from '../../../src/delivery/seen/lmdb-seen.ts';
import { describeSeenStore, seen } from '../../contract/seen-store.ts';
import { until } from '../../lib/until.ts';

const CHILD = new URL('seen-child.mjs', import.meta.url).pathname;
const ROOT = new URL('../../..', import.meta.url).pathname;

const folders: string[] = [];
const stores: SeenStore[] = [];

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-seen-'));
  folders.push(folder);
  return folder;
}

async function openAt(path: string, options: Partial<LmdbSeenOptions> = {}): Promise<SeenStore> {
  const store = await openLmdbSeen({ path, windowMs: 3_600_000, ...options });
  stores.push(store);
  return store;
}

/** Records that are on disk, expired ones included. */
function recordsIn(path: string): number {
  const db = open({ path, noSubdir: false, readOnly: true, keyEncoding: 'binary', encoding: 'binary' });
  const count = db.getKeysCount();
  void db.close();
  return count;
}

describeSeenStore('a folder', async (windowMs) => {
  const store = await openAt(freshFolder(), { windowMs, sweepMs: 20 });
  return { one: store, two: store, close: () => store.close() };
});

describe('what is on disk', () => {
  it('outlives the process in order', async () => {
    const path = freshFolder();
    const before = await openAt(path);
    await before.claim([seen('a', 'a1'), seen('b', 'b1')]);
    await before.done([seen('a', 'a1')]);
    await before.close();
    const after = await openAt(path);
    expect(await after.claim([seen('a', 'a1'), seen('a', 'a2'), seen('b', 'b1')])).toEqual(['done', 'duplicate', 'new']);
  });

  it('is removed after the window, unless it was written again', async () => {
    const path = freshFolder();
    const store = await openAt(path, { windowMs: 300, sweepMs: 20 });
    for (let i = 0; i < 10; i++) await store.done(Array.from({ length: 700 }, (_, n) => seen(`id-${i}-${n}`)));
    expect(recordsIn(path)).toBeGreaterThan(0);
    const keep = setInterval(() => void store.done([seen('kept')]), 50);
    await until(() => recordsIn(path) < 20, 'the expired ids are gone');
    expect(await store.claim([seen('kept', 'other')])).toEqual(['duplicate']);
    clearInterval(keep);
    await until(() => recordsIn(path) === 0, 'nothing is left');
  });

  it('belongs to one process', async () => {
    const path = freshFolder();
    await openAt(path);
    await expect(openAt(path)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  });

  it('may be thrown away when it is damaged', async () => {
    const path = freshFolder();
    writeFileSync(join(path, 'data.mdb'), Buffer.alloc(100_000, 7));
    await expect(openAt(path)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining('Remove the folder') as string });
    rmSync(path, { recursive: true });
    expect(await (await openAt(path)).claim([seen('a')])).toEqual(['new']);
  });
});

describe('a process that is killed with kill -9', () => {
  beforeAll(() => {
    if (!existsSync(join(ROOT, 'dist/delivery/seen/lmdb-seen.js'))) spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: ROOT });
  });

  it('has left every end that it was told of', { timeout: 60_000 }, async () => {
    const path = freshFolder();
    const said = join(freshFolder(), 'said.txt');
    const ended = new Set<string>();
    for (const round of [0, 1, 2]) {
      writeFileSync(said, '');
      const child = spawn(process.execPath, [CHILD, path, said, String(round)], { stdio: ['ignore', 'inherit', 'inherit'] });
      const dead = new Promise((resolve) => {
        child.once('exit', resolve);
      });
      const lines = (): string[] => readFileSync(said, 'utf8').split('\n').slice(0, -1);
      await until(() => lines().length >= 40 + 60 * round || child.exitCode !== null, 'the child has said enough');
      child.kill('SIGKILL');
      await dead;
      expect(child.signalCode).toBe('SIGKILL');
      for (const line of lines()) for (const id of line.split(' ')) ended.add(id);
    }
    const store = await openAt(path);
    const verdicts = await store.claim([...ended].map((id) => seen(id)));
    expect(verdicts.filter((verdict) => verdict !== 'done')).toEqual([]);
    expect(ended.size).toBeGreaterThan(1500);
    expect(await store.claim([...ended].slice(0, 100).map((id) => seen(id, `${id}-other`)))).toEqual(Array.from({ length: 100 }, () => 'duplicate'));
  });
});
