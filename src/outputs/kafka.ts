import type { Message, Producer } from 'kafkajs';
import type { OutputKindSettings } from '../config/settings.ts';
import type { Output, OutputRecord, Refusal } from '../delivery/outcome.ts';
import { MillraceError } from '../errors.ts';
import { createKafkaClient, type KafkaClient, KAFKA_RETRY } from '../kafka/client.ts';
import { COMPRESSIONS, loadCodec } from '../kafka/codecs.ts';
import { partitionOf } from '../kafka/murmur2.ts';
import { installPackedProduce, packedMessage } from '../kafka/packed-produce.ts';
import { RecordWriter } from '../kafka/record-batch.ts';
import type { Log } from '../telemetry/log.ts';
import type { CreateOutput } from './contract.ts';
import { kafkaRefused, kafkaUnavailable, refusesRecord } from './kafka-fault.ts';

export type KafkaOutputSettings = Extract<OutputKindSettings, { kafka: unknown }>['kafka'];

/** Below the megabyte that brokers take at once unless told otherwise. */
const LIMITS = { maxRecords: 5000, maxBytes: 900_000, maxWrites: 1 };
const SEQUENCES = 2 ** 31;
const RECONNECT_MS = 2000;
const CLOSE_MS = 2000;
/** After this long without an answer it is said; kafkajs waits longer, and tries several times. */
const LATE_MS = 10_000;

/** One producer's life. It ends with the first write that fails: what of that write the broker has, nobody knows. */
interface Session {
  readonly producer: Producer;
  /** Kept up to date by kafkajs, which looks at the topic again every few minutes. */
  partitions: number;
  /** The next sequence number of each partition. */
  readonly sequences: Map<number, number>;
}

/**
 * Writes to one topic with an idempotent producer, acknowledged by all replicas in sync. A record goes to the partition that
 * the Java client's default partitioner picks for its key; those without a key go to one partition after the other, a write
 * each.
 *
 * Partitions are picked before kafkajs sees the records, because its retries would pick again: a batch of another content
 * under the same sequence number is dropped by the broker as a repeat. For the same reason a failed write ends the producer.
 */
export const createKafkaOutput: CreateOutput<KafkaOutputSettings> = (settings, { log }) => {
  const { brokers, topic } = settings;
  const compression = COMPRESSIONS[settings.compression];
  let client: Promise<KafkaClient> | undefined;
  let session: Promise<Session> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  let turn = 0;
  let trouble: string | undefined;
  let closed = false;
  let connecting: NodeJS.Timeout | undefined;

  const open = async (): Promise<Session> => {
    const { kafka } = await (client ??= createKafkaClient(settings, withoutIdempotenceWarning(log)));
    const admin = kafka.admin();
    let partitions: number;
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      partitions = topics[0]?.partitions.length ?? 0;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    const opened: { partitions: number } = { partitions };
    const producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      retry: KAFKA_RETRY,
      createPartitioner: () => ({ message, partitionMetadata }) => {
        opened.partitions = partitionMetadata.length;
        return message.partition ?? 0;
      },
    });
    await producer.connect();
    return Object.assign(opened, { producer, sequences: new Map<number, number>() });
  };

  const end = async (): Promise<void> => {
    const ended = session;
    session = undefined;
    await ended?.then(
      ({ producer }) => producer.disconnect(),
      () => undefined,
    ).catch(() => undefined);
  };

  const connected = async (): Promise<Session> => {
    if (closed) throw new MillraceError('OUTPUT_UNAVAILABLE', `The output to the topic '${topic}' is closed.`);
    try {
      return await (session ??= open());
    } catch (error) {
      session = undefined;
      throw error;
    }
  };

  /** Writes all of the records or, told by an error, perhaps some. */
  const send = async (records: readonly OutputRecord[]): Promise<void> => {
    const current = await connected();
    try {
      const messages = installPackedProduce() ? await pack(records, current, compression, turn++) : records.map((record) => plain(record, current.partitions, turn++));
      const expected = new Set(messages.map(({ partition }) => partition));
      const answers = await current.producer.send({ topic, messages, acks: -1, compression });
      // A partition that moves between two brokers while kafkajs tries again can be left out.
      for (const { partition } of answers) expected.delete(partition);
      if (expected.size > 0) throw new Error(`no answer came for the partitions ${[...expected].join(', ')}`);
    } catch (error) {
      await end();
      throw error;
    }
  };

  /** Finds by halves which records the broker never takes, and writes the others. */
  const write = async (records: readonly OutputRecord[], first: number, refusals: Refusal[]): Promise<void> => {
    try {
      await send(records);
    } catch (error) {
      if (!refusesRecord(error)) throw error;
      if (records.length === 1) {
        refusals.push({ index: first, error: kafkaRefused(error, topic, (records[0] as OutputRecord).id) });
        return;
      }
      const half = records.length >> 1;
      await write(records.slice(0, half), first, refusals);
      await write(records.slice(half), first + half, refusals);
    }
  };

  /** Runs `job` when those before it have ended, and keeps what went wrong as the trouble. */
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const run = async (): Promise<T> => {
      const late = setTimeout(() => (trouble ??= `Kafka at ${brokers.join(', ')} has not answered for ${LATE_MS / 1000} seconds.`), LATE_MS);
      try {
        const result = await job();
        trouble = undefined;
        return result;
      } catch (error) {
        const fault = kafkaUnavailable(error, brokers, topic);
        trouble = fault.message;
        throw fault;
      } finally {
        clearTimeout(late);
      }
    };
    const result = tail.then(run);
    tail = result.catch(() => undefined);
    return result;
  };

  /** Says by `trouble` what is wrong before there is anything to write, until it is not wrong any more. */
  const connect = (): void => {
    inTurn(connected).catch(() => {
      if (!closed) connecting = setTimeout(connect, RECONNECT_MS);
    });
  };
  connect();

  const output: Output = {
    limits: LIMITS,
    write: (records) =>
      inTurn(async () => {
        const refusals: Refusal[] = [];
        if (records.length > 0) await write(records, 0, refusals);
        return refusals;
      }),
    async close() {
      closed = true;
      clearTimeout(connecting);
      const late = setTimeout(() => void client?.then(({ destroy }) => destroy()), CLOSE_MS);
      await tail;
      await end();
      clearTimeout(late);
    },
    get trouble() {
      return trouble;
    },
  };
  return output;
};

/** One pseudo-message for each partition; the sequence numbers of the session are taken. */
async function pack(records: readonly OutputRecord[], { partitions, sequences }: Session, compression: number, turn: number): Promise<Message[]> {
  const writers = new Map<number, RecordWriter>();
  for (const { key, value, headers } of records) {
    const partition = key === null ? turn % partitions : partitionOf(key, partitions);
    let writer = writers.get(partition);
    if (writer === undefined) writers.set(partition, (writer = new RecordWriter()));
    writer.add(key, value, headers);
  }
  const codec = compression === COMPRESSIONS.none ? undefined : await loadCodec(compression);
  const timeMs = Date.now();
  return Promise.all(
    [...writers].map(async ([partition, { bytes, count }]) => {
      const baseSequence = sequences.get(partition) ?? 0;
      sequences.set(partition, (baseSequence + count) % SEQUENCES);
      return packedMessage(partition, { records: codec === undefined ? bytes : await codec.compress(bytes), count, compression, timeMs, baseSequence });
    }),
  );
}

const plain = ({ key, value, headers }: OutputRecord, partitions: number, turn: number): Message => ({
  partition: key === null ? turn % partitions : partitionOf(key, partitions),
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  headers: { ...headers },
});

/** kafkajs warns of limited retries with every producer. Here a write that is given up on ends its producer. */
function withoutIdempotenceWarning(log: Log): Log {
  return { ...log, warn: (message, fields) => (message.includes('Limiting retries for the idempotent producer') ? undefined : log.warn(message, fields)) };
}
