import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { freshFolder, nameOf, openAt, textOf, tidyUp, until } from './journal-kit.ts';

const CHILD = new URL('journal-child.mjs', import.meta.url).pathname;
const ROOT = new URL('../..', import.meta.url).pathname;

tidyUp();

beforeAll(() => {
  if (!existsSync(join(ROOT, 'dist/delivery/journal/journal.js'))) {
    spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: ROOT });
  }
});

interface Promises {
  /** Start times of events that were acknowledged, by name. */
  readonly accepted: Map<string, number>;
  /** Ended, as far as the process could say before it died. */
  readonly ended: Set<string>;
  /** Ended, and on disk according to flush. */
  readonly flushed: Set<string>;
}

/** Runs the child until it has said enough, kills it and adds what it has said. A last line that is torn was never said. */
async function runAndKill(path: string, log: string, round: number, lines: number, flushMs: number, promises: Promises): Promise<void> {
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, [CHILD, path, String(round), String(flushMs)], { stdio: ['ignore', output, 'inherit'] });
  const dead = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  const said = (): string[] => readFileSync(log, 'utf8').split('\n').slice(0, -1);
  await until(() => said().length >= lines || child.exitCode !== null, `${lines} lines of the child`);
  child.kill('SIGKILL');
  await dead;
  closeSync(output);
  expect(child.signalCode).toBe('SIGKILL');
  for (const line of said()) {
    const [kind, ...words] = line.split(' ');
    if (kind === 'A') {
      const [prefix, count, startTimeMs] = words;
      for (let i = 0; i < Number(count); i += 1) promises.accepted.set(`${prefix}-${i}`, Number(startTimeMs));
    } else if (kind === 'D') {
      promises.ended.add(words[0]!);
    } else if (kind === 'F') {
      for (const name of words) promises.flushed.add(name);
    }
  }
}

describe('a journal whose process is killed with kill -9', () => {
  it('has every event that was acknowledged and had not ended, under its name and start time, and none whose end was flushed', { timeout: 120_000 }, async () => {
    const path = freshFolder();
    const log = join(freshFolder(), 'said.txt');
    const promises: Promises = { accepted: new Map(), ended: new Set(), flushed: new Set() };
    for (let round = 0; round < 6; round += 1) {
      await runAndKill(path, log, round, 300 + round * 777, round % 2 === 0 ? 50 : 60_000, promises);
    }

    const journal = await openAt(path);
    const found = new Map<string, number>();
    for (const { entry, pending } of journal.recover()) {
      for (const index of pending) {
        const name = nameOf(entry, index);
        expect(found.has(name), `${name} twice`).toBe(false);
        expect((JSON.parse(textOf(entry, index)) as { name: string }).name).toBe(name);
        found.set(name, entry.startTimeMs);
      }
    }
    const missing = [...promises.accepted].filter(([name]) => !promises.ended.has(name) && !found.has(name));
    const otherwise = [...promises.accepted].filter(([name, startTimeMs]) => found.has(name) && found.get(name) !== startTimeMs);
    const twice = [...promises.flushed].filter((name) => found.has(name));
    expect({ missing, otherwise, twice }).toEqual({ missing: [], otherwise: [], twice: [] });
    expect(promises.accepted.size).toBeGreaterThan(2000);
    expect(promises.flushed.size).toBeGreaterThan(500);
    expect(journal.pending).toBe(found.size);
  });

  it('runs again only what ended within the flush window before the kill', { timeout: 60_000 }, async () => {
    const path = freshFolder();
    const log = join(freshFolder(), 'said.txt');
    const promises: Promises = { accepted: new Map(), ended: new Set(), flushed: new Set() };
    await runAndKill(path, log, 0, 4000, 50, promises);
    const journal = await openAt(path);
    const again = new Set([...journal.recover()].flatMap(({ entry, pending }) => pending.map((index) => nameOf(entry, index))));
    // In the order in which the ends were said, only a tail may run again.
    const ended = [...promises.ended];
    const firstAgain = ended.findIndex((name) => again.has(name));
    expect(firstAgain === -1 || firstAgain > 0).toBe(true);
    expect(ended.filter((name) => again.has(name)).length).toBeLessThan(ended.length);
  });
});
