import type { JobSchedulerJson, Queue } from 'bullmq';
import type { ScheduleConfig } from '../config/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { dataOf, onceId, repeatOf, type TickData, tickMs } from './tick.ts';

/** Jobs of a schedule that are kept after their end, to be looked at. */
const KEPT = { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } };
/** A start that fails is tried again for about ten minutes. */
const TRIED_AGAIN = { attempts: 24, backoff: { type: 'start' } };
/** States in which a job is still to be run. */
const TO_COME: ReadonlySet<string> = new Set(['delayed', 'waiting', 'prioritized', 'active']);

/**
 * Makes the queue hold the schedules of the configuration and no others. Several replicas may do so at once.
 *
 * What has not changed is left alone: its next job may be overdue, because no replica ran when it was due, and comes late
 * then instead of never.
 */
export async function reconcile(queue: Queue, schedules: readonly ScheduleConfig[], log: Log): Promise<void> {
  const repeating = new Map(schedules.filter((schedule) => repeatOf(schedule) !== undefined).map((schedule) => [schedule.name, schedule]));
  const known = new Map((await queue.getJobSchedulers()).map((scheduler) => [scheduler.key, scheduler]));
  for (const name of known.keys()) {
    if (repeating.has(name)) continue;
    await queue.removeJobScheduler(name);
    log.info('a schedule that is not in the configuration any more was removed', { schedule: name });
  }
  for (const [name, schedule] of repeating) {
    const scheduler = known.get(name);
    if (scheduler !== undefined && isSame(scheduler, schedule) && (await isGoing(queue, scheduler))) continue;
    const repeat = repeatOf(schedule);
    if (repeat === undefined) continue;
    const job = await queue.upsertJobScheduler(name, repeat, { name, data: dataOf(schedule), opts: { ...TRIED_AGAIN, ...KEPT } });
    log.info(scheduler === undefined ? 'a schedule was set up' : 'a schedule was set up anew', { schedule: name, next: job?.id === undefined ? undefined : new Date(tickMs(job.id)).toISOString() });
  }
  await reconcileSingle(queue, schedules, log);
}

/** Those with a single start are delayed jobs; one that has been run stays, so that it is not run again. */
async function reconcileSingle(queue: Queue, schedules: readonly ScheduleConfig[], log: Log): Promise<void> {
  const wanted = new Map<string, ScheduleConfig & { readonly atMs: number }>();
  for (const schedule of schedules) if (schedule.atMs !== undefined) wanted.set(onceId(schedule.name, schedule.atMs), { ...schedule, atMs: schedule.atMs });
  for (const job of await queue.getJobs(['delayed', 'waiting'])) {
    const id = job?.id;
    if (id === undefined || !id.startsWith('once.')) continue;
    const schedule = wanted.get(id);
    if (schedule !== undefined && JSON.stringify(job.data) === JSON.stringify(dataOf(schedule))) continue;
    await job.remove();
    if (schedule === undefined) log.info('a schedule that is not in the configuration any more was removed', { schedule: (job.data as TickData).schedule });
  }
  for (const [jobId, schedule] of wanted) {
    await queue.add(schedule.name, dataOf(schedule), { jobId, delay: Math.max(0, schedule.atMs - Date.now()), ...TRIED_AGAIN });
  }
}

function isSame({ pattern, tz, every, template }: JobSchedulerJson, schedule: ScheduleConfig): boolean {
  const repeat = repeatOf(schedule);
  return repeat?.pattern === pattern && repeat?.tz === tz && repeat?.every === every && JSON.stringify(template?.data) === JSON.stringify(dataOf(schedule));
}

/** True while the job of the next tick is there: each leads to the one after it when it is taken. */
async function isGoing(queue: Queue, { key, next }: JobSchedulerJson): Promise<boolean> {
  return next !== undefined && TO_COME.has(await queue.getJobState(`repeat:${key}:${next}`));
}
