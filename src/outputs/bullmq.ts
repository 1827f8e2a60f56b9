import { Queue } from 'bullmq';
import type { OutputKindSettings } from '../config/settings.ts';
import { lineMembers } from '../delivery/record-line.ts';
import type { Output, OutputRecord, Refusal } from '../delivery/outcome.ts';
import type { RedisClient } from '../redis/redis.ts';
import { addJobs, type NewJob } from './bullmq-jobs.ts';
import type { CreateOutput } from './contract.ts';
import { createRedisPeer } from './redis-peer.ts';

export type BullmqOutputSettings = Extract<OutputKindSettings, { bullmq: unknown }>['bullmq'];

const LIMITS = { maxRecords: 500, maxBytes: 4 * 1024 * 1024, maxWrites: 1 };
const NOTHING_REFUSED: readonly Refusal[] = [];

/**
 * Adds a job for each record: named after the machine, its data the value. A record that is written again is the same job, by
 * its id, as long as the queue remembers that.
 */
export const createBullmqOutput: CreateOutput<BullmqOutputSettings> = (settings, parts) => {
  const peer = createRedisPeer(settings, parts);
  let queue: Queue | undefined;

  /** Only when the connection is there: a queue that is opened without one is of no use later. */
  const opened = async (client: RedisClient): Promise<Queue> => {
    if (queue !== undefined) return queue;
    const fresh = new Queue(settings.queue, { connection: client, prefix: settings.prefix });
    // Of the connection, which is watched elsewhere.
    fresh.on('error', () => undefined);
    await fresh.waitUntilReady();
    queue = fresh;
    return fresh;
  };

  const output: Output = {
    limits: LIMITS,
    write: (records) =>
      peer.inTurn(async (client) => {
        if (records.length > 0) await addJobs(await opened(client), records.map(jobOf));
        return NOTHING_REFUSED;
      }),
    // The connection is all that a queue holds.
    close: () => peer.close(),
    get trouble() {
      return peer.trouble;
    },
  };
  return output;
};

/** The machine in the id keeps executions of the same name apart, and the id from being a number, which BullMQ refuses. */
function jobOf(record: OutputRecord): NewJob {
  const machine = record.headers['millrace-machine'] ?? 'millrace';
  const data = record.json ? Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength).toString('utf8') : `{${lineMembers(record)}}`;
  return { id: `${machine}-${record.id}`.replaceAll(':', '_'), name: machine, data };
}
