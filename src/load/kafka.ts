import type { Message, Producer } from 'kafkajs';
import type { KafkaConnection } from '../config/settings.ts';
import { MillraceError } from '../errors.ts';
import { createKafkaClient, KAFKA_RETRY } from '../kafka/client.ts';
import { COMPRESSIONS, type CompressionName, loadCodec } from '../kafka/codecs.ts';
import { partitionOf } from '../kafka/murmur2.ts';
import { installPackedProduce, packedMessage } from '../kafka/packed-produce.ts';
import { RecordWriter } from '../kafka/record-batch.ts';
import { silentLog } from '../telemetry/log.ts';
import { type Batch, NOTHING_REJECTED, type Sender } from './contract.ts';

export interface KafkaTarget extends KafkaConnection {
  readonly topic: string;
  readonly acks: 0 | 1 | -1;
  readonly compression: CompressionName;
  readonly batchEvents: number;
  readonly maxBatches: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Below the megabyte that brokers take at once unless told otherwise, with room for keys and headers. */
const MOST_BYTES = 600_000;
const CLOSE_MS = 2000;

/**
 * Produces to one topic. Records with a key go to the partition that the Java client's default partitioner picks; a batch of
 * records without goes to one partition, the next batch to the next.
 *
 * @throws MillraceError TARGET_UNAVAILABLE when no broker answers, or there is no such topic
 */
export async function createKafkaSender(target: KafkaTarget): Promise<Sender> {
  const { topic, brokers, acks } = target;
  const compression = COMPRESSIONS[target.compression];
  const codec = compression === COMPRESSIONS.none ? undefined : await loadCodec(compression);
  const client = await createKafkaClient(target, silentLog);
  let partitions: number;
  const producer = client.kafka.producer({
    allowAutoTopicCreation: false,
    retry: KAFKA_RETRY,
    createPartitioner: () => ({ message, partitionMetadata }) => {
      partitions = partitionMetadata.length;
      return message.partition ?? 0;
    },
  });
  try {
    const admin = client.kafka.admin({ retry: { retries: 1 } });
    await admin.connect();
    try {
      partitions = (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length;
    } finally {
      await admin.disconnect();
    }
    await producer.connect();
  } catch (error) {
    client.destroy();
    throw unavailable(error, brokers, topic);
  }
  let turn = 0;

  const messagesOf = async ({ events, keys }: Batch): Promise<Message[]> => {
    const fixed = turn++ % partitions;
    if (!installPackedProduce()) {
      return events.map((event, i) => ({ value: event, key: keys?.[i] ?? null, partition: keys === undefined ? fixed : partitionOf(Buffer.from(keys[i]!), partitions), headers: { ...target.headers } }));
    }
    const writers = new Map<number, RecordWriter>();
    for (let i = 0; i < events.length; i++) {
      const key = keys === undefined ? null : Buffer.from(keys[i]!, 'utf8');
      const partition = key === null ? fixed : partitionOf(key, partitions);
      let writer = writers.get(partition);
      if (writer === undefined) writers.set(partition, (writer = new RecordWriter()));
      writer.add(key, Buffer.from(events[i]!, 'utf8'), target.headers);
    }
    const timeMs = Date.now();
    return Promise.all(
      // Without a producer id the broker does not look at the sequence.
      [...writers].map(async ([partition, { bytes, count }]) => packedMessage(partition, { records: codec === undefined ? bytes : await codec.compress(bytes), count, compression, timeMs, baseSequence: -1 })),
    );
  };

  return {
    target: `the topic ${topic} at ${brokers.join(', ')}`,
    maxEvents: target.batchEvents,
    maxBytes: MOST_BYTES,
    maxBatches: target.maxBatches,
    send(batch, settled) {
      messagesOf(batch)
        .then((messages) => producer.send({ topic, messages, acks, compression }))
        .then(
          () => settled(batch, NOTHING_REJECTED),
          (error: unknown) => settled(batch, [{ kind: kindOf(error), count: batch.events.length, refused: false }]),
        );
    },
    close: () => closeWithin(producer, () => client.destroy()),
  };
}

async function closeWithin(producer: Producer, destroy: () => void): Promise<void> {
  const late = setTimeout(destroy, CLOSE_MS);
  await producer.disconnect().catch(() => undefined);
  clearTimeout(late);
  destroy();
}

/** kafkajs wraps what went wrong in what it has given up on. */
function innermost(error: unknown): { readonly message: string; readonly type?: string; readonly code?: string | number; readonly cause?: unknown } {
  let fault = error as ReturnType<typeof innermost>;
  while (fault.type === undefined && typeof fault.cause === 'object' && fault.cause !== null && 'message' in fault.cause) fault = fault.cause as ReturnType<typeof innermost>;
  return fault;
}

function kindOf(error: unknown): string {
  const { type, code, message } = innermost(error);
  if (type !== undefined) return type;
  if (typeof code === 'string') return code;
  // Addresses and numbers of requests would make a kind of each message.
  return /ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND/.exec(message)?.[0] ?? message.replace(/[\d.:]+\d/g, 'n').slice(0, 60);
}

function unavailable(error: unknown, brokers: readonly string[], topic: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const at = `Kafka at ${brokers.join(', ')}`;
  const fault = innermost(error);
  const says: Readonly<Record<string, string>> = {
    UNKNOWN_TOPIC_OR_PARTITION: `${at} has no topic '${topic}'. Create it first, with the partitions that it is to have.`,
    TOPIC_AUTHORIZATION_FAILED: `${at} does not allow writing to the topic '${topic}'. Grant WRITE and DESCRIBE on it.`,
    INVALID_TOPIC_EXCEPTION: `'${topic}' cannot be the name of a topic.`,
  };
  return new MillraceError('TARGET_UNAVAILABLE', says[fault.type ?? ''] ?? `${at} cannot be used: ${fault.message.replace(/\.$/, '')}. Start the broker, or correct --brokers and what is said of TLS and SASL.`, { cause: error });
}
