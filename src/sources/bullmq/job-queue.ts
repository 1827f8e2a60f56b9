import { Job, type JobJson, type MinimalJob, type RedisQueueBackend, type RepeatOptions, UnrecoverableError, Worker } from 'bullmq';
import type { BullmqSourceSettings } from '../../config/settings.ts';
import type { RedisClient } from '../../redis/redis.ts';
import type { Answer, HeldJob } from './job.ts';
import { relock } from './relocking.ts';

/** A job is never failed because processes that had it died: no count of stalls is too many. */
const ANY_STALLS = 1_000_000_000;
const LONGEST_BACKOFF_MS = 60_000;
/** BullMQ's own scripts keep delayed jobs under their time multiplied by this. */
const TIME_SHIFT = 0x1000;
const NO_JOB: Answer = { job: null, limitedMs: 0, nextDueMs: 0 };

export interface JobQueueOptions {
  readonly settings: Pick<BullmqSourceSettings, 'queue' | 'prefix' | 'lockDurationMs' | 'rateLimit'>;
  /** Stays the caller's; BullMQ opens a second one like it, for blocking reads. */
  readonly client: RedisClient;
  readonly stalledIntervalMs: number;
  /** Errors of the connections, which go on by themselves. */
  readonly onError: (error: Error) => void;
}

/**
 * A BullMQ queue as this source uses it: the scripts of BullMQ's own Worker, called one by one. A Worker would parse the data
 * of each job and serialise its result on the main thread, where both are only carried; and it takes jobs by a fixed
 * concurrency, not by what there is room for.
 */
export class JobQueue {
  readonly #worker: Worker;
  readonly #backend: RedisQueueBackend;
  readonly #client: RedisClient;
  readonly #lockDurationMs: number;

  constructor({ settings, client, stalledIntervalMs, onError }: JobQueueOptions) {
    const { queue, prefix, lockDurationMs, rateLimit } = settings;
    this.#client = client;
    this.#lockDurationMs = lockDurationMs;
    this.#worker = new Worker(queue, null, {
      connection: client,
      prefix,
      lockDuration: lockDurationMs,
      maxStalledCount: ANY_STALLS,
      stalledInterval: stalledIntervalMs,
      autorun: false,
      // For jobs whose producer named a strategy that only its own workers know.
      settings: { backoffStrategy: (attemptsMade = 1) => Math.min(1000 * 2 ** Math.min(attemptsMade - 1, 20), LONGEST_BACKOFF_MS) },
      ...(rateLimit === undefined ? {} : { limiter: { max: rateLimit.max, duration: rateLimit.durationMs } }),
    });
    this.#worker.on('error', onError);
    this.#backend = this.#worker.getBackend() as RedisQueueBackend;
  }

  /** Resolves once both connections are there and the scripts are known. */
  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  async take(token: string): Promise<Answer> {
    return this.#answer(await this.#backend.moveToActive(token), token);
  }

  /** Completes the job with a result, JSON text; the answer is the next job, if one was asked for. */
  async complete(job: HeldJob, result: string, fetchNext: boolean): Promise<Answer | null> {
    this.#gather();
    // The arguments are made from the text: `moveToCompleted` would serialise it once more.
    const args = this.#backend.moveToCompletedArgs({ id: job.id, opts: job.json.opts } as MinimalJob, result, job.json.opts.removeOnComplete as boolean, job.token, fetchNext);
    const next = await this.#backend.moveToFinished(job.id, args);
    return fetchNext ? this.#answer(next, job.token) : null;
  }

  /** Fails this attempt of the job; when it has attempts left, it comes again after its back-off. */
  async fail(job: HeldJob, failure: Error, fetchNext: boolean): Promise<Answer | null> {
    const next: unknown = await this.#jobOf(job.json, job.id).moveToFailed(failure, job.token, fetchNext);
    return fetchNext && Array.isArray(next) ? this.#answer(next, job.token) : null;
  }

  /** Puts a job back to the front of the queue, as if it had never been taken. */
  async giveBack(job: HeldJob): Promise<void> {
    await this.#backend.moveJobFromActiveToWait(job.id, job.token);
  }

  /** Renews locks, expired ones as well where nobody has moved the job since; answers those that are not ours any more. */
  async renew(jobs: readonly HeldJob[]): Promise<HeldJob[]> {
    const refused = new Set(await this.#backend.extendLocks(jobs.map(({ id }) => id), jobs.map(({ token }) => token), this.#lockDurationMs));
    if (refused.size === 0) return [];
    return this.relock(jobs.filter(({ id }) => refused.has(id)));
  }

  /** The same for jobs whose locks are known to have expired. */
  relock(jobs: readonly HeldJob[]): Promise<HeldJob[]> {
    const { active, stalled } = this.#backend.keys as Record<'active' | 'stalled', string>;
    return relock(this.#client, { active, stalled, lockOf: (id) => `${this.#backend.toKey(id)}:lock` }, jobs, this.#lockDurationMs);
  }

  /** Puts jobs whose lock has expired back into the queue; answers how many. One process does it in each interval. */
  async recoverStalled(): Promise<number> {
    return (await this.#backend.moveStalledJobsToWait()).length;
  }

  async setProgress(job: HeldJob, progress: object): Promise<void> {
    await this.#backend.updateProgress(job.id, progress);
  }

  /** Jobs that could begin now, but for limits. */
  async countWaiting(): Promise<number> {
    const { wait, prioritized, paused, delayed } = this.#backend.keys as Record<'wait' | 'prioritized' | 'paused' | 'delayed', string>;
    const counts = await Promise.all([this.#client.llen(wait), this.#client.zcard(prioritized), this.#client.llen(paused), this.#client.zcount(delayed, 0, (Date.now() + 1) * TIME_SHIFT - 1)]);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Waits until a job may be there, `seconds` long at most. Answers when it is due, Unix milliseconds; 0: look now.
   */
  async waitForJob(seconds: number): Promise<number> {
    return (await this.#backend.waitForJob(seconds))?.score ?? 0;
  }

  /** Ends a `waitForJob` that is under way. */
  interrupt(): Promise<void> {
    return this.#backend.disconnectBlocking(false);
  }

  async close(): Promise<void> {
    await this.#worker.close(true);
  }

  async #answer(reply: readonly unknown[] | undefined, token: string): Promise<Answer> {
    const [json, id, limitedMs = 0, nextDueMs = 0] = (reply ?? []) as readonly [(JobJson | null)?, (string | number)?, number?, number?];
    if (json === null || json === undefined) return limitedMs === 0 && nextDueMs === 0 ? NO_JOB : { job: null, limitedMs: Math.max(0, limitedMs), nextDueMs: Math.max(0, nextDueMs) };
    const now = Date.now();
    const job: HeldJob = { id: String(id), token, json, takenAtMs: now, lockedAtMs: now, announced: false, leaving: false, lost: false, end: null };
    if (json.repeatJobKey !== undefined) await this.#scheduleNext(job);
    if (json.deferredFailure === undefined) return { job, limitedMs: 0, nextDueMs: 0 };
    // Its flow, or a worker that counts stalls, has decided that it fails.
    const next = await this.fail(job, new UnrecoverableError(json.deferredFailure), true);
    return next ?? NO_JOB;
  }

  /** What is sent in this turn of the event loop goes in one piece: a system call fewer for each command, here and in Redis. */
  #gather(): void {
    // A Cluster has a connection to each node.
    const stream = 'stream' in this.#client ? this.#client.stream : undefined;
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => stream.uncork());
  }

  /** A job of a job scheduler leads to the next one as soon as it is taken. */
  async #scheduleNext({ id, json }: HeldJob): Promise<void> {
    const { repeat } = json.opts as { readonly repeat?: RepeatOptions };
    if (repeat === undefined) return;
    const scheduler = await this.#worker.jobScheduler;
    await scheduler.upsertJobScheduler(json.repeatJobKey as string, repeat, json.name, JSON.parse(json.data), json.opts, { override: false, producerId: id });
  }

  #jobOf(json: JobJson, id: string): Job {
    return Job.fromJSON(this.#worker, json, id);
  }
}
