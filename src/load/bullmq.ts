import { Queue } from 'bullmq';
import type { RedisConnection } from '../config/settings.ts';
import { addJobs } from '../outputs/bullmq-jobs.ts';
import { closeRedis } from '../redis/redis.ts';
import { NOTHING_REJECTED, type Sender } from './contract.ts';
import { failed, openRedis, whereOf } from './redis-place.ts';

export interface BullmqTarget extends RedisConnection {
  readonly queue: string;
  readonly prefix: string;
  readonly jobName: string;
  readonly batchEvents: number;
  readonly maxBatches: number;
}

const MOST_BYTES = 4 * 1024 * 1024;

/** Adds jobs to one queue, a pipeline for each batch. @throws MillraceError when Redis does not answer, or refuses */
export async function createBullmqSender(target: BullmqTarget): Promise<Sender> {
  const client = await openRedis(target, `load on ${target.queue}`);
  const queue = new Queue(target.queue, { connection: client, prefix: target.prefix });
  // Of the connection, whose failures each batch is told.
  queue.on('error', () => undefined);
  await queue.waitUntilReady();
  return {
    target: `the queue ${target.queue} at ${whereOf(target)}`,
    maxEvents: target.batchEvents,
    maxBytes: MOST_BYTES,
    maxBatches: target.maxBatches,
    send(batch, settled) {
      addJobs(queue, batch.events.map((data) => ({ name: target.jobName, data })))
        .then(() => NOTHING_REJECTED)
        .catch((error: unknown) => failed(batch, error))
        .then((rejections) => settled(batch, rejections));
    },
    close: () => closeRedis(client),
  };
}
