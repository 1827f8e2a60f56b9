import type { Cluster, Consumer, EachBatchPayload } from 'kafkajs';
import type { KafkaSourceSettings } from '../../config/settings.ts';
import { within } from '../../delivery/within.ts';
import { createKafkaClient, KAFKA_RETRY, type KafkaClient } from '../../kafka/client.ts';
import type { Log } from '../../telemetry/log.ts';
import { createStickyAssigner, type AssignerProtocol, type Assignment, type Claim } from './assigner.ts';
import { hookCluster, type Coordinator } from './cluster-hooks.ts';
import { isUnknownTopic, noSuchTopics } from './errors.ts';
import { ResponseDesk } from './large-responses.ts';

/** Which member of which generation of the group we are, and who has to be told of commits. */
export interface Membership {
  readonly coordinator: Coordinator;
  readonly memberId: string;
  readonly generationId: number;
}

/** What one consumer says; nothing is said after `ended`. All but `batch`, `mayFetch`, `beforeJoin` and `outOfRange` return at once. */
export interface ConsumerEvents {
  /** What we say of ourselves when the group is formed anew. */
  claim(): Claim;
  /** The group is about to be formed anew; commits of the present generation are still taken. */
  rebalancing(): void;
  /** Awaited before the request to join goes out. */
  beforeJoin(): Promise<void>;
  joined(assignment: Assignment, membership: Membership): void;
  formerMember(): string | undefined;
  formerMemberIsUnknown(): void;
  mayFetch(): Promise<boolean>;
  batch(payload: EachBatchPayload): Promise<void>;
  fetched(topic: string, partition: number, highWatermark: number, lastStable: number): void;
  outOfRange(topic: string, partition: number): Promise<void>;
  /** A heartbeat was answered. */
  alive(): void;
  /** kafkajs has given up; this consumer does nothing more. */
  ended(error: unknown): void;
}

/** One life of a kafkajs consumer: it joins its group, reads, and comes to an end that it does not recover from. */
export interface GroupConsumer {
  readonly cluster: Cluster;
  /** Resolves when it has begun to join; rejects when it cannot, and has come to its end then. */
  run(): Promise<void>;
  seek(topic: string, partition: number, offset: number): void;
  /** Reads nothing more of a partition, or again. */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Leaves the group and disconnects; by force when that takes longer. */
  close(withinMs: number): Promise<void>;
}

/** How old what is known of topics may become: new partitions are found within it. */
const METADATA_MS = 60_000;
/** Partitions whose batches are opened at the same time. */
const CONCURRENT = 4;

export async function createGroupConsumer(settings: KafkaSourceSettings, log: Log, events: ConsumerEvents): Promise<GroupConsumer> {
  const desk = new ResponseDesk();
  const client = await createKafkaClient(settings, log, desk);
  const { AssignerProtocol, PartitionAssigners } = (await import('kafkajs')).default;
  let coordinator: Pick<Membership, 'coordinator' | 'memberId' | 'generationId'> | undefined;
  let cluster: Cluster | undefined;
  let over = false;
  const consumer = client.kafka.consumer({
    groupId: settings.groupId,
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return createStickyAssigner(config.cluster, AssignerProtocol as unknown as AssignerProtocol, events.claim);
      },
      // For a group that has other members than ours.
      PartitionAssigners.roundRobin,
    ],
    sessionTimeout: settings.sessionTimeoutMs,
    rebalanceTimeout: settings.rebalanceTimeoutMs,
    heartbeatInterval: settings.heartbeatIntervalMs,
    minBytes: settings.minBytes,
    maxBytes: settings.maxBytes,
    maxBytesPerPartition: settings.maxBytesPerPartition,
    // Heartbeats are sent between fetches.
    maxWaitTimeInMs: Math.min(settings.maxWaitMs, settings.heartbeatIntervalMs),
    readUncommitted: settings.readUncommitted,
    metadataMaxAge: METADATA_MS,
    allowAutoTopicCreation: false,
    // Starting again is done by whoever made us: with ledgers kept, and without end.
    retry: { ...KAFKA_RETRY, restartOnFailure: () => Promise.resolve(false) },
  });
  if (cluster === undefined) throw new TypeError('kafkajs has not handed its cluster to the partition assigner.');
  hookCluster(
    cluster,
    {
      mayFetch: events.mayFetch,
      fetched: events.fetched,
      outOfRange: events.outOfRange,
      beforeJoin: events.beforeJoin,
      formerMember: events.formerMember,
      formerMemberIsUnknown: events.formerMemberIsUnknown,
      joined: (broker, memberId, generationId) => (coordinator = { coordinator: broker, memberId, generationId }),
    },
    desk,
    log,
  );
  const end = (error: unknown): void => {
    if (over) return;
    over = true;
    events.ended(error);
  };
  consumer.on(consumer.events.REBALANCING, () => events.rebalancing());
  consumer.on(consumer.events.HEARTBEAT, () => events.alive());
  consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error));
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (!over && coordinator !== undefined) events.joined(payload.memberAssignment as Assignment, coordinator);
  });
  const join = async (): Promise<void> => {
    await connect(consumer, client, settings);
    if (!over) await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: CONCURRENT, eachBatch: events.batch });
  };
  let joining: Promise<void> | undefined;
  return {
    cluster,
    run: () => (joining = join()),
    seek: (topic, partition, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    pause: (topic, partition) => consumer.pause([{ topic, partitions: [partition] }]),
    resume: (topic, partition) => consumer.resume([{ topic, partitions: [partition] }]),
    close: async (withinMs) => {
      over = true;
      const until = performance.now() + withinMs;
      // kafkajs does not stop one that is told to while it joins, and runs it for ever afterwards.
      await within(withinMs, Promise.allSettled([joining]));
      await within(Math.max(0, until - performance.now()), consumer.disconnect());
      client.destroy();
    },
  };
}

async function connect(consumer: Consumer, client: KafkaClient, settings: KafkaSourceSettings): Promise<void> {
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...settings.topics], fromBeginning: settings.from !== 'latest' });
  } catch (error) {
    if (isUnknownTopic(error)) throw noSuchTopics(await missingTopics(client, settings.topics), settings.brokers, error);
    throw error;
  }
}

async function missingTopics({ kafka }: KafkaClient, topics: readonly string[]): Promise<readonly string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const known = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !known.has(topic));
    return missing.length > 0 ? missing : topics;
  } finally {
    await admin.disconnect();
  }
}
