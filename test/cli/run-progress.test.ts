import { describe, expect, it } from 'vitest';
import { progressLine } from '../../src/cli/progress.ts';

describe('progressLine', () => {
  it('shows the share of the bytes, executions, rate, failures and the time that is left', () => {
    const line = progressLine({ ended: 1_234_567, failures: 12, share: 0.25 }, 412_345.6, 60_000, 120, false);
    expect(line).toBe(' 25% ██████░░░░░░░░░░░░░░░░░░  1,234,567 executions  412,346/s  12 not succeeded  3:00 left');
  });

  it('shows the time that has passed where the size of the input is not known', () => {
    expect(progressLine({ ended: 7, failures: 0, share: undefined }, 3, 3_725_000, 80, false)).toBe('7 executions  3/s  1:02:05');
  });

  it('never wraps a line', () => {
    for (const columns of [10, 20, 40, 60]) {
      expect(progressLine({ ended: 1_000_000, failures: 3, share: 0.5 }, 1e6, 1000, columns, false).length).toBeLessThan(columns);
      expect(progressLine({ ended: 1_000_000, failures: 3, share: undefined }, 1e6, 1000, columns, false).length).toBeLessThan(columns);
    }
  });
});
