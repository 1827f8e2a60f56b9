import type { Part } from './part.ts';
import type { JournalConfig, RedisConnection } from './settings.ts';
import { readKafkaJournal, readRedisJournal } from './source-kinds.ts';

export function readJournal(part: Part, redis: RedisConnection | null): JournalConfig {
  if (part.has('kafka')) return { kafka: readKafkaJournal(part.part('kafka')) };
  if (part.has('redis')) return { redis: readRedisJournal(part.part('redis'), redis) };
  return { lmdb: { maxBytes: (part.has('lmdb') ? part.part('lmdb') : part).number('maxBytes') } };
}
