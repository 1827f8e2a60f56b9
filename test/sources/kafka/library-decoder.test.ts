import { CompressionTypes } from 'kafkajs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as FetchResponses from '../../../src/sources/kafka/fetch-response.ts';
import { RecordWalk } from '../../../src/sources/kafka/record-walk.ts';
import { sectionOf } from '../../../src/sources/kafka/library-messages.ts';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, produce, settingsFor, startSource, TestLine } from './kit.ts';

/** As if every broker were older than Kafka 0.11. */
vi.mock('../../../src/sources/kafka/fetch-response.ts', async (load) => ({ ...(await load<typeof FetchResponses>()), decodeFetchResponse: () => undefined }));

await describeWith(['kafka'], "a Kafka source with kafkajs's own decoder", ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  it('offers the same', async () => {
    const topic = await createTopic(brokers, 'library', { partitions: 1 });
    const settings = settingsFor(brokers, [topic]);
    const line = new TestLine({ wants: 'everything', holds: true });
    await startSource(settings, line);
    await produce(brokers, topic, [
      { key: 'a', value: '1', timestamp: '1700000000000', headers: { trace: 'x', many: ['y', 'z'] } },
      { key: null, value: null, timestamp: '1600000000000' },
    ]);
    await produce(brokers, topic, [{ key: 'b', value: '2', timestamp: '1700000000001' }], CompressionTypes.ZSTD);
    await eventually(() => line.events.length === 3, 'the events');
    const shown = line.events.map(({ lease, events, index, offset, value }) => {
      const { key, headers } = lease.settlement.describe(events, index);
      return [offset, key === undefined ? undefined : Buffer.from(key).toString(), value, headers, events.details!.timestamps![index]];
    });
    expect(shown).toEqual([
      [0, 'a', '1', '{"trace":"x","many":["y","z"]}', 1_700_000_000_000],
      [1, undefined, '', undefined, 1_600_000_000_000],
      [2, 'b', '2', undefined, 1_700_000_000_001],
    ]);
    line.settle();
    await eventually(async () => (await committed(brokers, settings.groupId, topic))[0]?.offset === 3, 'all is committed');
  });
});

describe('messages of kafkajs', () => {
  it('with gaps between them are chunks of those that follow one another', () => {
    const message = (offset: number): Parameters<typeof sectionOf>[0][number] => ({ key: null, value: Buffer.from(`v${offset}`), timestamp: '1', attributes: 0, offset: String(offset), headers: {} });
    const walk = new RecordWalk([sectionOf([5, 6, 9].map(message))], { from: 0, everything: false, maxEvents: 10, maxBytes: 1000 });
    const chunks = [walk.next(), walk.next(), walk.next()];
    expect(chunks.map((chunk) => chunk && [chunk.firstOffset, chunk.count])).toEqual([[5, 2], [9, 1], undefined]);
  });
});
