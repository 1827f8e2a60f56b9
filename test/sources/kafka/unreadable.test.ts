import { CompressionTypes } from 'kafkajs';
import { afterEach, expect, it, vi } from 'vitest';
import type * as Codecs from '../../../src/kafka/codecs.ts';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, produce, settingsFor, startSource, TestLine } from './kit.ts';

/** Brokers refuse what they cannot decompress; that our own cannot is what a damaged disk or a missing package looks like. */
vi.mock('../../../src/kafka/codecs.ts', async (load) => {
  const actual = await load<typeof Codecs>();
  return {
    ...actual,
    loadCodec: async (compression: number) => {
      const codec = await actual.loadCodec(compression);
      return compression === actual.COMPRESSIONS.lz4 ? { ...codec, decompress: () => Promise.reject(new Error('these bytes are not a frame')) } : codec;
    },
  };
});

await describeWith(['kafka'], 'a Kafka source', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  it('stands still before what it cannot read, and says so, while other partitions go on', async () => {
    const topic = await createTopic(brokers, 'damaged', { partitions: 2 });
    const settings = settingsFor(brokers, [topic]);
    const line = new TestLine();
    const source = await startSource(settings, line);
    await produce(brokers, topic, [{ partition: 0, value: 'good' }]);
    await produce(brokers, topic, [{ partition: 0, value: 'bad' }], CompressionTypes.LZ4);
    await produce(brokers, topic, [{ partition: 0, value: 'after' }]);
    await eventually(() => source.trouble !== undefined, 'trouble is said');
    expect(source.trouble).toBe(`${topic}/0 cannot be read from offset 1 on: these bytes are not a frame`);
    await produce(brokers, topic, [{ partition: 1, value: 'elsewhere' }]);
    await eventually(() => line.events.length === 2, 'the event of the other partition');
    expect(line.values).toEqual(['good', 'elsewhere']);
    await eventually(async () => Object.keys(await committed(brokers, settings.groupId, topic)).length === 2, 'commits');
    expect((await committed(brokers, settings.groupId, topic))[0]!.offset).toBe(1);
    expect(line.counts.recovered.get('consumer_restart')).toBeUndefined();
  });
});
