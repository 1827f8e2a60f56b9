import { KAFKA_CONNECTION, REDIS_CONNECTION, REDIS_WAYS } from './schema-connections.ts';
import { integer, named, section, text, texts, word } from './schema-parts.ts';

const KAFKA = {
  ...section('Kafka', 'A topic of Kafka, by an idempotent producer; records have the key of the event.', {
    ...KAFKA_CONNECTION,
    topic: text('Topic', 'The topic, which has to exist.', { examples: ['alerts'] }),
    compression: word('Compression', 'How record batches are compressed.', ['none', 'gzip', 'snappy', 'lz4', 'zstd'], { default: 'none', examples: ['zstd'] }),
  }),
  required: ['brokers', 'topic'],
  examples: [{ brokers: ['127.0.0.1:9092'], topic: 'alerts' }],
};

const REDIS_STREAM = {
  ...section('Redis stream', 'A stream of Redis.', {
    ...REDIS_CONNECTION,
    stream: text('Stream', 'Key of the stream.', { examples: ['alerts'] }),
    maxLength: integer('Length', 'Entries to which the stream is held, about. Left out: it is not trimmed.', 1, 1_000_000_000, { examples: [1_000_000] }),
  }),
  required: ['stream'],
  atMostOne: REDIS_WAYS,
  examples: [{ url: 'redis://127.0.0.1:6379', stream: 'alerts' }],
};

const BULLMQ = {
  ...section('BullMQ', 'A BullMQ queue: a job for each record.', {
    ...REDIS_CONNECTION,
    queue: text('Queue', 'Name of the queue.', { examples: ['alerts'] }),
    prefix: text('Prefix', 'Prefix of the keys of the queue; in a Redis Cluster one with braces, {bull}.', { default: 'bull', examples: ['{bull}'] }),
  }),
  required: ['queue'],
  atMostOne: REDIS_WAYS,
  examples: [{ url: 'redis://127.0.0.1:6379', queue: 'alerts' }],
};

const WEBHOOK = {
  ...section('Webhook', 'POST requests to an HTTP server, which takes a record by an answer of 2xx.', {
    url: { ...text('URL', 'http:// or https://.', { examples: ['https://example.org/alerts'] }), writeOnly: true as const },
    headers: {
      title: 'Headers',
      description: 'Headers of every request, by name.',
      type: 'object',
      additionalProperties: { ...text('Header', 'Value of the header.', { examples: ['Bearer ${TOKEN}'] }), writeOnly: true as const },
      default: {},
      examples: [{ authorization: 'Bearer ${TOKEN}' }],
    },
    timeoutMs: integer('Time', 'Milliseconds that an answer may take.', 1, 300_000, { default: 10_000, examples: [3000] }),
  }),
  required: ['url'],
  examples: [{ url: 'https://example.org/alerts' }],
};

const FILE = {
  ...section('File', 'A file with a line of JSON for each record (NDJSON).', {
    path: text('Path', 'Path of the file, created when missing, appended to.', { examples: ['./data/alerts.ndjson'] }),
  }),
  required: ['path'],
  examples: [{ path: './data/alerts.ndjson' }],
};

/** One line a kind; src/config/outputs.ts has another. */
export const OUTPUT_KINDS = { kafka: KAFKA, redisStream: REDIS_STREAM, bullmq: BULLMQ, webhook: WEBHOOK, file: FILE };

/** How executions, and events that never became one, can end. */
export const OUTCOMES = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'POISON'] as const;

const WHEN = {
  ...section('Which outcomes', 'The outcomes that the output takes: those that satisfy every key. Left out: all of them; for an output that a source names as its deadLetters, none but the dead letters.', {
    machine: texts('State machines', 'Names of state machines.', { examples: ['triage', ['triage', 'billing']] }),
    source: texts('Sources', 'Names of sources or schedules.', { examples: ['readings'] }),
    status: {
      title: 'Statuses',
      description: 'How the execution ended; REJECTED and POISON: an event that never became one.',
      anyOf: [
        { type: 'string', enum: OUTCOMES },
        { type: 'array', minItems: 1, items: { type: 'string', enum: OUTCOMES } },
      ],
      examples: ['FAILED', ['FAILED', 'TIMED_OUT']],
    },
  }),
  examples: [{ machine: 'triage', status: ['SUCCEEDED'] }],
};

export const OUTPUTS = named(
  'Outputs',
  'Where outcomes of executions go, and dead letters, by name. An event is acknowledged once they have taken its outcome.',
  {
    ...section('Output', 'One key names the kind.', { ...OUTPUT_KINDS, when: WHEN }),
    exactlyOne: Object.keys(OUTPUT_KINDS),
    examples: [{ kafka: { brokers: ['127.0.0.1:9092'], topic: 'alerts' }, when: { status: 'SUCCEEDED' } }],
  },
  { examples: [{ lost: { file: { path: './data/dead-letters.ndjson' } } }] },
);
