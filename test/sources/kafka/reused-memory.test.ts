import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { ReusedMemory } from '../../../src/sources/kafka/reused-memory.ts';
import { closeSources, produce, settingsFor, startSource, TestLine } from './kit.ts';

it('lends what was given back, once, and nothing else', () => {
  const memory = new ReusedMemory(1024, 2);
  const first = memory.take(100);
  const second = memory.take(100);
  expect(first.buffer).not.toBe(second.buffer);
  memory.giveBack(first);
  memory.giveBack(first);
  memory.giveBack(new Uint8Array(5000));
  const third = memory.take(1024);
  expect(third.buffer).toBe(first.buffer);
  expect(memory.take(10).buffer).not.toBe(first.buffer);
  expect(memory.take(3000)).toHaveLength(3000);
});

it('keeps only so much', () => {
  const memory = new ReusedMemory(1024, 1);
  const [first, second] = [memory.take(1), memory.take(1)];
  memory.giveBack(first);
  memory.giveBack(second);
  expect(memory.take(1).buffer).toBe(second.buffer);
  expect(memory.take(1).buffer).not.toBe(first.buffer);
});

await describeWith(['kafka'], 'large responses', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  it('bring every event as it is, and leave alone what has not been settled while others come and go', async () => {
    const topic = await createTopic(brokers, 'large', { partitions: 1 });
    const values = Array.from({ length: 12_000 }, (_, i) => `${i} ${String(i % 10).repeat(600)}`);
    for (let from = 0; from < values.length; from += 1000) await produce(brokers, topic, values.slice(from, from + 1000).map((value) => ({ value })));
    // So little room that most of it is read when what came before has been settled.
    const line = new TestLine({ wants: 'nothing', holds: true, maxInFlight: 4000 });
    await startSource(settingsFor(brokers, [topic]), line);
    const isKept = (offset: number): boolean => offset % 700 === 30;
    const memory = new Set<ArrayBufferLike>();
    await eventually(() => {
      for (const { events } of line.open) memory.add(events.bytes.buffer);
      line.settle(({ offset }) => !isKept(offset));
      return line.events.length === values.length;
    }, 'all events');
    expect(line.values).toEqual(values);
    const kept = line.events.filter(({ offset }) => isKept(offset));
    for (const { events, index, offset } of kept) {
      const at = events.spans[2 * index]!;
      expect(Buffer.from(events.bytes.subarray(at, at + events.spans[2 * index + 1]!)).toString()).toBe(values[offset]);
    }
    // A chunk has some 430 of these events; those with one that is kept are not used again.
    expect(memory.size).toBeGreaterThanOrEqual(kept.length);
    expect(memory.size).toBeLessThan(12_000 / 430);
  });
});
