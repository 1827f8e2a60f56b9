import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { watchFiles } from '../../src/config/watch.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-watch-')));
  closing.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Watches, and answers what was told so far. `settled` waits until notifications have begun to work. */
async function watching(paths: string[], within: string): Promise<{ told: Set<string>; calls: string[][]; until(path: string): Promise<void> }> {
  const told = new Set<string>();
  const calls: string[][] = [];
  const probe = join(within, 'probe');
  const watcher = watchFiles([...paths, probe], (changed) => {
    calls.push(changed);
    for (const path of changed) told.add(path);
  }, { debounceMs: 20 });
  closing.push(() => watcher.close());
  const until = async (path: string): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (!told.has(path)) {
      if (Date.now() > deadline) throw new Error(`nobody told of ${path}, only of ${[...told].join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  writeFileSync(probe, '');
  await until(probe);
  told.clear();
  calls.length = 0;
  return { told, calls, until };
}

describe('watchFiles', () => {
  it('tells of a file that is written, replaced by a rename, removed and made anew', async () => {
    const at = folder();
    const file = join(at, 'triage.asl.json');
    writeFileSync(file, '{}');
    writeFileSync(join(at, 'other.txt'), '');
    const { told, until } = await watching([file], at);
    writeFileSync(join(at, 'other.txt'), 'changed');
    writeFileSync(file, '{ }');
    await until(file);
    for (let i = 0; i < 3; i++) {
      told.clear();
      writeFileSync(join(at, '.triage.swp'), `{ "i": ${i} }`);
      renameSync(join(at, '.triage.swp'), file);
      await until(file);
    }
    told.clear();
    unlinkSync(file);
    await until(file);
    told.clear();
    writeFileSync(file, '{}');
    await until(file);
    expect([...told]).toEqual([file]);
  });

  it('tells of changes made together in one call', async () => {
    const at = folder();
    const files = ['a', 'b', 'c'].map((name) => join(at, name));
    const { calls, until } = await watching(files, at);
    for (const file of files) writeFileSync(file, 'x');
    await until(files[2]!);
    expect(calls).toEqual([files]);
  });

  it('tells of files in a folder and in subfolders, also in those that are made later', async () => {
    const at = folder();
    const functions = join(at, 'functions');
    mkdirSync(join(functions, 'lib'), { recursive: true });
    mkdirSync(join(functions, 'node_modules'));
    writeFileSync(join(functions, 'lib', 'x.mjs'), '');
    const { told, until } = await watching([functions], at);
    writeFileSync(join(functions, 'node_modules', 'x.js'), '1');
    writeFileSync(join(functions, '.hidden.mjs'), '1');
    writeFileSync(join(functions, 'lib', 'x.mjs'), '1');
    await until(join(functions, 'lib', 'x.mjs'));
    mkdirSync(join(functions, 'later', 'deep'), { recursive: true });
    writeFileSync(join(functions, 'later', 'deep', 'y.mjs'), '');
    await until(join(functions, 'later', 'deep', 'y.mjs'));
    told.clear();
    writeFileSync(join(functions, 'later', 'deep', 'y.mjs'), '2');
    await until(join(functions, 'later', 'deep', 'y.mjs'));
    rmSync(join(functions, 'later'), { recursive: true });
    told.clear();
    await until(join(functions, 'later', 'deep', 'y.mjs'));
    expect([...told].some((path) => path.includes('node_modules') || path.includes('hidden'))).toBe(false);
  });

  it('tells of a folder that is made after the watch began', async () => {
    const at = folder();
    const functions = join(at, 'functions');
    const { until } = await watching([functions], at);
    mkdirSync(functions);
    writeFileSync(join(functions, 'a.mjs'), '');
    await until(join(functions, 'a.mjs'));
  });

  it('tells of a ConfigMap that Kubernetes replaces, again and again', async () => {
    const at = folder();
    const mount = join(at, 'config');
    mkdirSync(join(mount, '..2026_1'), { recursive: true });
    for (const name of ['millrace.yaml', 'triage.asl.json']) {
      writeFileSync(join(mount, '..2026_1', name), '1');
      symlinkSync(join('..data', name), join(mount, name));
    }
    symlinkSync('..2026_1', join(mount, '..data'));
    const { told, until } = await watching([join(mount, 'millrace.yaml'), mount], at);
    for (let version = 2; version < 6; version++) {
      told.clear();
      const next = `..2026_${version}`;
      mkdirSync(join(mount, next));
      for (const name of ['millrace.yaml', 'triage.asl.json']) writeFileSync(join(mount, next, name), String(version));
      symlinkSync(next, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
      rmSync(join(mount, `..2026_${version - 1}`), { recursive: true });
      await until(join(mount, 'millrace.yaml'));
      await until(join(mount, 'triage.asl.json'));
      expect([...told].toSorted()).toEqual([join(mount, 'millrace.yaml'), join(mount, 'triage.asl.json')]);
    }
  });

  it('survives links that lead in a circle', async () => {
    const at = folder();
    symlinkSync('b', join(at, 'a'));
    symlinkSync('a', join(at, 'b'));
    mkdirSync(join(at, 'functions'));
    symlinkSync('..', join(at, 'functions', 'up'));
    const file = join(at, 'functions', 'f.mjs');
    const { until } = await watching([join(at, 'a'), join(at, 'functions')], at);
    writeFileSync(file, '1');
    await until(file);
  });

  it('tells nothing after it is closed', async () => {
    const at = folder();
    const file = join(at, 'a');
    writeFileSync(file, '');
    let calls = 0;
    const watcher = watchFiles([file], () => calls++, { debounceMs: 1 });
    writeFileSync(file, '1');
    await watcher.close();
    writeFileSync(file, '2');
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(0);
  });
});
