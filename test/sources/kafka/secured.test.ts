import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { KafkaConnection } from '../../../src/config/settings.ts';
import type { KafkaServer } from '../../services/kafka.d.mts';
import { startKafka } from '../../services/kafka.mjs';
import { freePorts } from '../../services/ports.mjs';
import { eventually } from '../../lib/server-process.ts';
import { describeWith } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';
import { closeSources, produce, settingsFor, startSource, TestLine } from './kit.ts';

const hasOpenssl = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'openssl')));
const PASSWORD = 'correct horse';

/** A broker that also listens for SASL over TLS, with a certificate of its own making. */
async function secured(folder: string): Promise<{ kafka: KafkaServer; port: number; ca: string }> {
  const [plain, sasl, controller] = (await freePorts(3)) as [number, number, number];
  const [key, cert, both] = [join(folder, 'key.pem'), join(folder, 'cert.pem'), join(folder, 'both.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' });
  writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
  const login = 'org.apache.kafka.common.security';
  const kafka = await startKafka({
    port: plain,
    heapMb: 256,
    settings: {
      listeners: `PLAINTEXT://127.0.0.1:${plain},SASL://127.0.0.1:${sasl},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${plain},SASL://127.0.0.1:${sasl}`,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.sasl.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_ada="${PASSWORD}";`,
      'listener.name.sasl.scram-sha-256.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
      'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': both,
    },
  });
  try {
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) addUser(kafka, mechanism);
  } catch (error) {
    await kafka.remove();
    throw error;
  }
  return { kafka, port: sasl, ca: readFileSync(cert, 'utf8') };
}

function addUser({ record: { command, args }, port }: KafkaServer, mechanism: string): void {
  const libs = args[args.indexOf('-cp') + 1] as string;
  const config = `${mechanism}=[iterations=4096,password=${PASSWORD}]`;
  execFileSync(command, ['-XX:TieredStopAtLevel=1', '-cp', libs, 'kafka.admin.ConfigCommand', '--bootstrap-server', `127.0.0.1:${port}`, '--alter', '--add-config', config, '--entity-type', 'users', '--entity-name', 'ada'], { stdio: 'ignore' });
}

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
