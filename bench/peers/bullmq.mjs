import { Redis } from 'ioredis';
import { startRedis } from '../../test/services/redis.mjs';
import { BACKLOG, compareWorkers } from '../bullmq.mjs';
import { row } from '../lib/measure.mjs';

const CONCURRENCY = 64;

/** A BullMQ Worker whose processor has the logic by hand. */
export async function run({ smoke = false, ...options }) {
  const server = await startRedis({ aof: false });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  try {
    const { ours, bare } = await compareWorkers(server.url, redis, CONCURRENCY, smoke ? 500 : BACKLOG, { ...options, name: 'works a queue off' });
    const guarantees = {
      ours: 'the queue’s own: at least once, under a lock; besides, retries and waits within the workflow, worker threads',
      baseline: 'at least once, under a lock; attempts and back-off for each job; one thread',
    };
    return [row({ suite: 'peers', case: 'BullMQ: work a queue off', unit: 'jobs/s', ours, baseline: bare, baselineName: 'BullMQ Worker, by hand', guarantees })];
  } finally {
    redis.disconnect();
    await server.remove();
  }
}
