import { Kafka, logLevel } from 'kafkajs';
import { uniqueName } from './services.ts';

export interface TopicOptions {
  readonly partitions?: number;
  /** Settings of the topic, such as 'cleanup.policy'. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Makes a topic of a name of its own and resolves with the name once every partition of it has a leader. */
export async function createTopic(brokers: string[], prefix: string, { partitions = 4, settings = {} }: TopicOptions = {}): Promise<string> {
  const admin = new Kafka({ clientId: 'millrace-test', brokers, logLevel: logLevel.ERROR }).admin();
  const topic = uniqueName(prefix);
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }] });
  } finally {
    await admin.disconnect();
  }
  return topic;
}
