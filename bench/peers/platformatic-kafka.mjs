import { strict as assert } from 'node:assert';
import { cpuMsNow, fill, newName, readWithEngine, withKafka } from '../lib/kafka.mjs';
import { byHand } from '../lib/machine.mjs';
import { contest, row } from '../lib/measure.mjs';
import { needsNode, peerPackages } from '../lib/peer-packages.mjs';
import { EVENTS, OURS } from './kafkajs.mjs';

/** A stream of @platformatic/kafka with the logic by hand. */
export async function run({ smoke = false, ...options }) {
  needsNode(22, '@platformatic/kafka');
  const { Consumer } = await (await peerPackages({ '@platformatic/kafka': '2.12.1' })).load('@platformatic/kafka');
  const events = smoke ? 8000 : EVENTS;
  return withKafka(async ({ kafka, brokers, createTopic }) => {
    const topic = await createTopic('peers');
    await fill(kafka, topic, events);
    const { ours, bare } = await contest({ bare: () => readStream(Consumer, brokers, topic, events), ours: () => readWithEngine(brokers, topic, events) }, { ...options, name: 'reads a topic' });
    const guarantees = { ours: OURS, baseline: 'offsets are committed on a timer as batches arrive, before they are worked on: a crash loses what was in memory; one thread' };
    return [row({ suite: 'peers', case: 'Kafka: read, decide, commit, other client', unit: 'events/s', ours, baseline: bare, baselineName: '@platformatic/kafka, by hand', guarantees })];
  });
}

async function readStream(Consumer, brokers, topic, count) {
  const consumer = new Consumer({ groupId: newName('stream'), clientId: 'bench', bootstrapBrokers: brokers });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: 1000, maxWaitTime: 500, minBytes: 1, maxBytes: 10_485_760 });
  let seen = 0;
  let hot = 0;
  let begin;
  const took = await new Promise((resolve, reject) => {
    stream.on('error', reject).on('data', ({ value }) => {
      begin ??= { ms: performance.now(), cpuMs: cpuMsNow() };
      if (byHand(JSON.parse(value.toString())).level === 'hot') hot++;
      seen += 1;
      if (seen === count) resolve({ ms: performance.now() - begin.ms, cpuMs: cpuMsNow() - begin.cpuMs });
    });
  });
  assert.ok(hot > 0);
  await stream.close();
  await consumer.close();
  return { count, ...took };
}
