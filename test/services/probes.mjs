import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';

const CONNECT_MS = 2_000;

/** Whether the brokers answer a metadata request with at least one broker in it. */
export function kafkaAnswers(brokers) {
  return withAdmin(brokers, 0, async (admin) => (await admin.describeCluster()).brokers.length > 0);
}

/**
 * Whether consumer groups can be joined too. A new broker makes its offsets topic at the first question after a coordinator,
 * which takes a while; having asked before keeps that out of the first test.
 */
export function kafkaCoordinates(brokers) {
  return withAdmin(brokers, 30, async (admin) => (await admin.describeGroups(['millrace-ready'])).groups.length > 0);
}

async function withAdmin(brokers, retries, question) {
  const kafka = new Kafka({
    clientId: 'millrace-services',
    brokers,
    logLevel: logLevel.NOTHING,
    connectionTimeout: CONNECT_MS,
    requestTimeout: 10_000,
    retry: { retries, initialRetryTime: 50, maxRetryTime: 200 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await question(admin);
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** Whether a Redis answers PING; one that still loads its data does not. */
export async function redisAnswers(url) {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: CONNECT_MS, commandTimeout: CONNECT_MS, maxRetriesPerRequest: 0, enableReadyCheck: false, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}
