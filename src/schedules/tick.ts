import type { RepeatOptions } from 'bullmq';
import type { ScheduleConfig } from '../config/settings.ts';
import { executionName } from '../delivery/execution-name.ts';

/** What a job of the queue of schedules carries: a replica whose configuration is older runs it all the same. */
export interface TickData {
  readonly schedule: string;
  readonly machine: string;
  /** JSON text: a text within the data, so that its numbers stay as they were written. */
  readonly input: string;
}

export const dataOf = ({ name, machine, input }: ScheduleConfig): TickData => ({ schedule: name, machine, input });

/** When a schedule repeats, as BullMQ is told; undefined for one that has a single start. */
export function repeatOf({ cron, everyMs, timeZone }: ScheduleConfig): Pick<RepeatOptions, 'pattern' | 'tz' | 'every'> | undefined {
  if (cron !== undefined) return { pattern: cron, tz: timeZone };
  return everyMs === undefined ? undefined : { every: everyMs };
}

/** The id of the job of a single start: a second one of the same id is not added, whether the first is to come or done. */
export const onceId = (schedule: string, atMs: number): string => `once.${schedule}.${atMs}`;

/** The time of a tick, from the id of its job: `repeat:<schedule>:<ms>` or `once.<schedule>.<ms>`. */
export const tickMs = (jobId: string): number => Number(/\d+$/.exec(jobId)?.[0]);

/** The name of the execution of a tick, the same however often the tick is run: `nightly-20260102T010000Z`. */
export function tickName(schedule: string, ms: number): string {
  return executionName(schedule, new Date(ms).toISOString().replaceAll(/[-:.]/g, '').replace('000Z', 'Z'));
}
