import { failureOf } from './failure.ts';
import { type Answer, type HeldJob, isUnlocked, lossOf } from './job.ts';
import type { JobQueue } from './job-queue.ts';

export interface AcknowledgingOptions {
  readonly queue: () => Pick<JobQueue, 'complete' | 'fail' | 'relock'>;
  readonly nameOf: (job: HeldJob) => string;
  readonly onAcknowledged: (job: HeldJob) => void;
  /** Called once for all of a turn of the event loop. */
  readonly count: (acknowledged: number) => void;
  /** It is not ours any more: its outcome does not count. */
  readonly onLost: (job: HeldJob, loss: 'removed_job' | 'lost_lock') => void;
}

/** Completes or fails jobs whose executions have ended. */
export class Acknowledging {
  readonly #options: AcknowledgingOptions;
  /** Jobs whose acknowledgement is under way: held still, but not when Redis takes the next call. */
  leaving = 0;
  #acknowledged = 0;

  constructor(options: AcknowledgingOptions) {
    this.#options = options;
  }

  /** Resolves with the next job, if one was asked for; rejects when it has to be tried again. */
  async acknowledge(job: HeldJob, fetchNext: boolean): Promise<Answer | null> {
    const { onAcknowledged, onLost } = this.#options;
    job.leaving = true;
    this.leaving++;
    try {
      const answer = await this.#locked(job, () => this.#finish(job, fetchNext));
      onAcknowledged(job);
      this.#count();
      return answer;
    } catch (error) {
      const loss = lossOf(error);
      if (loss === undefined) {
        job.leaving = false;
        throw error;
      }
      onLost(job, loss);
      return null;
    } finally {
      this.leaving--;
    }
  }

  #count(): void {
    this.#acknowledged++;
    if (this.#acknowledged > 1) return;
    setImmediate(() => {
      this.#options.count(this.#acknowledged);
      this.#acknowledged = 0;
    });
  }

  /** Where the lock has expired, and nobody has moved the job since, it is taken again first. */
  async #locked(job: HeldJob, finish: () => Promise<Answer | null>): Promise<Answer | null> {
    try {
      return await finish();
    } catch (error) {
      if (!isUnlocked(error) || (await this.#options.queue().relock([job])).length > 0) throw error;
      return finish();
    }
  }

  async #finish(job: HeldJob, fetchNext: boolean): Promise<Answer | null> {
    const { end } = job;
    const queue = this.#options.queue();
    if (end !== null && end.status !== 'SUCCEEDED' && end.status !== 'FILTERED') return queue.fail(job, failureOf(end, this.#options.nameOf(job)), fetchNext);
    try {
      return await queue.complete(job, end?.output ?? 'null', fetchNext);
    } catch (error) {
      // The parent of a flow that has children which failed or are still to come: BullMQ's own workers let it fail.
      if (typeof (error as { code?: unknown }).code !== 'number' || lossOf(error) !== undefined) throw error;
      return queue.fail(job, error as Error, fetchNext);
    }
  }
}
