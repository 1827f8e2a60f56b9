import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GOALS, judge, verdictOf, type Goal } from '../../bench/goals.mjs';
import { SUITES } from '../../bench/suites.mjs';
import { rowOf } from './rows.ts';

const goal = (...measures: Goal['measures']): Goal => ({ path: 'a goal', suite: 'engine', case: 'a case', measures });

describe('judge', () => {
  it('says whether a goal is met, and by how much', () => {
    const [met] = judge([rowOf([1.8])], 'v20.1.0', [goal({ of: (row) => row.ratio, least: 1.6, unit: 'x' })]);
    expect(met).toMatchObject({ path: 'a goal', bound: '≥ 1.6x', measured: '1.8x', met: true });
    expect(met?.byPercent).toBeCloseTo(12.5, 6);
    const [missed] = judge([rowOf([1.2])], 'v20.1.0', [goal({ of: (row) => row.ratio, least: 1.6, unit: 'x' })]);
    expect(verdictOf(missed!)).toBe('missed by 25 %');
  });

  it('turns round what must not be exceeded', () => {
    const [missed] = judge([rowOf([1200])], 'v20.1.0', [goal({ of: (row) => row.value, most: 1000, unit: ' bytes' })]);
    expect(missed).toMatchObject({ bound: '≤ 1,000 bytes', measured: '1,200 bytes', met: false });
    expect(verdictOf(missed!)).toBe('missed by 20 %');
  });

  it('asks more of a later Node where the goal does', () => {
    const goals = [goal({ of: (row) => row.ratio, least: (node) => (node >= 24 ? 2 : 1.6), unit: 'x' })];
    expect(judge([rowOf([1.8])], 'v20.20.0', goals)[0]?.met).toBe(true);
    expect(judge([rowOf([1.8])], 'v24.1.0', goals)[0]?.met).toBe(false);
  });

  it('is content with one of several measures', () => {
    const goals = [goal({ of: (row) => row.ratio, least: 10, unit: 'x' }, { of: (row) => row.value, least: 2, unit: '/s' })];
    expect(judge([rowOf([3])], 'v20.1.0', goals)[0]).toMatchObject({ met: true, measured: '3/s', bound: '≥ 2/s or ≥ 10x' });
  });

  it('does not judge what was not run', () => {
    const [judged] = judge([], 'v20.1.0', [goal({ of: (row) => row.ratio, least: 1, unit: 'x' })]);
    expect(judged).toMatchObject({ bound: '≥ 1x' });
    expect(judged?.met).toBeUndefined();
    expect(verdictOf(judged!)).toBe('not run');
  });

  it('asks only for rows of suites that there are', () => {
    expect(GOALS.filter(({ suite }) => !Object.hasOwn(SUITES, suite))).toEqual([]);
  });

  it('has every goal once', () => {
    const keys = GOALS.map(({ path }) => path);
    expect(new Set(keys).size).toBe(keys.length);
    expect(judge([], process.version).every(({ bound }) => /^[≤≥] [\d.,]+/.test(bound))).toBe(true);
  });
});

describe('the suites', () => {
  it('are all in docs/benchmarks.md, and no others', () => {
    const page = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');
    const table = page.slice(page.indexOf('## Suites'), page.indexOf('The workflow is the same'));
    expect([...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).toSorted()).toEqual(Object.keys(SUITES).toSorted());
  });

  it('can all be loaded', async () => {
    for (const { load } of Object.values(SUITES)) expect((await load()).run).toBeTypeOf('function');
  });
});
