import { spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeOwnership } from '../../src/delivery/journal/owner.ts';
import { freshFolder, openAt, pendingNames, single, tidyUp, until } from './journal-kit.ts';

tidyUp();

const CHILD = new URL('journal-child.mjs', import.meta.url).pathname;

describe("the owner of a journal's folder", () => {
  it('is one at a time, also within a process', async () => {
    const path = freshFolder();
    const journal = await openAt(path);
    await expect(openAt(path)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining(String(process.pid)) });
    await journal.close();
    expect(existsSync(join(path, 'owner.json'))).toBe(false);
    await openAt(path);
  });

  it('keeps others out while it lives, and is succeeded once it was killed', async () => {
    const path = freshFolder();
    const child = spawn(process.execPath, [CHILD, path, '0', '50'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const dead = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    try {
      await until(() => existsSync(join(path, 'data.mdb')), 'the child to open the journal');
      await expect(openAt(path)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining(`process ${child.pid}`) });
    } finally {
      child.kill('SIGKILL');
      await dead;
    }
    const journal = await openAt(path);
    await journal.append(single('mine'));
    expect(pendingNames(journal)).not.toContain('mine');
  });

  it('is succeeded when another process has its number by now, as after a reboot', async () => {
    const path = freshFolder();
    const { release } = await takeOwnership(path);
    const note = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')) as Record<string, unknown>;
    release();
    writeFileSync(join(path, 'owner.json'), JSON.stringify({ ...note, pid: process.ppid, started: note['started'] === null ? null : '1', takenMs: 1 }));
    (await takeOwnership(path)).release();
    writeFileSync(join(path, 'owner.json'), 'torn');
    (await takeOwnership(path)).release();
  });

  it('in another container is taken for alive while its heartbeat goes on, and for dead when it stops', { timeout: 20_000 }, async () => {
    const path = freshFolder();
    const file = join(path, 'owner.json');
    writeFileSync(file, JSON.stringify({ pid: 1, started: '1', space: 'another-host pid:[1]', takenMs: Date.now() }));
    const heart = setInterval(() => utimesSync(file, new Date(), new Date()), 500);
    await expect(takeOwnership(path)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    clearInterval(heart);
    (await takeOwnership(path)).release();
  });

  it('cannot be had where the folder cannot be made or is no folder', async () => {
    const path = freshFolder();
    writeFileSync(join(path, 'file'), '');
    await expect(openAt(join(path, 'file'))).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    await expect(openAt(join(path, 'file', 'below'))).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    await expect(openAt('/proc/millrace')).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining('/proc/millrace') });
  });
});
