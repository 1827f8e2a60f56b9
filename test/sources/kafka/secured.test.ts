import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { KafkaConnection } from '../../../src/config/settings.ts';
import { hasOpenssl, PASSWORD, secured } from '../../lib/secured-kafka.ts';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, produce, settingsFor, startSource, TestLine } from './kit.ts';

await describeWith(['kafka'], 'a Kafka source over TLS with SASL', () => {
  let broker: Awaited<ReturnType<typeof secured>>;
  let folder: string;
  let topic: string;
  beforeAll(async () => {
    if (!hasOpenssl) return;
    folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
    broker = await secured(folder);
    topic = await createTopic(broker.kafka.brokers, 'secured', { partitions: 1 });
    await produce(broker.kafka.brokers, topic, [{ value: 'secret' }]);
  }, 300_000);
  afterEach(closeSources);
  afterAll(async () => {
    await broker?.kafka.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const connection = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password = PASSWORD, ca = broker.ca): Pick<KafkaConnection, 'tls' | 'sasl'> => ({ tls: { ca, rejectUnauthorized: true }, sasl: { mechanism, username: 'ada', password } });
  const brokers = (): string[] => [`127.0.0.1:${broker.port}`];

  it.runIf(hasOpenssl).each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('reads with %s', async (mechanism) => {
    const line = new TestLine();
    await startSource(settingsFor(brokers(), [topic], connection(mechanism)), line);
    await eventually(() => line.events.length === 1, 'the event');
    expect(line.values).toEqual(['secret']);
  });

  it.runIf(hasOpenssl)('says that it is the password', async () => {
    const starting = startSource(settingsFor(brokers(), [topic], connection('plain', 'wrong')), new TestLine());
    await expect(starting).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('refuses the credentials') });
  });

  it.runIf(hasOpenssl)('says that it is the certificate', async () => {
    const { tls: _, ...withoutCa } = connection('plain');
    const starting = startSource(settingsFor(brokers(), [topic], { ...withoutCa, tls: { rejectUnauthorized: true } }), new TestLine());
    await expect(starting).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('No TLS connection') });
  });

  it.runIf(hasOpenssl)('shares its client with what writes', async () => {
    const { createKafkaClient } = await import('../../../src/kafka/client.ts');
    const { silentLog } = await import('../../../src/telemetry/log.ts');
    const client = await createKafkaClient(settingsFor(brokers(), [topic], connection('scram-sha-256')), silentLog);
    const producer = client.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'written' }] });
    await producer.disconnect();
    const admin = new Kafka({ brokers: broker.kafka.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    expect((await admin.fetchTopicOffsets(topic))[0]!.high).toBe('2');
    await admin.disconnect();
  });
});
