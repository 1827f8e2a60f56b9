import { Job, type JobJson, type MinimalJob, type RedisQueueBackend, type RepeatOptions, UnrecoverableError, Worker } from 'bullmq';
import type { BullmqSourceSettings } from '../../config/settings.ts';
import { Redis } from 'ioredis';
import { PreparedCommand } from '../../redis/prepared-command.ts';
import type { RedisClient } from '../../redis/redis.ts';
import { CompletionTemplate } from './completion.ts';
import type { Answer, HeldJob } from './job.ts';
import { relock } from './relocking.ts';

/** A job is never failed because processes that had it died: no count of stalls is too many. */
const ANY_STALLS = 1_000_000_000;
const LONGEST_BACKOFF_MS = 60_000;
/** BullMQ's own scripts keep delayed jobs under their time multiplied by this. */
const TIME_SHIFT = 0x1000;
/** Jobs of a queue have few sets of options; of those that have more, each is encoded by itself. */
const MOST_TEMPLATES = 64;
/** What of BullMQ and ioredis is used besides what they export. */
interface Executing {
  readonly version: string;
  execCommand(connection: unknown, name: string, args: unknown): Promise<unknown>;
}
interface Scripts {
  readonly scriptsSet: Readonly<Record<string, { readonly sha: string; readonly numberOfKeys: number } | undefined>>;
}
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
  /** By the options of jobs as text, and whether the next job is asked for; null: there is none for these. */
  readonly #templates = new Map<string, CompletionTemplate | null>();

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
    const { execCommand } = this.#backend as unknown as Executing;
    (this.#backend as unknown as Executing).execCommand = async (connection, name, args) => (args instanceof Buffer ? client.sendCommand(new PreparedCommand('evalsha', [], args)) : execCommand.call(this.#backend as unknown as Executing, connection, name, args));
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
    const next = await this.#finish(job, result, fetchNext);
    return fetchNext ? this.#answer(next, job.token) : null;
  }

  async #finish(job: HeldJob, result: string, fetchNext: boolean): Promise<readonly unknown[] | undefined> {
    const encoded = this.#templateOf(job, fetchNext)?.encode(job.id, result, job.token);
    if (encoded !== undefined) {
      try {
        return await this.#backend.moveToFinished(job.id, encoded as never);
      } catch (error) {
        // This Redis has not been given the script, or has been started anew: BullMQ gives it.
        if (!(error as Error).message.includes('NOSCRIPT')) throw error;
      }
    }
    return this.#backend.moveToFinished(job.id, this.#completing(job.json.opts, fetchNext)(job.id, result, job.token) as never);
  }

  #completing(opts: JobJson['opts'], fetchNext: boolean): (id: string, result: string, token: string) => readonly unknown[] {
    // The arguments are made from the text: `moveToCompleted` would serialise it once more.
    return (id, result, token) => this.#backend.moveToCompletedArgs({ id, opts } as MinimalJob, result, opts.removeOnComplete as boolean, token, fetchNext);
  }

  #templateOf({ json: { opts }, token }: HeldJob, fetchNext: boolean): CompletionTemplate | null {
    const shape = `${JSON.stringify(opts)} ${fetchNext}`;
    const known = this.#templates.get(shape);
    if (known !== undefined) return known;
    if (this.#templates.size >= MOST_TEMPLATES) return null;
    const script = this.#client instanceof Redis ? (this.#client as unknown as Scripts).scriptsSet[`moveToFinished:${(this.#backend as unknown as Executing).version}`] : undefined;
    const template = script?.numberOfKeys === undefined ? null : (CompletionTemplate.of(this.#completing(opts, fetchNext), script.sha, script.numberOfKeys, token.length) ?? null);
    this.#templates.set(shape, template);
    return template;
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
