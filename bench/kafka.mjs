import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { createEngine } from '../dist/index.js';
import { startKafka } from '../test/services/kafka.mjs';
import { Unavailable } from '../test/services/unavailable.mjs';
import { byHand, definition } from './lib/machine.mjs';
import { median, row } from './lib/measure.mjs';

/*
 * A topic of four partitions read to its end: ours runs a Choice → Pass → Succeed machine on every event and commits; the
 * baseline is what kafkajs users write: eachBatch with JSON.parse, and nothing done with the result. Same broker, same machine,
 * same settings for fetching, in turn. A broker of its own is started unless KAFKA_BROKERS names one.
 */

const PARTITIONS = 4;
const EVENT_BYTES = 118;
const EVENTS = Number(process.env.BENCH_KAFKA_EVENTS ?? 1_000_000);
const PROOF_EVENTS = 40_000;
const PER_SEND = 4000;
const FETCHING = { maxBytes: 10_485_760, maxBytesPerPartition: 1_048_576, maxWaitMs: 500, minBytes: 1 };

function eventOf(i) {
  const event = { device: `sensor-${String(i % 9973).padStart(5, '0')}`, temperature: 10 + (i % 40), humidity: 40 + (i % 50), at: 1_760_000_000_000 + i, note: '' };
  event.note = 'x'.repeat(EVENT_BYTES - JSON.stringify(event).length);
  return JSON.stringify(event);
}

async function fill(kafka, topic, count) {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }] });
  await admin.disconnect();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  for (let from = 0; from < count; from += PER_SEND) {
    const size = Math.min(PER_SEND, count - from);
    await producer.send({ topic, messages: Array.from({ length: size }, (_, i) => ({ value: eventOf(from + i), partition: (from / PER_SEND) % PARTITIONS })) });
  }
  await producer.disconnect();
}

/** Order plays no part: what is summed up is each value's own. */
function checksum(sum, value) {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x0100_0193);
  return (sum + (hash >>> 0)) % Number.MAX_SAFE_INTEGER;
}

let groups = 0;
const groupOf = (name) => `bench-${name}-${process.pid}-${groups++}`;

/** Reads a topic with a bare consumer; answers events a second, from the first batch to the last. */
async function bare(kafka, topic, count, use) {
  const consumer = kafka.consumer({ groupId: groupOf('bare'), maxBytes: FETCHING.maxBytes, maxBytesPerPartition: FETCHING.maxBytesPerPartition, minBytes: FETCHING.minBytes, maxWaitTimeInMs: FETCHING.maxWaitMs });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  let begin = 0;
  const ms = await new Promise((resolve, reject) => {
    consumer
      .run({
        autoCommitInterval: 1000,
        eachBatch: async ({ batch }) => {
          if (begin === 0) begin = performance.now();
          for (const { value } of batch.messages) use(JSON.parse(value.toString()));
          seen += batch.messages.length;
          if (seen === count) resolve(performance.now() - begin);
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return (count / ms) * 1000;
}

/** The same with an engine: from the first offer until every execution has ended and been settled. */
async function ours(brokers, topic, count, outputs = []) {
  const engine = await createEngine({
    machines: { level: { definition: JSON.stringify(definition) } },
    sources: [
      {
        name: 'readings',
        kind: { kafka: { brokers, topics: [topic], groupId: groupOf('ours'), clientId: 'bench', connectionTimeoutMs: 1000, requestTimeoutMs: 30_000, from: 'earliest', sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3000, rebalanceTimeoutMs: 60_000, commitIntervalMs: 1000, readUncommitted: false, ...FETCHING } },
        machine: 'level',
        order: 'none',
        maxInFlight: 100_000,
        retry: { maxAttempts: 1, backoffMs: 100, maxBackoffMs: 1000 },
        deadLetters: null,
        tombstones: 'skip',
      },
    ],
    outputs,
  });
  const { dispatch } = engine;
  const offer = dispatch.offer.bind(dispatch);
  const offers = { events: 0, begin: 0 };
  dispatch.offer = (parcel) => {
    if (offers.begin === 0) offers.begin = performance.now();
    offers.events += parcel.count;
    offer(parcel);
  };
  try {
    await engine.startSources();
    const done = () => offers.events >= count && dispatch.inFlight === 0;
    while (!done()) await pause(2);
    const ms = performance.now() - offers.begin;
    assert.equal(offers.events, count);
    return (count / ms) * 1000;
  } finally {
    await engine.close(10_000);
  }
}

async function prove(kafka, brokers, topic) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-kafka-'));
  try {
    let expected = 0;
    await bare(kafka, topic, PROOF_EVENTS, (event) => (expected = checksum(expected, JSON.stringify(byHand(event)))));
    const path = join(folder, 'results.ndjson');
    await ours(brokers, topic, PROOF_EVENTS, [{ name: 'results', kind: { file: { path } }, when: {} }]);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, PROOF_EVENTS);
    assert.equal(lines.reduce((sum, line) => checksum(sum, JSON.stringify(JSON.parse(line).value)), 0), expected);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Undefined where a broker is named; null where there is none and none can be started here. */
async function ownBroker() {
  if (process.env.KAFKA_BROKERS !== undefined) return undefined;
  try {
    return await startKafka({ heapMb: 1024 });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.error(`kafka: not run. ${error.message}`);
    return null;
  }
}

export async function run({ rounds = 5 } = {}) {
  const own = await ownBroker();
  if (own === null) return [];
  const brokers = own?.brokers ?? process.env.KAFKA_BROKERS.split(',');
  const kafka = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.ERROR });
  const [small, large] = [groupOf('proof'), groupOf('topic')];
  const topics = [small, large];
  try {
    await fill(kafka, small, PROOF_EVENTS);
    await fill(kafka, large, EVENTS);
    await prove(kafka, brokers, small);
    const figures = { ours: { rounds: [] }, bare: { rounds: [] } };
    let kept = 0;
    for (let round = 0; round < rounds; round++) {
      figures.ours.rounds.push(await ours(brokers, large, EVENTS));
      figures.bare.rounds.push(await bare(kafka, large, EVENTS, (event) => (kept += event.temperature)));
    }
    assert.ok(kept > 0);
    for (const figure of Object.values(figures)) figure.median = median(figure.rounds);
    return [row('kafka', 'read, run Choice→Pass, commit', figures.ours, 'kafkajs eachBatch, JSON.parse', figures.bare, 'events/s')];
  } finally {
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    await own?.remove();
  }
}
