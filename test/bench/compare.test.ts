import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from '../../bench/compare.mjs';
import { mergeResults, writeResults } from '../../bench/lib/results.mjs';
import { resultsOf, rowOf } from './rows.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-compare-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = compare(args, { print: (line) => out.push(line), warn: (line) => err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

function file(name: string, ratios: readonly number[], more = {}) {
  const path = join(folder, name);
  writeResults(path, resultsOf([rowOf(ratios)], more));
  return path;
}

const steady = [1, 1.01, 1.02, 0.99, 1];

describe('npm run bench -- compare', () => {
  it('passes what has not changed', () => {
    const { code, out, err } = run(file('a.json', steady), file('b.json', [1.01, 1, 0.99, 1, 1.02]));
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('0 worse, 0 better, 1 the same');
  });

  it('fails with a table when a ratio has fallen beyond the noise', () => {
    const { code, out } = run(file('a.json', steady), file('b.json', steady.map((ratio) => ratio * 0.8)));
    expect(code).toBe(1);
    expect(out).toMatch(/engine\s+a case\s+1\.00\s+0\.800\s+-20\.0 %\s+0\.004\s+worse/);
  });

  it('takes the least change that counts', () => {
    expect(run(file('a.json', steady), file('b.json', steady.map((ratio) => ratio * 0.8)), '--least-percent', '30').code).toBe(0);
  });

  it('warns of another machine', () => {
    expect(run(file('a.json', steady), file('b.json', steady, { node: 'v99.1.0' })).err).toMatch(/warning: The Node versions differ: v\d.* and v99\.1\.0/);
  });

  it('says what is wrong with a file, and what to do', () => {
    const good = file('a.json', steady);
    const bad = (text: string) => {
      const path = join(folder, 'bad.json');
      writeFileSync(path, text);
      return run(good, path);
    };
    expect(run(good, join(folder, 'nowhere.json'))).toMatchObject({ code: 2, err: expect.stringContaining('nowhere.json cannot be read') });
    expect(bad('{')).toMatchObject({ code: 2, err: expect.stringContaining('bad.json is not JSON') });
    expect(bad('[]')).toMatchObject({ code: 2, err: expect.stringContaining('is not a file of results: make one with npm run bench -- --json') });
    expect(bad(JSON.stringify(resultsOf([], { version: 2 })))).toMatchObject({ code: 2, err: expect.stringContaining('version 2 of the format') });
    expect(bad(JSON.stringify({ ...resultsOf([]), rows: [{ suite: 'engine' }] }))).toMatchObject({ code: 2, err: expect.stringContaining('a row that is none: {"suite":"engine"}') });
    expect(bad(JSON.stringify({ ...resultsOf([]), rows: undefined }))).toMatchObject({ code: 2, err: expect.stringContaining('no list of rows') });
    expect(bad(JSON.stringify(resultsOf([])))).toMatchObject({ code: 2, err: expect.stringContaining('no case in common') });
  });

  it('asks for two files', () => {
    expect(run(file('a.json', steady))).toMatchObject({ code: 2, err: expect.stringContaining('compare BASE.json NEW.json') });
  });
});

describe('mergeResults', () => {
  it('takes the later of two rows for one case, and forgets that a suite was skipped which ran in another', () => {
    const first = resultsOf([rowOf([1]), rowOf([5], { case: 'other' })], { skipped: [{ suite: 'soak', why: 'no broker' }, { suite: 'kafka', why: 'no broker' }] });
    const merged = mergeResults([first, resultsOf([rowOf([2]), rowOf([3], { suite: 'soak' })])]);
    expect(merged.rows.map(({ suite, case: name, ratio }) => [suite, name, ratio])).toEqual([['engine', 'a case', 2], ['engine', 'other', 5], ['soak', 'a case', 3]]);
    expect(merged.skipped).toEqual([{ suite: 'kafka', why: 'no broker' }]);
    expect(merged.date).toBe(first.date);
  });
});
