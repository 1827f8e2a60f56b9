import { Job, type Queue } from 'bullmq';

export interface NewJob {
  /** Left out: BullMQ numbers it. */
  readonly id?: string;
  readonly name: string;
  /** JSON text: it stands in Redis as it is, however large its numbers are. */
  readonly data: string;
}

/** Adds jobs in one pipeline. One whose id is there already is not added again. */
export async function addJobs(queue: Queue, jobs: readonly NewJob[]): Promise<void> {
  const entries = jobs.map(({ id, name, data }) => {
    const job = new Job(queue, name, null, id === undefined ? {} : { jobId: id }, id);
    return { job: { ...job.asJSON(), data }, jobId: id as string };
  });
  await queue.getBackend().addJobs(entries);
}
