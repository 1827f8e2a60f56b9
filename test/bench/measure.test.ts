import { describe, expect, it } from 'vitest';
import { contest, figuresOf, race, row } from '../../bench/lib/measure.mjs';
import { createLatency } from '../../bench/lib/latency.mjs';

describe('contest', () => {
  it('runs the contestants in turn and sums up what they say', async () => {
    const order: string[] = [];
    const latency = createLatency();
    latency.record(5);
    const { a, b } = await contest(
      {
        a: (round) => {
          order.push(`a${round}`);
          return { count: 100, ms: 50 * (round + 1), cpuMs: 20, rssBytes: 7, latency };
        },
        b: (round) => {
          order.push(`b${round}`);
          return { count: 10, ms: 10 };
        },
      },
      { rounds: 3 },
    );
    expect(order).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
    expect(a.rounds).toEqual([2000, 1000, 100_000 / 150]);
    expect(a).toMatchObject({ median: 1000, cpuMsPer1000: 200, rssBytes: 7 });
    expect(a.latencyMs?.count).toBe(3);
    expect(b.latencyMs).toBeUndefined();
    expect(b.cpuMsPer1000).toBeGreaterThanOrEqual(0);
  });

  it('counts processor time by the operations that it was spent on, where only some of them were timed', async () => {
    const { a } = await contest({ a: () => ({ count: 75, ms: 10, cpuMs: 100, cpuCount: 1000 }) }, { rounds: 1 });
    expect(a.cpuMsPer1000).toBe(100);
  });
});

describe('race', () => {
  it('finds out how many operations fill a round', async () => {
    const counts: number[] = [];
    const busy = (count: number) => {
      counts.push(count);
      for (const until = performance.now() + count / 100; performance.now() < until; );
    };
    const { a } = await race({ a: busy }, { rounds: 2, roundMs: 20 });
    expect(a.rounds).toHaveLength(2);
    expect(counts.at(-1)).toBe(counts.at(-2));
    expect(counts.at(-1)).toBeGreaterThan(1);
  });
});

describe('row', () => {
  it('refuses rounds that give no ratio', () => {
    expect(() => row({ suite: 's', case: 'c', ours: figuresOf([1, 2]), baseline: figuresOf([1, 0]), baselineName: 'bare' })).toThrow('s, c: a round has no ratio: 1, 2 to 1, 0');
  });

  it('takes the ratio round by round', () => {
    // The second round was slow for both: of the medians the ratio would be 1.5.
    const made = row({ suite: 's', case: 'c', ours: figuresOf([200, 20, 150]), baseline: figuresOf([100, 10, 100]), baselineName: 'bare' });
    expect(made).toMatchObject({ value: 150, spread: [20, 200], ratio: 2, ratioRounds: [2, 2, 1.5], ratioSpread: [1.5, 2], baseline: { name: 'bare', value: 100 } });
  });
});
