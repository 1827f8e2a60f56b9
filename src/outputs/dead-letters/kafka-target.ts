import type { IHeaders, Producer } from 'kafkajs';
import type { KafkaSourceSettings } from '../../config/settings.ts';
import type { HeaderValue } from '../../delivery/dead-letter.ts';
import { createKafkaClient } from '../../kafka/client.ts';
import type { Log } from '../../telemetry/log.ts';
import { kafkaUnavailable } from '../kafka-fault.ts';
import type { RedriveTarget } from './contract.ts';
import { coordinateOf } from './coordinate.ts';

/** Appends events to the topic that they came from: a key's to the partition of the key. */
export function createKafkaTarget(settings: KafkaSourceSettings, log: Log): RedriveTarget {
  const { brokers, topics } = settings;
  const client = createKafkaClient(settings, log);
  let producer: Producer | undefined;
  return {
    name: topics.length === 1 ? `the Kafka topic ${topics[0]}` : `the Kafka topics ${topics.join(', ')}`,
    async put(letters) {
      try {
        if (producer === undefined) {
          const { default: kafkajs } = await import('kafkajs');
          producer = (await client).kafka.producer({ allowAutoTopicCreation: false, createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
          await producer.connect();
        }
        const topicMessages = topics.map((topic) => ({
          topic,
          messages: letters
            .filter((letter) => topicOf(coordinateOf(letter)['topic'], topics) === topic)
            // What has no value came as a tombstone.
            .map(({ key, value, headers }) => ({ key: key === null ? null : Buffer.from(key), value: value.length === 0 ? null : Buffer.from(value), headers: headersOf(headers) })),
        }));
        await producer.sendBatch({ topicMessages: topicMessages.filter(({ messages }) => messages.length > 0), acks: -1 });
        return [];
      } catch (error) {
        throw kafkaUnavailable(error, brokers, topics.join(', '));
      }
    },
    async close() {
      await producer?.disconnect().catch(() => undefined);
      await client.then(({ destroy }) => destroy());
    },
  };
}

/** One that the source does not read any more gives way to the one that it does. */
const topicOf = (topic: unknown, topics: readonly string[]): string => (topics.includes(String(topic)) ? String(topic) : (topics[0] as string));

const headersOf = (headers: Readonly<Record<string, HeaderValue>>): IHeaders => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(bytesOf) : bytesOf(value)]));

/** kafkajs cannot write a header without a value: it becomes an empty one. */
function bytesOf(value: HeaderValue): Buffer | string {
  if (typeof value === 'object' && value !== null && 'base64' in value) return Buffer.from(value.base64, 'base64');
  return value === null ? '' : String(value);
}
