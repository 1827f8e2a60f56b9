import { Queue } from 'bullmq';
import type { BullmqSourceSettings } from '../../config/settings.ts';
import type { Log } from '../../telemetry/log.ts';
import { addJobs } from '../bullmq-jobs.ts';
import type { RedriveTarget } from './contract.ts';
import { askRedis } from './redis.ts';

/** Adds jobs of the same name and data. They are new jobs: the one that failed may still be there. */
export function createBullmqTarget(settings: BullmqSourceSettings, source: string, log: Log): RedriveTarget {
  const redis = askRedis(settings, `source ${source}`, log);
  let queue: Queue | undefined;
  return {
    name: `the BullMQ queue ${settings.queue}`,
    put: (letters) =>
      redis.ask(async (client) => {
        if (queue === undefined) {
          queue = new Queue(settings.queue, { connection: client, prefix: settings.prefix });
          queue.on('error', () => undefined);
          await queue.waitUntilReady();
        }
        await addJobs(
          queue,
          // The key of an event from a queue is the name of its job.
          letters.map(({ key, value }) => ({ name: key === null ? 'redriven' : Buffer.from(key).toString('utf8'), data: Buffer.from(value).toString('utf8') })),
        );
        return [];
      }),
    close: () => redis.close(),
  };
}
