import { afterEach, describe, expect, it, vi } from 'vitest';
import type { createGroupConsumer, GroupConsumer } from '../../../src/sources/kafka/group-consumer.ts';
import { Partition } from '../../../src/sources/kafka/partition.ts';
import { ReusedMemory } from '../../../src/sources/kafka/reused-memory.ts';
import { findStalled } from '../../../src/sources/kafka/stalled.ts';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, produce, settingsFor, startSource, TestLine } from './kit.ts';

/** Every consumer that the sources of this file have made. */
const consumers = vi.hoisted((): GroupConsumer[] => []);
vi.mock('../../../src/sources/kafka/group-consumer.ts', async (original) => {
  const real = await original<{ createGroupConsumer: typeof createGroupConsumer }>();
  const create: typeof createGroupConsumer = async (...args) => {
    const consumer = await real.createGroupConsumer(...args);
    consumers.push(consumer);
    return consumer;
  };
  return { ...real, createGroupConsumer: create };
});

await describeWith(['kafka'], 'a partition that is assigned and not fetched', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  it('is noticed, counted, and read by another consumer', { timeout: 120_000 }, async () => {
    const topic = await createTopic(brokers, 'stalled', { partitions: 2 });
    const settings = settingsFor(brokers, [topic]);
    const line = new TestLine();
    await startSource(settings, line);
    await eventually(() => line.counts.lag.size === 2, 'both partitions are assigned');
    // As kafkajs has been seen to do by itself: the partition is left out of every fetch.
    consumers[0]!.pause(topic, 1);
    await produce(brokers, topic, [0, 1].flatMap((partition) => Array.from({ length: 10 }, (_, i) => ({ partition, value: `${partition}/${i}` }))));
    await eventually(() => line.events.length === 10, 'the other one is read');
    await eventually(() => line.counts.recovered.get('stalled_partition') === 1, 'it is noticed', 60_000);
    await eventually(() => line.events.length === 20, 'it is read');
    expect(consumers).toHaveLength(2);
    expect(new Set(line.values).size).toBe(20);
    expect(line.released).toEqual([]);
    await eventually(async () => Object.values(await committed(brokers, settings.groupId, topic)).every(({ offset }) => offset === 10), 'all is committed');
  });
});

describe('a look at partitions', () => {
  const open = (change: Partial<Partition> = {}): Partition => Object.assign(new Partition(new TestLine(), new ReusedMemory(1024, 1), 't', 0, 0), change);
  const agoMs = (ms: number): number => performance.now() - ms;

  it('finds what is not fetched for half a minute, or does not get on for a minute', () => {
    const one = open();
    expect(findStalled([one], true, 0)).toBeUndefined();
    expect(findStalled([one, open({ fetchedAt: agoMs(29_000) })], true, 0)).toBeUndefined();
    const notFetched = open({ fetchedAt: agoMs(31_000) });
    expect(findStalled([one, notFetched], true, 0)).toBe(notFetched);
    const notMoved = open({ movedAt: agoMs(61_000), highWatermark: 5 });
    expect(findStalled([one, notMoved], true, 0)).toBe(notMoved);
  });

  it.each<[string, () => Partial<Partition>, boolean, number]>([
    ['there is nothing to be read of it', () => ({ movedAt: agoMs(61_000), highWatermark: 0 }), true, 0],
    ['a transaction is open', () => ({ movedAt: agoMs(61_000), highWatermark: 5, lastStable: 0 }), true, 0],
    ['nothing is read at present', () => ({ fetchedAt: agoMs(31_000) }), false, 0],
    ['it cannot be read, which is said', () => ({ fetchedAt: agoMs(31_000), fault: 'damaged' }), true, 0],
    ['the thread was blocked', () => ({ fetchedAt: agoMs(31_000) }), true, 5_000],
  ])('finds nothing where %s', (_, change, reads, lateMs) => {
    expect(findStalled([open(change())], reads, lateMs)).toBeUndefined();
  });
});
