import { describe, expect, it } from 'vitest';
import { TICK_MS, eventAt, intendedAt, offsetAfter, perTick } from '../../bench/lib/kafka-pace.mjs';

const pace = { begin: 1000, rate: 50_000, partitions: 4 };

describe('the pace of the Kafka producer', () => {
  it('knows from partition and offset when an event was meant to be produced', () => {
    const each = perTick(pace.rate);
    const next = new Map<number, number>();
    for (let tick = 0; tick < 12; tick++) {
      const partition = tick % pace.partitions;
      const first = next.get(partition) ?? 0;
      for (const offset of [first, first + each - 1]) expect(intendedAt(pace, partition, offset)).toBe(1000 + tick * TICK_MS);
      next.set(partition, first + each);
    }
  });

  it('leaves the warm-up out', () => {
    const first = offsetAfter(pace, 200);
    for (let partition = 0; partition < 4; partition++) expect(intendedAt(pace, partition, first)).toBeGreaterThanOrEqual(1200);
    expect(intendedAt(pace, 0, first - 1)).toBeLessThan(1200);
  });

  it('makes events of 118 bytes that say when they were meant', () => {
    const event = eventAt(123, 13_500_000.123);
    expect(event).toHaveLength(118);
    expect(JSON.parse(event)).toMatchObject({ device: 'sensor-00123', at: 13_500_000.123 });
  });
});
