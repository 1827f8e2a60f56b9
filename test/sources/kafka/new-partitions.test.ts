import { Kafka, logLevel } from 'kafkajs';
import { afterEach, it } from 'vitest';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, committed, produce, settingsFor, startSource, TestLine } from './kit.ts';

await describeWith(['kafka'], 'partitions that a topic gets while it is read', ({ kafka: { brokers } }) => {
  afterEach(closeSources);

  it('are found within a minute, read from their beginning and shared out', { timeout: 180_000 }, async () => {
    const topic = await createTopic(brokers, 'grows', { partitions: 2 });
    // From latest: a new partition has no end yet that anybody has seen, and is read from its beginning all the same.
    const settings = settingsFor(brokers, [topic], { from: 'latest' });
    const lines = [new TestLine({ holds: true }), new TestLine({ holds: true })] as const;
    for (const line of lines) await startSource(settings, line);
    await eventually(() => lines.every(({ counts }) => counts.lag.size === 1), 'each has one partition');
    const spread = (partitions: readonly number[]) => partitions.flatMap((partition) => Array.from({ length: 20 }, (_, i) => ({ partition, value: `${partition}/${i}` })));
    await produce(brokers, topic, spread([0, 1]));
    await eventually(() => lines.every(({ open }) => open.size === 20), 'the first two are under way');
    const admin = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] });
    await admin.disconnect();
    await produce(brokers, topic, spread([2, 3, 4, 5]));
    // The first two may change hands on the way, and are read again then.
    await eventually(() => new Set(lines.flatMap(({ values }) => values)).size === 120, 'the others are read', 120_000);
    await eventually(() => lines.every(({ counts }) => counts.lag.size === 3), 'each has three partitions');
    for (const line of lines) line.settle();
    await eventually(async () => Object.values(await committed(brokers, settings.groupId, topic)).filter(({ offset }) => offset === 20).length === 6, 'all is committed');
  });
});
