import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { createEngine } from '../../dist/index.js';
import { sumOf } from './exposition.mjs';
import { definition } from './machine.mjs';
import { fillPacked } from './packed-fill.mjs';
import { brokers } from './services.mjs';

/* What the suites that read Kafka share: topics of events, a bare consumer, and our source on the same topic. */

const PARTITIONS = 4;
const EVENT_BYTES = 118;
const PER_SEND = 4000;
/** The same for both sides. */
const FETCHING = { maxBytes: 10_485_760, maxBytesPerPartition: 1_048_576, maxWaitMs: 500, minBytes: 1 };

export function eventOf(i) {
  const event = { device: `sensor-${String(i % 9973).padStart(5, '0')}`, temperature: 10 + (i % 40), humidity: 40 + (i % 50), at: 1_760_000_000_000 + i, note: '' };
  event.note = 'x'.repeat(EVENT_BYTES - JSON.stringify(event).length);
  return JSON.stringify(event);
}

const names = new Set();

/** A name for a topic or a consumer group that nobody else has. */
export function newName(of) {
  const name = `bench-${of}-${process.pid}-${names.size}`;
  names.add(name);
  return name;
}

/**
 * A client of the suites' broker, with topics that are deleted when `use` is over, and so are the consumer groups.
 *
 * @throws Unavailable when there is no broker and none can be started
 */
export async function withKafka(use) {
  const addresses = await brokers();
  const kafka = new Kafka({ clientId: 'bench', brokers: addresses, logLevel: logLevel.ERROR });
  const admin = kafka.admin();
  await admin.connect();
  const topics = [];
  const createTopic = async (of, partitions = PARTITIONS, configEntries = []) => {
    const topic = newName(of);
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }] });
    topics.push(topic);
    return topic;
  };
  try {
    return await use({ kafka, admin, brokers: addresses, createTopic });
  } finally {
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const { groups } = await admin.listGroups();
    // A group that still has a member stays, and expires like any other.
    await admin.deleteGroups(groups.map(({ groupId }) => groupId).filter((group) => names.has(group))).catch(() => undefined);
    await admin.disconnect();
  }
}

/** Fills a topic with events, its partitions evenly. */
export const fill = (kafka, topic, count) => fillPacked(kafka, topic, count, { partitions: PARTITIONS, perBatch: PER_SEND, eventOf });

export const cpuMsNow = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Reads a topic of `count` events to its end with a bare consumer, from the first batch to the last.
 *
 * @param eachBatch done with each batch, awaited
 */
export async function readBare(kafka, topic, count, eachBatch) {
  const consumer = kafka.consumer({ groupId: newName('bare'), maxBytes: FETCHING.maxBytes, maxBytesPerPartition: FETCHING.maxBytesPerPartition, minBytes: FETCHING.minBytes, maxWaitTimeInMs: FETCHING.maxWaitMs });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  let begin;
  const took = await new Promise((resolve, reject) => {
    consumer
      .run({
        autoCommitInterval: 1000,
        eachBatch: async ({ batch }) => {
          begin ??= { ms: performance.now(), cpuMs: cpuMsNow() };
          await eachBatch(batch.messages);
          seen += batch.messages.length;
          if (seen === count) resolve({ ms: performance.now() - begin.ms, cpuMs: cpuMsNow() - begin.cpuMs });
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return { count, ...took };
}

/** The settings of a Kafka source as the configuration file's defaults make them. */
export const kafkaSource = (addresses, topic, more = {}) => ({
  name: 'readings',
  kind: { kafka: { brokers: addresses, topics: [topic], groupId: newName('ours'), clientId: 'bench', connectionTimeoutMs: 1000, requestTimeoutMs: 30_000, from: 'earliest', sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3000, rebalanceTimeoutMs: 60_000, commitIntervalMs: 1000, readUncommitted: false, ...FETCHING } },
  machine: 'level',
  order: 'none',
  maxInFlight: 100_000,
  retry: { maxAttempts: 1, backoffMs: 100, maxBackoffMs: 1000 },
  deadLetters: null,
  tombstones: 'skip',
  ...more,
});

export const kafkaOutput = (addresses, topic) => ({ name: 'results', kind: { kafka: { brokers: addresses, clientId: 'bench', connectionTimeoutMs: 1000, requestTimeoutMs: 30_000, topic, compression: 'none' } }, when: {} });

/** The same with an engine: from the first parcel until every execution has ended and every output has taken what came of it. */
export async function readWithEngine(addresses, topic, count, outputs = []) {
  const engine = await createEngine({ machines: { level: { definition: JSON.stringify(definition) } }, sources: [kafkaSource(addresses, topic)], outputs });
  const { dispatch } = engine;
  const offer = dispatch.offer.bind(dispatch);
  let begin;
  let offered = 0;
  dispatch.offer = (parcel) => {
    begin ??= { ms: performance.now(), cpuMs: cpuMsNow() };
    offered += parcel.count;
    offer(parcel);
  };
  try {
    await engine.startSources();
    const done = () => offered >= count && dispatch.inFlight === 0;
    while (!done()) await pause(2);
    // Asked for only now: writing the metrics out costs a millisecond.
    while (outputs.length > 0 && sumOf((await engine.telemetry.exposition()).body, 'millrace_output_records_total', { result: 'written' }) < count) await pause(2);
    const took = { ms: performance.now() - begin.ms, cpuMs: cpuMsNow() - begin.cpuMs };
    if (offered !== count) throw new Error(`${offered} events were read, of ${count}`);
    return { count, ...took };
  } finally {
    await engine.close(10_000);
  }
}
