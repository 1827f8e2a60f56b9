import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../dist/index.js';
import { cpuMsNow, kafkaSource, newName } from './kafka.mjs';
import { TICK_MS, intendedAt, monotonicMs, offsetAfter, perTick } from './kafka-pace.mjs';
import { createLatency } from './latency.mjs';
import { byHand, definition } from './machine.mjs';

const PARTITIONS = 4;
const PATIENCE_MS = 60_000;

/** Starts the producer, and answers when it began; `done` resolves with how late it was at worst. */
function startPacer(brokers, topic, rate, ms) {
  const ticks = Math.ceil(ms / TICK_MS / PARTITIONS) * PARTITIONS;
  const child = fork(fileURLToPath(new URL('../kafka-pacer.mjs', import.meta.url)), [JSON.stringify({ brokers, topic, partitions: PARTITIONS, rate, ticks })], { execArgv: [] });
  const kill = () => child.kill();
  process.once('exit', kill);
  const heard = (part) =>
    new Promise((resolve, reject) => {
      child.on('message', (message) => part in message && resolve(message));
      child.on('exit', (code) => reject(new Error(`the producer ended with ${code}`)));
    });
  const [ready, begun, done] = ['ready', 'begin', 'done'].map(heard);
  for (const one of [ready, begun, done]) one.catch(() => undefined);
  return {
    total: ticks * perTick(rate),
    async go() {
      await ready;
      child.send('go');
      return { begin: (await begun).begin, rate, partitions: PARTITIONS };
    },
    done: done.finally(() => process.off('exit', kill)),
  };
}

/**
 * Produces to a new topic for so long, with a reader on it from the start; answers latencies from the time at which each event
 * was to be produced until the reader had done with it. The first events warm up and do not count.
 *
 * @param reader opens the reading: told of the ends through `ended(partition, fromOffset, toOffset)`; answers `close`
 */
async function paced({ brokers, createTopic }, reader, { rate, ms, warmUpMs }) {
  const topic = await createTopic('paced', PARTITIONS);
  const latency = createLatency();
  const pacer = startPacer(brokers, topic, rate, warmUpMs + ms);
  let seen = 0;
  let pace;
  let failed = () => {};
  let finished = () => {};
  const over = new Promise((resolve, reject) => [finished, failed] = [resolve, reject]);
  over.catch(() => undefined);
  let first = 0;
  const ended = (partition, from, to) => {
    const now = monotonicMs();
    seen += to - from;
    for (let offset = Math.max(from, first); offset < to; offset++) latency.record(now - intendedAt(pace, partition, offset));
    if (seen >= pacer.total) finished();
  };
  const reading = await reader(brokers, topic, ended, failed);
  const late = setTimeout(() => failed(new Error(`only ${seen} of ${pacer.total} events have ended`)), warmUpMs + ms + PATIENCE_MS);
  try {
    pace = await pacer.go();
    first = offsetAfter(pace, warmUpMs);
    const before = cpuMsNow();
    const begin = performance.now();
    const [{ worstMs }] = await Promise.all([pacer.done, over]);
    return { count: pacer.total, ms: performance.now() - begin, cpuMs: cpuMsNow() - before, latency, worstMs };
  } finally {
    clearTimeout(late);
    await reading.close();
  }
}

/** Ours: an event has ended when its execution has, and its source has been told. */
export const pacedEngine = (context, pace) =>
  paced(
    context,
    async (brokers, topic, ended, failed) => {
      const engine = await createEngine({ machines: { level: { definition: JSON.stringify(definition) } }, sources: [kafkaSource(brokers, topic)] });
      const { dispatch } = engine;
      const offer = dispatch.offer.bind(dispatch);
      dispatch.offer = (parcel) => {
        const { settler, names } = parcel;
        const partition = Number(names.prefix.slice(names.prefix.lastIndexOf('-') + 1));
        const timed = {
          succeeded(own, from, to) {
            settler.succeeded(own, from, to);
            ended(partition, names.firstSerial + from, names.firstSerial + to);
          },
          ended: (own, index, end) => failed(new Error(`an event ended as ${end.status}`)),
        };
        offer({ ...parcel, settler: timed });
      };
      await engine.startSources();
      return { close: () => engine.close(10_000) };
    },
    pace,
  );

/** A bare consumer with the logic by hand: an event has ended when its batch has. */
export const pacedBare = (context, pace) =>
  paced(
    context,
    async (brokers, topic, ended, failed) => {
      const consumer = context.kafka.consumer({ groupId: newName('paced'), maxWaitTimeInMs: 500, minBytes: 1, maxBytesPerPartition: 1_048_576, maxBytes: 10_485_760 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const joined = new Promise((resolve) => {
        consumer.on(consumer.events.GROUP_JOIN, resolve);
      });
      let hot = 0;
      await consumer.run({
        autoCommitInterval: 1000,
        eachBatch: async ({ batch: { partition, messages } }) => {
          for (const { value } of messages) if (byHand(JSON.parse(value.toString())).level === 'hot') hot++;
          const first = Number(messages[0].offset);
          ended(partition, first, first + messages.length);
        },
      });
      await joined;
      return {
        async close() {
          await consumer.disconnect();
          if (hot === 0) failed(new Error('no event was hot'));
        },
      };
    },
    pace,
  );
