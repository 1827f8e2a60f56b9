import { installPackedProduce, packedMessage } from '../../dist/kafka/packed-produce.js';
import { RecordWriter } from '../../dist/kafka/record-batch.js';

/** kafkajs's own limit on what is under way would be one request; a few keep the broker busy. */
const SENDS = 4;

/** A producer to whose `send` whole batches for one partition are given, encoded beforehand: some ten times kafkajs's own rate. */
export async function createPackedProducer(kafka, topic) {
  if (!installPackedProduce()) throw new Error('kafkajs is not as expected: its produce requests cannot be packed');
  const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner: () => ({ message }) => message.partition });
  await producer.connect();
  return {
    send(partition, values) {
      const writer = new RecordWriter();
      for (const value of values) writer.add(null, Buffer.from(value), {});
      return producer.send({ topic, acks: -1, messages: [packedMessage(partition, { records: writer.bytes, count: values.length, compression: 0, timeMs: Date.now(), baseSequence: -1 })] });
    },
    close: () => producer.disconnect(),
  };
}

/** Writes `count` events, in batches that go to one partition after the other. */
export async function fillPacked(kafka, topic, count, { partitions, perBatch, eventOf }) {
  const producer = await createPackedProducer(kafka, topic);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const from = next;
      next += perBatch;
      await producer.send((from / perBatch) % partitions, Array.from({ length: Math.min(perBatch, count - from) }, (_, i) => eventOf(from + i)));
    }
  };
  await Promise.all(Array.from({ length: SENDS }, lane));
  await producer.close();
}
