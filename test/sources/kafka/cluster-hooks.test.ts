import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../lib/server-process.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, kafkaOf, produce, settingsFor, startSource, TestLine } from './kit.ts';

const require = createRequire(import.meta.url);

/**
 * The files of kafkajs whose inner workings src/sources/kafka counts on, as they were when it was written. When one of them
 * has changed: read what has, see that what stands beside it still holds, run these tests, and note the new sum.
 */
const COUNTED_ON: Record<string, { sum: string; what: string }> = {
  'broker/index.js': { sum: '9cbea8898528c439', what: 'lookupRequest is an assignable property that fetch and joinGroup ask for their protocol; joinGroup resolves with memberId and generationId' },
  'protocol/requests/fetch/index.js': { sum: 'b0961e16fca52023', what: 'a protocol is { request: { apiVersion }, response: { decode, parse } }' },
  'protocol/requests/fetch/v11/response.js': { sum: '9cb972647500104e', what: 'the shape of a decoded response' },
  'consumer/index.js': { sum: 'cdf5b3d7c67364b2', what: 'the cluster given to the partition assigner is the one that the consumer works with' },
  'consumer/consumerGroup.js': { sum: 'f3e461738585a8dc', what: 'brokers come from cluster.findBroker and cluster.findGroupCoordinator; GROUP_JOIN is emitted in the same turn in which the join ends' },
  'consumer/runner.js': { sum: 'fad3247df2e3ba48', what: 'an empty fetch is followed by a heartbeat; REBALANCING is emitted before the join is asked for' },
  'consumer/batch.js': { sum: '04ee865724744159', what: 'messages are looked at by offset and isControlRecord only, and handed on as they are' },
  'consumer/filterAbortedMessages.js': { sum: '54ce50f2a41ee168', what: 'leaves everything when there are no aborted transactions' },
};

describe('kafkajs', () => {
  it.each(Object.entries(COUNTED_ON))('%s is as it was', (file, { sum, what }) => {
    expect(createHash('sha256').update(readFileSync(require.resolve(`kafkajs/src/${file}`))).digest('hex').slice(0, 16), what).toBe(sum);
  });
});

await describeWith(['kafka'], 'the hooks into kafkajs', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  it('leave records as they are, and other consumers of the process alone', async () => {
    const topic = await createTopic(brokers, 'hooks', { partitions: 1 });
    await produce(brokers, topic, [{ key: 'k', value: 'v' }]);
    const line = new TestLine({ wants: 'nothing' });
    await startSource(settingsFor(brokers, [topic]), line);
    await eventually(() => line.events.length === 1, 'the event');
    // What was offered is the record itself, with its length, attributes and deltas around key and value.
    expect(Buffer.from(line.events[0]!.events.bytes).toString('hex')).toBe('10000000026b027600');
    const consumer = kafkaOf(brokers).consumer({ groupId: uniqueName('beside') });
    const seen: (string | undefined)[] = [];
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void seen.push(message.value?.toString()) });
      await eventually(() => seen.length > 0, 'the message');
      expect(seen).toEqual(['v']);
    } finally {
      await consumer.disconnect();
    }
  });
});
