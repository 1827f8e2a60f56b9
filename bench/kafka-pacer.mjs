// A process that produces events to a topic at a set rate, whatever becomes of them: every TICK_MS a batch for the next
// partition. Each event's `at` is the time at which it was meant to be produced, in milliseconds of the system's monotonic clock.
import { Kafka, logLevel } from 'kafkajs';
import { installPackedProduce, packedMessage } from '../dist/kafka/packed-produce.js';
import { RecordWriter } from '../dist/kafka/record-batch.js';
import { TICK_MS, eventAt, monotonicMs, perTick } from './lib/kafka-pace.mjs';

const { brokers, topic, partitions, rate, ticks } = JSON.parse(process.argv[2]);
if (!installPackedProduce()) throw new Error('kafkajs is not as expected: its produce requests cannot be packed');
const producer = new Kafka({ clientId: 'bench-pacer', brokers, logLevel: logLevel.ERROR }).producer({ allowAutoTopicCreation: false, createPartitioner: () => ({ message }) => message.partition });
await producer.connect();
const each = perTick(rate);
let worstMs = 0;

function produce(tick, at) {
  const writer = new RecordWriter();
  for (let i = 0; i < each; i++) writer.add(null, Buffer.from(eventAt(tick * each + i, at), 'latin1'), {});
  const packed = { records: writer.bytes, count: each, compression: 0, timeMs: Date.now(), baseSequence: -1 };
  return producer.send({ topic, acks: -1, messages: [packedMessage(tick % partitions, packed)] });
}

process.once('message', async () => {
  const begin = monotonicMs() + 20;
  process.send({ begin });
  const sends = [];
  for (let tick = 0; tick < ticks; tick++) {
    const at = begin + tick * TICK_MS;
    for (let left = at - monotonicMs(); left > 0; left = at - monotonicMs()) {
      // A timer may be a millisecond late: the last of them is waited for turn by turn.
      await new Promise((resolve) => (left > 1.5 ? setTimeout(resolve, left - 1.5) : setImmediate(resolve)));
    }
    worstMs = Math.max(worstMs, monotonicMs() - at);
    sends.push(produce(tick, at));
  }
  await Promise.all(sends);
  await producer.disconnect();
  process.send({ done: true, worstMs }, () => process.exit(0));
});
process.send({ ready: true });
