import { describe, expect, it } from 'vitest';
import { sumOf } from '../../bench/lib/exposition.mjs';

const TEXT = `# HELP starts_total Starts.
# TYPE starts_total counter
starts_total{machine="a",status="SUCCEEDED"} 3
starts_total{machine="b",status="SUCCEEDED"} 4
starts_total{machine="a",status="FAILED"} 5
starts_total_bytes{machine="a"} 100
queued 7
`;

describe('sumOf', () => {
  it('adds up the samples that have the labels', () => {
    expect(sumOf(TEXT, 'starts_total')).toBe(12);
    expect(sumOf(TEXT, 'starts_total', { machine: 'a' })).toBe(8);
    expect(sumOf(TEXT, 'starts_total', { machine: 'a', status: 'FAILED' })).toBe(5);
    expect(sumOf(TEXT, 'queued')).toBe(7);
    expect(sumOf(TEXT, 'nothing')).toBe(0);
  });
});
