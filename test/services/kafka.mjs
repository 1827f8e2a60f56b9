import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, tail } from './command.mjs';
import { kafkaProgram } from './kafka-artifacts.mjs';
import { freePorts } from './ports.mjs';
import { kafkaAnswers, kafkaCoordinates } from './probes.mjs';
import { serverFolder, ServerProcess } from './server-process.mjs';

const READY_MS = 90_000;
const LOG4J = `
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c{1})%n
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
`;

/**
 * Starts one Kafka broker in KRaft mode, with its controller in the same process, on 127.0.0.1. Topics are not made by being
 * asked for: a test that forgets to make one should fail and not find one that is empty.
 *
 * @param options port (a free one), heapMb (512), partitions of a new topic (4), settings (further lines of the broker's
 *   configuration, by name)
 * @returns a ServerProcess with `brokers`
 * @throws Unavailable when there is no Java or no Maven
 */
export async function startKafka({ port, heapMb = 512, partitions = 4, settings = {}, note } = {}) {
  const { java, libs } = await kafkaProgram(note);
  const [broker, controller] = port === undefined ? await freePorts(2) : [port, ...(await freePorts(1))];
  const folder = await serverFolder('kafka');
  const properties = { ...defaults(broker, controller, folder, partitions), ...settings };
  const file = join(folder, 'server.properties');
  await writeFile(file, Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''));
  const logging = join(folder, 'log4j2.properties');
  await writeFile(logging, LOG4J);
  const common = [`-Dlog4j2.configurationFile=${logging}`, '-cp', libs];
  await format(java, common, file);
  const args = [`-Xms${Math.min(heapMb, 256)}m`, `-Xmx${heapMb}m`, '-XX:MaxGCPauseMillis=20', '-XX:+ExitOnOutOfMemoryError', '-Djava.awt.headless=true', ...common, 'kafka.Kafka', file];
  const kafka = openKafka({ name: 'kafka', command: java, args, folder, port: broker, kept: false, pid: 0, startedAt: '' });
  await kafka.start().catch(async (error) => {
    await kafka.remove();
    throw error;
  });
  return kafka;
}

/** The broker of a record, whoever started it. */
export function openKafka(record) {
  const brokers = [`127.0.0.1:${record.port}`];
  const kafka = new ServerProcess(record, async () => (await kafkaAnswers(brokers)) && kafkaCoordinates(brokers), READY_MS);
  return Object.assign(kafka, { brokers });
}

/** Writes what tells an empty data folder from a lost one. */
async function format(java, common, file) {
  const id = `m${randomBytes(16).toString('base64url').slice(1)}`;
  const { code, stdout, stderr } = await run(java, ['-Xshare:auto', '-XX:TieredStopAtLevel=1', ...common, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', file], { withinMs: 60_000 });
  if (code !== 0) throw new Error(`Kafka's data folder could not be made:\n${tail(`${stdout}\n${stderr}`, 8)}`);
}

const defaults = (broker, controller, folder, partitions) => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  'controller.listener.names': 'CONTROLLER',
  listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
  'log.dirs': join(folder, 'data'),
  'num.partitions': partitions,
  'auto.create.topics.enable': false,
  // One broker: what Kafka keeps for itself cannot have three copies, and needs few partitions.
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 8,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  // After kill -9 the controller lets the broker back in only when its old session is over: 4 s and not 9.
  'broker.session.timeout.ms': 4000,
  'broker.heartbeat.interval.ms': 1000,
  'group.initial.rebalance.delay.ms': 0,
  // A dead consumer can be noticed within a second, so that fault tests need not wait for six.
  'group.min.session.timeout.ms': 1000,
  'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
});
