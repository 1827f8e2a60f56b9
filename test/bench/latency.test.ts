import { describe, expect, it } from 'vitest';
import { createLatency } from '../../bench/lib/latency.mjs';

describe('createLatency', () => {
  it('answers percentiles to three digits', () => {
    const latency = createLatency();
    for (let ms = 1; ms <= 1000; ms++) latency.record(ms);
    const summary = latency.summary();
    expect(summary?.count).toBe(1000);
    expect(summary?.p50).toBeCloseTo(500, -1);
    expect(summary?.p99).toBeCloseTo(990, -1);
    expect(Math.abs((summary?.max ?? 0) - 1000)).toBeLessThan(1);
  });

  it('puts in what a closed load did not ask while one answer was slow', () => {
    // One connection that asks every millisecond: 900 answers at once, and one after 100 ms, in which 99 were not asked.
    const latency = createLatency();
    for (let i = 0; i < 900; i++) latency.record(1);
    latency.record(100);
    expect(latency.percentileMs(95)).toBeLessThan(1.01);
    latency.correctFor(1);
    expect(latency.summary()?.count).toBe(1000);
    expect(latency.percentileMs(95)).toBeCloseTo(50, 0);
  });

  it('adds up rounds', () => {
    const [first, second] = [createLatency(), createLatency()];
    first.record(1);
    second.record(3);
    first.add(second);
    expect(first.summary()?.count).toBe(2);
    expect(first.percentileMs(100)).toBeCloseTo(3, 2);
  });

  it('has no summary of nothing', () => {
    expect(createLatency().summary()).toBeUndefined();
  });
});
