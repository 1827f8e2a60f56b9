import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { ask } from '../lib/server-process.ts';
import { uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import type { Fleet } from './fleet.ts';

export interface FaultEvent {
  readonly key: string;
  readonly n: number;
  /** How long its execution takes; at once, when left out. */
  readonly ms?: number;
}

/** One way for events to get into a fleet. */
export interface Feed {
  /** The part of millrace.yaml that reads them. */
  readonly config: Readonly<Record<string, unknown>>;
  send(events: readonly FaultEvent[]): Promise<void>;
  close(): Promise<void>;
}

export interface Peers {
  readonly brokers: string[];
  readonly redisUrl: string;
  /** Of Redis streams, and how long locks of BullMQ last; short, unless told otherwise, so that the dead are noticed soon. A machine that has too much to do needs more. */
  readonly takeoverMs?: number;
}

const REMOVED_WITHIN_MS = 10_000;

export type FeedName = 'kafka' | 'redisStream' | 'bullmq' | 'http';
type Source = Readonly<Record<string, unknown>>;

export const FEEDS: Readonly<Record<FeedName, (peers: Peers, more?: Source, fleet?: () => Fleet) => Promise<Feed>>> = {
  async kafka({ brokers }, more = {}) {
    const topic = await createTopic(brokers, 'faults', { partitions: 6 });
    const { producer, close } = await kafkaProducer(brokers);
    const kafka = { brokers, topics: [topic], groupId: topic, from: 'earliest', sessionTimeoutMs: 6000, heartbeatIntervalMs: 500, rebalanceTimeoutMs: 6000, commitIntervalMs: 200 };
    return {
      config: { sources: { events: { kafka, machine: 'record', ...more } } },
      send: async (events) => void (await producer.send({ topic, messages: events.map((event) => ({ key: event.key, value: JSON.stringify(event) })) })),
      async close() {
        await close();
        await inTime(dropTopic(brokers, topic));
      },
    };
  },

  async redisStream({ redisUrl, takeoverMs = 2000 }, more = {}) {
    const stream = uniqueName('faults');
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    return {
      config: { sources: { events: { redisStream: { url: redisUrl, stream, group: 'faults', key: 'key', takeoverMs }, machine: 'record', ...more } } },
      async send(events) {
        const pipeline = redis.pipeline();
        for (const event of events) pipeline.xadd(stream, '*', 'key', event.key, 'event', JSON.stringify(event));
        for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
      },
      async close() {
        await inTime(redis.unlink(stream));
        redis.disconnect();
      },
    };
  },

  async bullmq({ redisUrl, takeoverMs = 3000 }, more = {}) {
    const name = uniqueName('faults');
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
    const queue = new Queue(name, { connection });
    queue.on('error', () => undefined);
    return {
      config: { sources: { events: { bullmq: { url: redisUrl, queue: name, lockDurationMs: takeoverMs }, machine: 'record', ...more } } },
      send: async (events) => void (await queue.addBulk(events.map((event) => ({ name: 'event', data: event })))),
      async close() {
        await inTime(queue.obliterate({ force: true }));
        await queue.close();
        connection.disconnect();
      },
    };
  },

  /** Starts over HTTP at whichever member answers, with a Kafka topic as the journal; one without an answer is sent again. */
  async http({ brokers }, more = {}, fleet) {
    const topic = await createTopic(brokers, 'faults-journal', { partitions: 6 });
    const kafka = { brokers, topic, groupId: topic, sessionTimeoutMs: 6000, heartbeatIntervalMs: 500, rebalanceTimeoutMs: 6000, commitIntervalMs: 200 };
    let turn = 0;
    const sendOne = async (event: FaultEvent): Promise<void> => {
      for (;;) {
        const { members } = fleet!();
        const member = members[turn++ % members.length];
        try {
          const { status } = await ask(member!.server.port, 'POST', '/v1/machines/record/executions', JSON.stringify(event), { 'content-type': 'application/json', 'x-execution-name': `${event.key}-${event.n}` });
          if (status === 202) return;
        } catch {
          // Its member was killed before it answered: another one gets it.
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    return {
      config: { journal: { kafka }, ...more },
      async send(events) {
        const left = [...events];
        await Promise.all(Array.from({ length: 16 }, async () => {
          for (let event = left.shift(); event !== undefined; event = left.shift()) await sendOne(event);
        }));
      },
      close: () => inTime(dropTopic(brokers, topic)),
    };
  },
};

/** What was used is removed, where its broker is still there. */
async function inTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work.catch(() => undefined), new Promise((resolve) => (timer = setTimeout(resolve, REMOVED_WITHIN_MS)))]);
  clearTimeout(timer);
}

async function dropTopic(brokers: string[], topic: string): Promise<void> {
  const admin = new Kafka({ clientId: 'millrace-faults', brokers, logLevel: logLevel.NOTHING, retry: { retries: 1 } }).admin();
  try {
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
  } finally {
    await admin.disconnect();
  }
}

async function kafkaProducer(brokers: string[]): Promise<{ producer: Producer; close: () => Promise<void> }> {
  const kafka = new Kafka({ clientId: 'millrace-faults', brokers, logLevel: logLevel.NOTHING, retry: { retries: 100, maxRetryTime: 1000 } });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return { producer, close: () => producer.disconnect() };
}
