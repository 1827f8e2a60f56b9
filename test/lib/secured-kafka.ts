import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { KafkaServer } from '../services/kafka.d.mts';
import { startKafka } from '../services/kafka.mjs';
import { freePorts } from '../services/ports.mjs';

export const hasOpenssl = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'openssl')));
/** Of the user ada, in every mechanism. */
export const PASSWORD = 'correct horse';

/** A broker that also listens for SASL over TLS, with a certificate of its own making: cert.pem and key.pem of the folder. */
export async function secured(folder: string): Promise<{ kafka: KafkaServer; port: number; ca: string }> {
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
