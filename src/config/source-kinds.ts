import type { Claims } from './claims.ts';
import { readKafkaConnection, readRedisConnection } from './connections.ts';
import { given, type Part } from './part.ts';
import type { BullmqSourceSettings, KafkaSourceSettings, RedisConnection, RedisStreamSourceSettings, SourceKindSettings } from './settings.ts';
import { parseTime } from './times.ts';

/** What reading a kind may ask for. */
export interface KindSurroundings {
  /** Taken where a part names no Redis of its own. */
  readonly redis: RedisConnection | null;
  readonly claims: Claims;
}

/** One line a kind, as in src/config/schema-sources.ts. */
export const READ_SOURCE_KIND: Readonly<Record<string, (part: Part, around: KindSurroundings) => SourceKindSettings>> = {
  kafka: (part, { claims }) => ({ kafka: claimed(readKafkaSource(part), (settings) => claims.kafka(part, settings)) }),
  redisStream: (part, { redis, claims }) => ({ redisStream: claimed(readRedisStreamSource(part, redis), (settings) => claims.redisStream(part, settings)) }),
  bullmq: (part, { redis, claims }) => ({ bullmq: claimed(readBullmqSource(part, redis), (settings) => claims.bullmq(part, settings)) }),
};

function claimed<T>(settings: T, claim: (settings: T) => void): T {
  claim(settings);
  return settings;
}

function readKafkaSource(part: Part): KafkaSourceSettings {
  return { ...readKafkaConnection(part), topics: part.texts('topics'), groupId: part.needed('groupId'), from: readKafkaFrom(part), ...readKafkaReading(part), readUncommitted: part.text('isolation') === 'read_uncommitted' };
}

/** Of a journal in Kafka: a source whose topic is the journal's own. */
export function readKafkaJournal(part: Part): KafkaSourceSettings {
  return { ...readKafkaConnection(part), topics: [part.needed('topic')], groupId: part.needed('groupId'), from: 'earliest', ...readKafkaReading(part), readUncommitted: false };
}

function readKafkaFrom(part: Part): KafkaSourceSettings['from'] {
  const from = part.text('from');
  if (from === undefined || from === 'earliest' || from === 'latest') return from ?? 'earliest';
  const timestampMs = parseTime(from);
  if (timestampMs === undefined) part.fault('INVALID_VALUE', 'from', `must be 'earliest', 'latest' or a time, not '${from}'.`, 'Write a time with Z or an offset: 2026-01-31T00:00:00Z.');
  return { timestampMs: timestampMs ?? 0 };
}

const KAFKA_READING = ['sessionTimeoutMs', 'heartbeatIntervalMs', 'rebalanceTimeoutMs', 'commitIntervalMs', 'minBytes', 'maxBytes', 'maxBytesPerPartition', 'maxWaitMs'] as const;

function readKafkaReading(part: Part): Pick<KafkaSourceSettings, (typeof KAFKA_READING)[number]> {
  const reading = Object.fromEntries(KAFKA_READING.map((key) => [key, part.number(key)])) as Record<(typeof KAFKA_READING)[number], number>;
  if (reading.heartbeatIntervalMs * 2 >= reading.sessionTimeoutMs) {
    part.fault('OUT_OF_RANGE', 'heartbeatIntervalMs', `(${reading.heartbeatIntervalMs}) is not less than half of sessionTimeoutMs (${reading.sessionTimeoutMs}): one heartbeat lost would end the session.`);
  }
  if (reading.minBytes > reading.maxBytes) part.fault('OUT_OF_RANGE', 'minBytes', `(${reading.minBytes}) is more than maxBytes (${reading.maxBytes}).`);
  if (reading.maxBytesPerPartition > reading.maxBytes) part.fault('OUT_OF_RANGE', 'maxBytesPerPartition', `(${reading.maxBytesPerPartition}) is more than maxBytes (${reading.maxBytes}).`);
  const requestTimeoutMs = part.number('requestTimeoutMs');
  if (reading.maxWaitMs >= requestTimeoutMs) part.fault('OUT_OF_RANGE', 'maxWaitMs', `(${reading.maxWaitMs}) is not less than requestTimeoutMs (${requestTimeoutMs}): a fetch that waits would be taken for one without an answer.`);
  return reading;
}

function readRedisStreamSource(part: Part, redis: RedisConnection | null): RedisStreamSourceSettings {
  const value = part.needed('value');
  return {
    ...readRedisConnection(part, redis),
    streams: part.has('streams') ? part.texts('streams') : part.texts('stream'),
    group: part.needed('group'),
    from: readRedisFrom(part),
    valueField: value === '*' ? null : value,
    keyField: part.text('key') ?? null,
    ...readRedisReading(part),
    trim: readTrim(part),
  };
}

/** Of a journal in Redis: a source whose stream is the journal's own. */
export function readRedisJournal(part: Part, redis: RedisConnection | null): RedisStreamSourceSettings {
  return { ...readRedisConnection(part, redis), streams: [part.needed('stream')], group: part.needed('group'), from: '0', valueField: 'event', keyField: null, ...readRedisReading(part), trim: 'acknowledged' };
}

function readRedisFrom(part: Part): string {
  const from = part.needed('from');
  if (from === 'earliest') return '0';
  if (from === 'latest') return '$';
  if (from !== '' && !/^\d+(-\d+)?$/.test(from)) part.fault('INVALID_VALUE', 'from', `must be 'earliest', 'latest' or the id of an entry, not '${from}'.`, 'An id is a time in milliseconds and a number: 1767225600000-0.');
  return from;
}

function readRedisReading(part: Part): Pick<RedisStreamSourceSettings, 'consumer' | 'batchEvents' | 'blockMs' | 'takeoverMs'> {
  return given({ consumer: part.text('consumer'), batchEvents: part.number('batchEvents'), blockMs: part.number('blockMs'), takeoverMs: part.number('takeoverMs') });
}

function readTrim(part: Part): RedisStreamSourceSettings['trim'] {
  const word = part.text('trim');
  return word === undefined ? { maxLength: part.part('trim').number('maxLength') } : (word as 'none' | 'acknowledged');
}

function readBullmqSource(part: Part, redis: RedisConnection | null): BullmqSourceSettings {
  const rateLimit = part.part('rateLimit');
  return given({
    ...readQueue(part, redis),
    lockDurationMs: part.number('lockDurationMs'),
    rateLimit: part.has('rateLimit') ? { max: rateLimit.number('max'), durationMs: rateLimit.number('durationMs') } : undefined,
  });
}

/** What a queue is known by, to those who take from it and to those who put into it. */
export function readQueue(part: Part, redis: RedisConnection | null): RedisConnection & { readonly queue: string; readonly prefix: string } {
  const connection = readRedisConnection(part, redis);
  const [queue, prefix] = [part.needed('queue'), part.needed('prefix')];
  // BullMQ puts the two together with colons, and finds its own keys by them.
  if (queue.includes(':')) part.fault('INVALID_VALUE', 'queue', "must not contain ':', which BullMQ refuses.");
  if (connection.cluster !== undefined && !/\{[^}]+\}/.test(prefix + queue)) part.fault('INVALID_VALUE', 'prefix', `(${prefix}) has no braces: in a Redis Cluster the keys of a queue are in one slot only if a part in braces says so.`, `Write prefix: "{${prefix}}", and the same wherever the queue is used.`);
  return { ...connection, queue, prefix };
}
