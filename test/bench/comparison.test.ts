import { describe, expect, it } from 'vitest';
import { compareResults, differences } from '../../bench/lib/comparison.mjs';
import { resultsOf, rowOf } from './rows.ts';

const verdict = (before: readonly number[], after: readonly number[], better: 'higher' | 'lower' = 'higher', leastPercent = 5) =>
  compareResults(resultsOf([rowOf(before, { better })]), resultsOf([rowOf(after, { better })]), { leastPercent })[0];

describe('compareResults', () => {
  it('calls a row worse when its rounds stand below those of before', () => {
    const compared = verdict([1, 1.01, 1.02, 0.99, 1], [0.9, 0.91, 0.89, 0.9, 0.92]);
    expect(compared).toMatchObject({ verdict: 'worse', base: 1, current: 0.9 });
    expect(compared?.changePercent).toBeCloseTo(-10, 6);
    expect(compared?.chance).toBeLessThan(0.01);
  });

  it('calls nothing worse that lies within the noise of the rounds', () => {
    expect(verdict([1, 1.3, 0.8, 1.1, 0.9], [0.9, 1.2, 0.75, 0.95, 0.85])?.verdict).toBe('same');
  });

  it('lets small changes pass, however certain they are', () => {
    expect(verdict([1, 1.001, 1.002, 0.999, 1], [0.97, 0.971, 0.969, 0.97, 0.972])?.verdict).toBe('same');
    expect(verdict([1, 1.001, 1.002, 0.999, 1], [0.97, 0.971, 0.969, 0.97, 0.972], 'higher', 2)?.verdict).toBe('worse');
  });

  it('turns round what is better when it is lower', () => {
    const more = verdict([1, 1.01, 1.02, 0.99, 1], [1.2, 1.21, 1.19, 1.2, 1.22], 'lower');
    expect(more?.verdict).toBe('worse');
    expect(more?.changePercent).toBeLessThan(-15);
    expect(verdict([1.2, 1.21, 1.19, 1.2, 1.22], [1, 1.01, 1.02, 0.99, 1], 'lower')?.verdict).toBe('better');
  });

  it('decides nothing on too few rounds', () => {
    expect(verdict([1, 1.01, 1.02], [0.5, 0.51, 0.52])?.verdict).toBe('undecided');
    expect(verdict([1], [0.5])?.verdict).toBe('undecided');
    expect(verdict([1], [0.99])?.verdict).toBe('same');
  });

  it('tells of rows that only one of the two has', () => {
    const compared = compareResults(resultsOf([rowOf([1], { case: 'old' })]), resultsOf([rowOf([1], { case: 'fresh' })]), { leastPercent: 5 });
    expect(compared.map(({ case: name, verdict }) => [name, verdict])).toEqual([['old', 'gone'], ['fresh', 'new']]);
  });
});

describe('differences', () => {
  it('is silent about two runs of the same kind', () => {
    expect(differences(resultsOf([]), resultsOf([]))).toEqual([]);
  });

  it('warns of a machine that had other things to do', () => {
    expect(differences(resultsOf([]), resultsOf([], { loadBefore: 3.2 }))).toEqual([expect.stringContaining('NEW was made on a busy machine, 3.2 programs')]);
  });

  it('names other processors, versions of Node, and smoke runs', () => {
    const other = resultsOf([], { node: 'v99.0.0', cpu: { model: 'abacus', cores: 10 }, settings: { rounds: 1, roundMs: 20, smoke: true, suites: [] } });
    const text = differences(resultsOf([]), other).join('\n');
    expect(text).toContain('v99.0.0');
    expect(text).toContain('10 x abacus');
    expect(text).toContain('NEW is a smoke run');
  });
});
