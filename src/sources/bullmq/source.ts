import type { BullmqSourceSettings } from '../../config/settings.ts';
import type { End } from '../../delivery/contract.ts';
import type { Lease, Line, Settlement, Source, SourceEvents } from '../../delivery/source.ts';
import { within } from '../../delivery/within.ts';
import { closeRedis, createRedis, type RedisClient, redisFault, redisReady } from '../../redis/redis.ts';
import { Acknowledging } from './acknowledging.ts';
import { createJobEvents, type JobEvents } from './events.ts';
import { Gathering } from './gathering.ts';
import { Intake } from './intake.ts';
import { type HeldJob, lossOf } from './job.ts';
import { JobQueue } from './job-queue.ts';
import { Locks } from './locks.ts';
import { ReadAhead } from './read-ahead.ts';

const LAG_EVERY_MS = 5000;
/** How long `close` waits for what has ended to be acknowledged, and for what has not to be given back. */
const ACKNOWLEDGED_WITHIN_MS = 5000;
const GIVEN_BACK_WITHIN_MS = 2000;

/** Reads a BullMQ queue: each job starts an execution, whose output becomes the job's result. */
export const createBullmqSource = (settings: BullmqSourceSettings, line: Line): Source => new BullmqSource(settings, line);

class BullmqSource implements Source, Settlement {
  trouble: string | undefined;
  readonly #settings: BullmqSourceSettings;
  readonly #line: Line;
  readonly #purpose: string;
  readonly #events: JobEvents;
  readonly #lease: Lease;
  readonly #intake: Intake;
  readonly #locks: Locks;
  #client: RedisClient | undefined;
  /** Made by `start`, before anything asks for it. */
  #queue!: JobQueue;
  #stopped = false;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #gathering: Gathering;
  readonly #acknowledging: Acknowledging;
  readonly #readAhead = new ReadAhead();
  #offered = 0;
  /** What `stop` has taken back, while it gathers it. */
  #withdrawn: HeldJob[] | null = null;
  /** When stalled jobs were looked for last; performance.now(). */
  #lookedAtMs = 0;
  /** Bytes of a job, as they have been lately. */
  #usualBytes = 256;

  constructor(settings: BullmqSourceSettings, line: Line) {
    this.#settings = settings;
    this.#line = line;
    this.#gathering = new Gathering({ maxInFlight: line.maxInFlight, moreComing: () => this.#intake.coming > 0, offer: (jobs) => this.#offer(jobs) });
    this.#purpose = `source ${line.source}`;
    this.#events = createJobEvents(settings.queue, line);
    this.#lease = line.lease(this, { wantsEnds: true });
    const onError = (error: unknown): void => this.#failed(error);
    this.#locks = new Locks({
      lockDurationMs: settings.lockDurationMs,
      renew: (jobs) => this.#queue.renew(jobs),
      announce: (job) => this.#announce(job),
      onLost: (job) => this.#lost(job, 'lost_lock'),
      onError,
    });
    this.#acknowledging = new Acknowledging({
      queue: () => this.#queue,
      nameOf: (job) => this.#events.nameOf(job),
      onAcknowledged: (job) => this.#locks.drop(job),
      count: (jobs) => line.meter.acknowledged(jobs),
      onLost: (job, loss) => this.#lost(job, loss),
    });
    let tokens = 0;
    const process = crypto.randomUUID();
    this.#intake = new Intake({
// All of one length, which a completion counts on.
      take: () => this.#queue.take(`${process}:${String(tokens++).padStart(15, '0')}`),
      acknowledge: (job, fetchNext) => this.#acknowledging.acknowledge(job, fetchNext),
      waitForJob: (seconds) => this.#queue.waitForJob(seconds),
      hasRoom: (coming, leaving) => this.#hasRoom(coming, leaving),
      onRoom: (callback) => line.onRoom(callback),
      onJob: (job) => this.#took(job),
      onFull: (full) => line.meter.paused(full),
      onError,
    });
  }

  async start(): Promise<void> {
    const { queue, lockDurationMs } = this.#settings;
    const client = createRedis(this.#settings, { purpose: this.#purpose, log: this.#line.log, onTrouble: (trouble) => (this.trouble = trouble) });
    this.#client = client;
    await redisReady(client, this.#settings, this.#purpose);
    const stalledIntervalMs = Math.ceil(lockDurationMs / 2);
    this.#queue = new JobQueue({ settings: this.#settings, client, stalledIntervalMs, onError: (error) => this.#failed(error) });
    try {
      await this.#queue.ready();
    } catch (error) {
      throw redisFault(error, this.#settings, this.#purpose);
    }
    const every = (ms: number, task: () => Promise<void>): void => {
      const run = (): void => void task().catch((error: unknown) => this.#failed(error));
      run();
      this.#timers.push(setInterval(run, ms));
    };
    this.#lookedAtMs = performance.now();
    every(stalledIntervalMs, () => this.#recoverStalled(stalledIntervalMs));
    every(LAG_EVERY_MS, async () => this.#line.meter.lag(queue, await this.#queue.countWaiting()));
    this.#intake.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#intake.stop();
    // Others have at once what could only wait here. Each goes to the front of the queue: the last one first.
    this.#withdrawn = [];
    this.#lease.withdraw();
    const withdrawn = [...this.#withdrawn, ...this.#gathering.clear()];
    this.#withdrawn = null;
    for (const job of withdrawn.toReversed()) this.#giveBack(job);
    if (this.#queue !== undefined) await within(GIVEN_BACK_WITHIN_MS, this.#queue.interrupt());
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#intake.stop();
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#client === undefined) return;
    if (this.#queue !== undefined) {
      // First, so that what has not ended by now does not begin, and acknowledging comes to an end.
      this.#lease.release();
      await within(ACKNOWLEDGED_WITHIN_MS, this.#intake.idle());
      this.#locks.close();
      // Their executions are left: another process has them at once, and not only when their locks have expired.
      await within(GIVEN_BACK_WITHIN_MS, Promise.allSettled(Array.from(this.#locks.held, (job) => this.#queue.giveBack(job))));
      await within(GIVEN_BACK_WITHIN_MS, this.#queue.close());
      this.#line.meter.unassigned(this.#settings.queue);
    }
    await closeRedis(this.#client);
  }

  settled(events: SourceEvents, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#ended((events.tag as readonly HeldJob[])[i] as HeldJob);
  }

  ended(events: SourceEvents, index: number, end: End): void {
    const job = (events.tag as readonly HeldJob[])[index] as HeldJob;
    job.end = end;
    this.#ended(job);
  }

  withdrawn(events: SourceEvents, from: number, to: number): void {
    const jobs = (events.tag as readonly HeldJob[]).slice(from, to);
    if (this.#withdrawn !== null) this.#withdrawn.push(...jobs);
    else for (const job of jobs) this.#giveBack(job);
  }

  describe(events: SourceEvents, index: number): ReturnType<Settlement['describe']> {
    return this.#events.describe((events.tag as readonly HeldJob[])[index] as HeldJob);
  }

  #hasRoom(coming: number, leaving: number): boolean {
    const more = this.#gathering.size + coming + 1;
    const { waiting } = this.#lease;
    if (waiting + more > this.#readAhead.most(this.#offered - waiting)) return false;
    return this.#locks.size - this.#acknowledging.leaving - leaving + coming < this.#line.maxInFlight && this.#line.hasRoom(more, more * this.#usualBytes);
  }

  #took(job: HeldJob): void {
    this.#locks.keep(job);
    this.#gathering.add(job);
  }

  #ended(job: HeldJob): void {
    if (!job.lost) this.#intake.ended(job);
  }

  #offer(jobs: readonly HeldJob[]): void {
    if (this.#stopped) {
      for (const job of jobs.toReversed()) this.#giveBack(job);
      return;
    }
    let bytes = 0;
    for (const events of this.#events.of(jobs)) {
      bytes += events.bytes.byteLength;
      this.#lease.offer(events);
    }
    this.#offered += jobs.length;
    this.#usualBytes = Math.ceil((7 * this.#usualBytes + bytes / jobs.length) / 8);
    this.#line.meter.received(jobs.length, bytes);
    // Workers have been given them by then, if they have time.
    setImmediate(() => this.#intake.lookForRoom());
  }

  /**
   * Puts back into the queue what others hold no longer. After Redis was away, or this process stood still, the locks of all have
   * expired, and the others are given the time to renew theirs first.
   */
  async #recoverStalled(everyMs: number): Promise<void> {
    if (this.trouble !== undefined) return;
    const before = this.#lookedAtMs;
    this.#lookedAtMs = performance.now();
    if (this.#lookedAtMs - before > 2 * everyMs) return;
    await this.#locks.renewDue();
    const stalled = await this.#queue.recoverStalled();
    for (let i = 0; i < stalled; i++) this.#line.meter.recovered('stalled_job');
  }

  #giveBack(job: HeldJob): void {
    if (job.lost) return;
    job.leaving = true;
    this.#queue.giveBack(job).then(
      () => this.#locks.drop(job),
      (error: unknown) => {
        job.leaving = false;
        this.#failed(error);
      },
    );
  }

  async #announce(job: HeldJob): Promise<void> {
    try {
      await this.#queue.setProgress(job, { execution: this.#events.nameOf(job), status: 'RUNNING' });
    } catch (error) {
      // It has been removed: the acknowledgement will find out.
      if (lossOf(error) === undefined) throw error;
    }
  }

  #lost(job: HeldJob, loss: 'removed_job' | 'lost_lock'): void {
    job.lost = true;
    this.#locks.drop(job);
    this.#line.meter.recovered(loss);
    this.#line.log.warn(loss === 'lost_lock' ? 'The lock of a job has expired or is held by another process; its outcome here does not count.' : 'A job was removed while its execution ran; its outcome is not kept.', { queue: this.#settings.queue, job: job.id });
  }

  #failed(error: unknown): void {
    // The connection says by itself, and once, that it is lost.
    if (this.#stopped || this.trouble !== undefined) return;
    this.#line.log.warn('A command to the queue failed; it is tried again.', { queue: this.#settings.queue, error: error instanceof Error ? error.message : String(error) });
  }
}
