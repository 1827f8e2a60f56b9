import type { Claims } from './claims.ts';
import type { Part } from './part.ts';
import type { JournalConfig, RedisConnection } from './settings.ts';
import { readKafkaJournal, readRedisJournal } from './source-kinds.ts';

export function readJournal(part: Part, redis: RedisConnection | null, claims: Claims): JournalConfig {
  if (part.has('kafka')) {
    const kafka = readKafkaJournal(part.part('kafka'));
    claims.kafka(part.part('kafka'), kafka);
    return { kafka };
  }
  if (part.has('redis')) {
    const stream = readRedisJournal(part.part('redis'), redis);
    claims.redisStream(part.part('redis'), stream);
    return { redis: stream };
  }
  return { lmdb: { maxBytes: (part.has('lmdb') ? part.part('lmdb') : part).number('maxBytes') } };
}
