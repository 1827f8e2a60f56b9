import { KAFKA_CONNECTION, REDIS_CONNECTION, REDIS_WAYS } from './schema-connections.ts';
import { COUNT, GIB, HOUR_MS, integer, MIB, named, section, text, texts, word, type ConfigSchema } from './schema-parts.ts';

/** How a Kafka consumer reads, whatever it reads. */
export const KAFKA_READING = {
  sessionTimeoutMs: integer('Session', 'Milliseconds without a heartbeat after which the broker gives the partitions to another process.', 1000, HOUR_MS, { default: 30_000, examples: [10_000] }),
  heartbeatIntervalMs: integer('Heartbeats', 'Milliseconds between heartbeats; less than half of sessionTimeoutMs.', 100, HOUR_MS, { default: 3000, examples: [1000] }),
  rebalanceTimeoutMs: integer('Rebalances', 'Milliseconds that the members of the group have to join a rebalance.', 1000, HOUR_MS, { default: 60_000, examples: [30_000] }),
  commitIntervalMs: integer('Commits', 'Milliseconds between commits of offsets; at the most so much is run again after a crash, besides what was in flight.', 10, HOUR_MS, { default: 1000, examples: [200] }),
  minBytes: integer('Least bytes', 'Bytes for which the broker waits before it answers a fetch, at the most maxWaitMs long.', 1, GIB, { default: 1, examples: [65_536] }),
  maxBytes: integer('Most bytes', 'Bytes that one fetch may bring.', 1024, GIB, { default: 10 * MIB, examples: [50 * MIB] }),
  maxBytesPerPartition: integer('Most bytes of a partition', 'Bytes that one fetch may bring of one partition; at the most maxBytes.', 1024, GIB, { default: MIB, examples: [4 * MIB] }),
  maxWaitMs: integer('Wait', 'Milliseconds that the broker may wait for minBytes; less than requestTimeoutMs.', 1, HOUR_MS, { default: 500, examples: [100] }),
} satisfies Readonly<Record<string, ConfigSchema>>;

const KAFKA = {
  ...section('Kafka', 'Topics of Kafka, read as a consumer group.', {
    ...KAFKA_CONNECTION,
    topics: texts('Topics', 'The topics, which have to exist.', { examples: [['readings'], 'readings'] }),
    groupId: text('Group', 'Consumer group: processes with the same one share the partitions. No two sources may have the same.', { examples: ['millrace'] }),
    from: text('From', 'Where a partition begins that the group has not committed anything of: earliest, latest, or a time (2026-01-31T00:00:00Z): at the first event that is not older.', { default: 'earliest', examples: ['latest', '2026-01-31T00:00:00Z'] }),
    isolation: word('Isolation', 'read_committed passes over events of transactions that were aborted, and waits for the end of those that are open.', ['read_committed', 'read_uncommitted'], { default: 'read_committed', examples: ['read_uncommitted'] }),
    ...KAFKA_READING,
  }),
  required: ['brokers', 'topics', 'groupId'],
  examples: [{ brokers: ['127.0.0.1:9092'], topics: ['readings'], groupId: 'millrace' }],
};

/** How a consumer of Redis streams reads, whatever it reads. */
export const REDIS_READING = {
  consumer: text('Consumer', 'Name of this process in the group, of which no other may have the same. Left out: made up from host and process.', { examples: ['millrace-0'] }),
  batchEvents: integer('Batch', 'Entries that one read may bring.', 1, 10_000, { default: 256, examples: [1000] }),
  blockMs: integer('Wait', 'Milliseconds that one read waits for entries.', 1, 60_000, { default: 1000, examples: [5000] }),
  takeoverMs: integer('Takeover', 'Milliseconds without a sign of life after which the pending entries of a consumer are taken over by another.', 1000, HOUR_MS, { default: 30_000, examples: [60_000] }),
} satisfies Readonly<Record<string, ConfigSchema>>;

const REDIS_STREAM = {
  ...section('Redis streams', 'Streams of Redis, read as a consumer group.', {
    ...REDIS_CONNECTION,
    stream: text('Stream', 'Key of the stream.', { examples: ['orders'] }),
    streams: texts('Streams', 'Keys of several streams.', { examples: [['orders', 'returns']] }),
    group: text('Group', 'Consumer group, created when missing: processes with the same one share the entries.', { examples: ['millrace'] }),
    from: text('From', 'Where a group begins that does not exist yet: earliest, latest, or the id of an entry, after which it begins.', { default: 'earliest', examples: ['latest', '1767225600000-0'] }),
    value: text('Value', "The field that holds the event, as JSON text. '*': all fields, as an object of texts.", { default: 'event', examples: ['payload', '*'] }),
    key: text('Key', 'The field that holds the key of the event. Left out: events have no key.', { examples: ['customer'] }),
    ...REDIS_READING,
    trim: {
      title: 'Trimming',
      description: 'What becomes of entries that are done with: kept; removed once acknowledged; or, with a mapping, the stream is held to about maxLength entries, acknowledged or not.',
      anyOf: [
        { type: 'string', enum: ['none', 'acknowledged'] },
        { type: 'object', properties: { maxLength: integer('Length', 'Entries that stay in the stream.', 1, 1_000_000_000, { examples: [1_000_000] }) }, required: ['maxLength'], additionalProperties: false as const },
      ],
      default: 'none',
      examples: ['acknowledged', { maxLength: 1_000_000 }],
    },
  }),
  required: ['group'],
  exactlyOne: ['stream', 'streams'],
  atMostOne: REDIS_WAYS,
  examples: [{ url: 'redis://127.0.0.1:6379', stream: 'orders', group: 'millrace' }],
};

const BULLMQ = {
  ...section('BullMQ', 'A BullMQ queue: each job is an event, and its result the output of the execution.', {
    ...REDIS_CONNECTION,
    queue: text('Queue', 'Name of the queue.', { examples: ['jobs'] }),
    prefix: text('Prefix', 'Prefix of the keys of the queue; in a Redis Cluster one with braces, {bull}.', { default: 'bull', examples: ['{bull}'] }),
    lockDurationMs: integer('Lock', 'Milliseconds without a renewal after which a job is given to another process.', 1000, HOUR_MS, { default: 30_000, examples: [60_000] }),
    rateLimit: {
      ...section('Rate limit', 'Bounds how many jobs begin, over all processes.', {
        max: integer('Jobs', 'Jobs that may begin in durationMs milliseconds.', 1, COUNT, { examples: [100] }),
        durationMs: integer('Time', 'Milliseconds for which max counts.', 1, 24 * HOUR_MS, { examples: [1000] }),
      }),
      required: ['max', 'durationMs'],
      examples: [{ max: 100, durationMs: 1000 }],
    },
  }),
  required: ['queue'],
  atMostOne: REDIS_WAYS,
  examples: [{ url: 'redis://127.0.0.1:6379', queue: 'jobs' }],
};

/** One line a kind; src/config/sources.ts has another. */
export const SOURCE_KINDS = { kafka: KAFKA, redisStream: REDIS_STREAM, bullmq: BULLMQ };

const DELIVERY = {
  machine: text('State machine', 'Name of the state machine that the events start.', { examples: ['triage'] }),
  filter: {
    title: 'Filter',
    description: 'An EventBridge event pattern (see filters.md), which is held against the event (value): what does not match is acknowledged and starts nothing.',
    type: 'object',
    examples: [{ temperature: [{ numeric: ['>', 30] }] }],
  },
  schema: {
    title: 'Schema',
    description: 'A JSON Schema that the event has to satisfy, as the path of a file or written out here: what does not satisfy it is a dead letter.',
    type: ['string', 'object'],
    minLength: 1,
    examples: ['./reading.schema.json', { type: 'object', required: ['temperature'] }],
  },
  input: text('Input', 'What the execution gets as its input: a JSONata expression in {% %} over the envelope {value, key, headers, timestamp} and the coordinate (topic, partition, offset; stream, id; queue, id). Left out: the value.', { examples: ['{% value %}', "{% {'reading': value, 'partition': partition} %}"] }),
  order: word('Order', 'Which events have to wait for each other: none; those of one key; those of one partition or stream.', ['none', 'key', 'partition'], { default: 'none', examples: ['key'] }),
  batch: {
    ...section('Batch', 'One execution for many events: its input is the list of their inputs. Left out: an execution for each.', {
      maxEvents: integer('Events', 'The most events of a batch.', 1, 10_000, { examples: [100] }),
      maxWaitMs: integer('Wait', 'Milliseconds that a batch waits to fill up.', 1, 60_000, { default: 100, examples: [1000] }),
      maxBytes: integer('Bytes', 'The most bytes of the events of a batch; at the most limits.payloadBytes.', 1, 256 * MIB, { default: 262_144, examples: [65_536] }),
    }),
    required: ['maxEvents'],
    examples: [{ maxEvents: 100, maxWaitMs: 1000 }],
  },
  maxInFlight: integer('Events in flight', 'Events of this source taken and not yet acknowledged. At the limit the source pauses. Left out: 10000, or limits.maxInFlight where that is less.', 1, COUNT, { examples: [1000] }),
  retry: {
    ...section('Retries', 'How often an event whose execution failed is run again, before it is a dead letter.', {
      maxAttempts: integer('Attempts', 'Executions of one event, the first counted.', 1, 1000, { default: 1, examples: [3] }),
      backoffMs: integer('Back-off', 'Milliseconds before the second attempt; doubled before each one after it.', 0, 24 * HOUR_MS, { default: 500, examples: [1000] }),
      maxBackoffMs: integer('Longest back-off', 'Milliseconds that no wait exceeds.', 0, 24 * HOUR_MS, { default: 30_000, examples: [60_000] }),
    }),
    examples: [{ maxAttempts: 3, backoffMs: 500 }],
  },
  deadLetters: text('Dead letters', 'Name of the output that takes the events that could not be run. none: they are dropped, and counted. Left out: a file for the source, below dead-letters in dataDir.', { examples: ['lost', 'none'] }),
  tombstones: word('Tombstones', 'What becomes of events without a value: skip acknowledges them; run starts an execution with null; deadLetter makes them dead letters.', ['skip', 'run', 'deadLetter'], { default: 'skip', examples: ['run'] }),
  deduplicate: {
    ...section('De-duplication', 'Events that repeat one of the last while are acknowledged and start nothing.', {
      window: text('Window', 'How long an event is remembered: 30s, 10m, 1h, 1d.', { examples: ['10m'] }),
      windowMs: integer('Window', 'The same in milliseconds.', 1000, 720 * HOUR_MS, { examples: [600_000] }),
      key: text('Key', 'What makes two events the same: a JSONata expression in {% %} over the envelope. Left out: the name of the execution, which a redelivered event has again.', { examples: ['{% value.orderId %}'] }),
      redis: { ...section('Redis', 'Where events are remembered for all processes. Left out: the Redis of the key redis; where there is none, each process remembers its own, below seen in dataDir.', REDIS_CONNECTION), exactlyOne: REDIS_WAYS, examples: [{ url: 'redis://127.0.0.1:6379' }] },
    }),
    exactlyOne: ['window', 'windowMs'],
    examples: [{ window: '10m', key: '{% value.orderId %}' }],
  },
} satisfies Readonly<Record<string, ConfigSchema>>;

export const SOURCES = named(
  'Sources',
  'Where events come from besides HTTP, by name.',
  {
    ...section('Source', 'One key names the kind; the others say what becomes of its events.', { ...SOURCE_KINDS, ...DELIVERY }),
    required: ['machine'],
    exactlyOne: Object.keys(SOURCE_KINDS),
    examples: [{ kafka: { brokers: ['127.0.0.1:9092'], topics: ['readings'], groupId: 'millrace' }, machine: 'triage' }],
  },
  { examples: [{ orders: { redisStream: { url: 'redis://127.0.0.1:6379', stream: 'orders', group: 'millrace' }, machine: 'billing' } }] },
);
