import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fill, kafkaOutput, readBare, readWithEngine, withKafka } from './lib/kafka.mjs';
import { byHand } from './lib/machine.mjs';
import { contest, row } from './lib/measure.mjs';

/*
 * A topic of four partitions read to its end: ours runs a Choice → Pass → Succeed machine on every event and commits; the
 * baseline is what kafkajs users write: eachBatch with JSON.parse, and nothing done with the result. Then the same with results:
 * ours through a Kafka output, the baseline with the machine's logic by hand, JSON.stringify and one producer.send for each
 * batch. Same broker, same machine, same settings for fetching, in turn.
 */

const EVENTS = Number(process.env.BENCH_KAFKA_EVENTS ?? 1_000_000);
const OUTPUT_EVENTS = Math.ceil(EVENTS / 2);
const PROOF_EVENTS = 40_000;

/** Order plays no part: what is summed up is each value's own. */
function checksum(sum, value) {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x0100_0193);
  return (sum + (hash >>> 0)) % Number.MAX_SAFE_INTEGER;
}

const parsed = ({ value }) => JSON.parse(value.toString());

/** The bare loop with results: acknowledged by the broker before the offsets are committed, as ours are. */
async function copyBare({ kafka }, from, to, count) {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const took = await readBare(kafka, from, count, (messages) => producer.send({ topic: to, acks: -1, messages: messages.map((message) => ({ value: JSON.stringify(byHand(parsed(message))) })) }));
  await producer.disconnect();
  return took;
}

/** What a topic holds, as the sum of its values; `textOf` answers the part of a value that counts. */
async function sumOfTopic(kafka, topic, count, textOf) {
  let sum = 0;
  await readBare(kafka, topic, count, (messages) => {
    for (const { value } of messages) sum = checksum(sum, textOf(value.toString()));
  });
  return sum;
}

/** Ours, to a file and to a topic, and the bare loop all make what hand-written code makes of the same events. */
async function prove(context, topic, count) {
  const { kafka, brokers, createTopic } = context;
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-kafka-'));
  try {
    const expected = await sumOfTopic(kafka, topic, count, (text) => JSON.stringify(byHand(JSON.parse(text))));
    const path = join(folder, 'results.ndjson');
    await readWithEngine(brokers, topic, count, [{ name: 'results', kind: { file: { path } }, when: {} }]);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, count);
    assert.equal(lines.reduce((sum, line) => checksum(sum, JSON.stringify(JSON.parse(line).value)), 0), expected);
    const [ours, bare] = [await createTopic('proof-ours'), await createTopic('proof-bare')];
    await readWithEngine(brokers, topic, count, [kafkaOutput(brokers, ours)]);
    await copyBare(context, topic, bare, count);
    assert.equal(await sumOfTopic(kafka, ours, count, (text) => JSON.stringify(JSON.parse(text))), expected);
    assert.equal(await sumOfTopic(kafka, bare, count, (text) => text), expected);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function* run(options = {}) {
  const [events, outputEvents, proofEvents] = options.smoke ? [8000, 8000, 8000] : [EVENTS, OUTPUT_EVENTS, PROOF_EVENTS];
  const rows = await withKafka(async (context) => {
    const { kafka, brokers, createTopic } = context;
    const [proof, topic] = [await createTopic('proof'), await createTopic('events')];
    await fill(kafka, proof, proofEvents);
    await prove(context, proof, proofEvents);
    await fill(kafka, topic, events);
    const common = { suite: 'kafka', unit: 'events/s' };
    let kept = 0;
    const silent = await contest(
      {
        ours: () => readWithEngine(brokers, topic, events),
        bare: () =>
          readBare(kafka, topic, events, (messages) => {
            for (const message of messages) kept += parsed(message).temperature;
          }),
      },
      { ...options, name: 'no output' },
    );
    assert.ok(kept > 0);
    const source = await createTopic('source');
    await fill(kafka, source, outputEvents);
    const [ourResults, bareResults] = [await createTopic('results-ours'), await createTopic('results-bare')];
    const results = await contest(
      {
        ours: () => readWithEngine(brokers, source, outputEvents, [kafkaOutput(brokers, ourResults)]),
        bare: () => copyBare(context, source, bareResults, outputEvents),
      },
      { ...options, name: 'results to a topic' },
    );
    return [
      row({ ...common, case: 'read, run Choice→Pass, commit', ours: silent.ours, baseline: silent.bare, baselineName: 'kafkajs eachBatch, JSON.parse' }),
      row({ ...common, case: 'results to a topic', ours: results.ours, baseline: results.bare, baselineName: 'kafkajs consume, by hand, produce' }),
    ];
  });
  yield* rows;
}
