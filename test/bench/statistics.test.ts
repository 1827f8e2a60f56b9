import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineThrough, median, rankTest, trendOf } from '../../bench/lib/statistics.mjs';

describe('median', () => {
  it('is the middle one, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('rankTest', () => {
  it('answers one in the number of ways when the lists stand apart', () => {
    expect(rankTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(1 / 252, 12);
    expect(rankTest([1, 2, 3], [4, 5, 6])).toBeCloseTo(1 / 20, 12);
    expect(rankTest([6, 7, 8, 9, 10], [1, 2, 3, 4, 5])).toBe(1);
  });

  it('agrees with the tables for lists that overlap', () => {
    // U = 4 of five against five: 12 of 252 ways have a U of at most 4.
    expect(rankTest([1, 2, 3, 4, 9], [5, 6, 7, 8, 10])).toBeCloseTo(12 / 252, 12);
  });

  it('counts equal values as half below and half above', () => {
    expect(rankTest([1, 1], [1, 1])).toBe(1);
    // Ranks 1.5, 1.5, 3.5, 3.5: of the six ways to take two, one has the smallest sum.
    expect(rankTest([1, 1], [2, 2])).toBeCloseTo(1 / 6, 12);
  });

  it('is what dealing the values out in every way gives', () => {
    const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(values, values, (lower, upper) => {
        const all = [...lower, ...upper];
        const rank = (value: number): number => all.filter((other) => other < value).length + all.filter((other) => other === value).length / 2;
        const sums: number[] = [];
        for (let bits = 0; bits < 2 ** all.length; bits++) {
          const chosen = all.filter((_, i) => (bits >> i) & 1);
          if (chosen.length === lower.length) sums.push(chosen.reduce((sum, value) => sum + rank(value), 0));
        }
        const observed = lower.reduce((sum, value) => sum + rank(value), 0);
        expect(rankTest(lower, upper)).toBeCloseTo(sums.filter((sum) => sum <= observed + 1e-9).length / sums.length, 9);
      }),
    );
  });
});

describe('lineThrough', () => {
  it('finds the line that points lie on', () => {
    expect(lineThrough([[0, 3], [10, 23], [100, 203]])).toMatchObject({ slope: 2, intercept: 3, explained: 1 });
  });

  it('says how much of the variance it does not explain', () => {
    expect(lineThrough([[0, 0], [1, 1], [2, 0], [3, 1]]).explained).toBeCloseTo(0.2, 9);
  });
});

describe('trendOf', () => {
  const series = (slope: number) => Array.from({ length: 400 }, (_, i): [number, number] => [i, 500 + slope * i + ((i * 7919) % 101) / 10]);

  it('bounds the slope of a flat series around nothing', () => {
    const { slope, bound } = trendOf(series(0));
    expect(Math.abs(slope)).toBeLessThan(bound);
  });

  it('tells a series that grows from the noise on it', () => {
    const { slope, bound } = trendOf(series(0.05));
    expect(slope - bound).toBeGreaterThan(0);
    expect(slope).toBeCloseTo(0.05, 2);
  });

  it('bounds nothing where there are too few samples', () => {
    expect(trendOf([[0, 1], [1, 2]]).bound).toBe(Number.POSITIVE_INFINITY);
  });
});
