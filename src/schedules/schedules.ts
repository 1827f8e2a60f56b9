import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import type { RedisConnection, ScheduleConfig } from '../config/settings.ts';
import { within } from '../delivery/within.ts';
import { MillraceError } from '../errors.ts';
import { closeRedis, createRedis, type RedisClient, redisFault, redisReady } from '../redis/redis.ts';
import type { Log } from '../telemetry/log.ts';
import { reconcile } from './reconcile.ts';
import { type TickData, tickMs, tickName } from './tick.ts';

/** The keys of the queue begin with the two of them; the braces put all of them on one node of a Cluster. */
const PREFIX = '{millrace}';
const QUEUE = 'millrace-schedules';
const PURPOSE = 'schedules';
const LOCK_MS = 30_000;
/** As for jobs of a source: processes that died under a job are no reason to fail it. */
const ANY_STALLS = 1_000_000_000;
const STARTS_AT_ONCE = 1000;
const LONGEST_BACKOFF_MS = 30_000;
const LATE_MS = 60_000;
const CLOSED_WITHIN_MS = 5000;

/** One start that is due. */
export interface Tick {
  readonly schedule: string;
  readonly machine: string;
  /** JSON, UTF-8. */
  readonly input: Uint8Array;
  /** The execution's name: the same however often the tick is run. */
  readonly name: string;
}

export interface SchedulesOptions {
  readonly schedules: readonly ScheduleConfig[];
  readonly redis: RedisConnection;
  /** Replicas with the same prefix share the schedules; other deployments on the same Redis need another. {millrace} unless said. */
  readonly prefix?: string;
  /** Starts an execution; resolves once it has ended or is in a journal, rejects with a MillraceError when it could not be started. */
  readonly start: (tick: Tick) => Promise<void>;
  readonly log: Log;
}

export interface Schedules {
  /** Resolves once the schedules are set up and ticks come; rejects with a MillraceError when Redis refuses the connection. */
  start(): Promise<void>;
  /** Takes no more ticks; starts that are under way go on. */
  stop(): Promise<void>;
  /** Leaves ticks whose start has not been settled to other replicas, and disconnects. */
  close(): Promise<void>;
  /** Why no tick would come; undefined when they do. */
  readonly trouble: string | undefined;
}

/**
 * Starts machines at the times of the configuration. The schedules are job schedulers of BullMQ on one queue, which every
 * replica consumes: each tick is one job, and so goes to one of them.
 */
export const createSchedules = (options: SchedulesOptions): Schedules => new BullmqSchedules(options);

class BullmqSchedules implements Schedules {
  trouble: string | undefined;
  readonly #options: SchedulesOptions;
  #client: RedisClient | undefined;
  #queue: Queue | undefined;
  #worker: Worker | undefined;
  #stopped = false;
  /** Rejects when what has not been started is left to other replicas. */
  readonly #leaving: Promise<never>;
  #leave: (error: MillraceError) => void = () => undefined;

  constructor(options: SchedulesOptions) {
    this.#options = options;
    this.#leaving = new Promise((_, reject) => {
      this.#leave = reject;
    });
    this.#leaving.catch(() => undefined);
  }

  async start(): Promise<void> {
    const { schedules, redis, prefix = PREFIX, log } = this.#options;
    const client = createRedis(redis, { purpose: PURPOSE, log, onTrouble: (trouble) => (this.trouble = trouble) });
    this.#client = client;
    await redisReady(client, redis, PURPOSE);
    const onError = (error: Error): void => this.#failed(error);
    const queue = new Queue(QUEUE, { connection: client, prefix }).on('error', onError);
    this.#queue = queue;
    try {
      await queue.waitUntilReady();
      await reconcile(queue, schedules, log);
      if (this.#stopped) return;
      this.#worker = new Worker<TickData>(QUEUE, (job) => this.#run(job), {
        connection: client,
        prefix,
        concurrency: STARTS_AT_ONCE,
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS / 2,
        maxStalledCount: ANY_STALLS,
        settings: { backoffStrategy: (attemptsMade = 1) => Math.min(1000 * 2 ** Math.min(attemptsMade - 1, 20), LONGEST_BACKOFF_MS) },
      }).on('error', onError);
      this.#worker.on('failed', (job, error) => this.#startFailed(job, error));
      await this.#worker.waitUntilReady();
    } catch (error) {
      throw redisFault(error, redis, PURPOSE);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.pause(true);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    if (this.#client === undefined) return;
    // The tick of a start that has not been settled is put back, and started by another replica under the same name.
    this.#leave(new MillraceError('DRAINING', 'The process ended before the execution did.'));
    await within(CLOSED_WITHIN_MS, this.#worker?.close());
    await within(CLOSED_WITHIN_MS, this.#queue?.close());
    await closeRedis(this.#client);
  }

  async #run(job: Job<TickData>): Promise<void> {
    const { schedule, machine, input } = job.data;
    const dueMs = tickMs(job.id as string);
    const lateMs = Date.now() - dueMs;
    if (lateMs > LATE_MS && job.attemptsMade === 0) this.#options.log.warn('a start of a schedule comes late', { schedule, due: new Date(dueMs).toISOString(), lateMs });
    try {
      await Promise.race([this.#options.start({ schedule, machine, input: Buffer.from(input), name: tickName(schedule, dueMs) }), this.#leaving]);
    } catch (error) {
      // Another replica may have the machine already, or still.
      if (!(error instanceof MillraceError) || error.retryable || error.code === 'NO_SUCH_MACHINE') throw error;
      throw new UnrecoverableError(`${error.code}: ${error.message}`);
    }
  }

  #startFailed(job: Job<TickData> | undefined, error: Error): void {
    if (job === undefined) return;
    const { schedule, machine } = job.data;
    const fields = { schedule, machine, due: new Date(tickMs(job.id as string)).toISOString(), error: error.message };
    if (job.finishedOn === undefined) this.#options.log.warn('a start of a schedule failed; it is tried again', fields);
    else this.#options.log.error('a start of a schedule failed for good', fields);
  }

  #failed(error: Error): void {
    // The connection says by itself, and once, that it is lost.
    if (this.#stopped || this.trouble !== undefined) return;
    this.#options.log.warn('a command to the queue of schedules failed; it is tried again', { error: error.message });
  }
}
