import { FlowProducer, type Job, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BullmqSourceSettings } from '../../../src/config/settings.ts';
import type { Source } from '../../../src/delivery/source.ts';
import { createBullmqSource } from '../../../src/sources/bullmq/source.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { type Execution, type LineOptions, TestLine } from './line-kit.ts';

const echo: Execution = (value) => ({ status: 'SUCCEEDED', output: `{"got":${value}}` });

await describeWith(['redis'], 'a BullMQ queue as a source', ({ redis }) => {
  let connection: Redis;
  let queue: Queue;
  const sources: Source[] = [];

  beforeAll(() => {
    connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  });
  beforeEach(() => {
    queue = new Queue(uniqueName('jobs'), { connection });
  });
  afterEach(async () => {
    for (const source of sources.splice(0)) {
      await source.stop();
      await source.close();
    }
    await queue.obliterate({ force: true });
    await queue.close();
  });
  afterAll(() => connection.disconnect());

  async function begin(execution: Execution, options: LineOptions = {}, settings: Partial<BullmqSourceSettings> = {}): Promise<TestLine> {
    const line = new TestLine(execution, options);
    const source = createBullmqSource({ url: redis.url, queue: queue.name, prefix: 'bull', lockDurationMs: 30_000, ...settings }, line);
    sources.push(source);
    await source.start();
    return line;
  }

  /** The job as Redis has it, once it is in that state. */
  const inState = async (id: string | undefined, state: string): Promise<Job> => {
    await until(async () => (await queue.getJobState(id!)) === state, `job ${id} to be ${state}`);
    return (await queue.getJob(id!))!;
  };

  it('makes the output of an execution the result of its job', async () => {
    const added = await queue.addBulk(Array.from({ length: 300 }, (_, n) => ({ name: 'count', data: { n, text: 'é€😀' } })));
    const line = await begin(echo);
    for (const [n, { id }] of added.entries()) expect((await inState(id, 'completed')).returnvalue).toEqual({ got: { n, text: 'é€😀' } });
    const names = line.offered.map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(added.map(({ id }) => `${queue.name.replaceAll(/[^\w-]/g, '-')}-${id}`)));
    await until(() => line.counts.acknowledged === 300, 'acknowledgements to be counted');
    expect(line.counts.received).toBe(300);
    expect(line.log.lines).toEqual([]);
  });

  it('hands on the data as its producer wrote it', async () => {
    const job = await queue.add('raw', {});
    await connection.hset(queue.toKey(job.id!), 'data', '{ "amount": 1.0, "big": 12345678901234567890 }');
    await begin((value) => ({ status: 'SUCCEEDED', output: value }));
    await inState(job.id, 'completed');
    expect(await connection.hget(queue.toKey(job.id!), 'returnvalue')).toBe('{ "amount": 1.0, "big": 12345678901234567890 }');
  });

  it('takes jobs that come later, delayed ones when they are due', async () => {
    const line = await begin(echo);
    await inState((await queue.add('first', 1)).id, 'completed');
    const [late, later] = [await queue.add('late', 2, { delay: 400 }), await queue.add('later', 3, { delay: 900 })];
    await inState(later.id, 'completed');
    await inState(late.id, 'completed');
    expect(line.offered.map(({ value }) => value)).toEqual(['1', '2', '3']);
  });

  it('tells of the job where that is wanted', async () => {
    const job = await queue.add('invoice', { a: 1 }, { jobId: 'order 7', priority: 3, attempts: 2, backoff: 10 });
    const line = await begin((_, name) => (line.offered.filter((other) => other.name === name).length === 1 ? { status: 'FAILED', error: 'Once' } : { status: 'SUCCEEDED', output: 'null' }), { wants: 'everything' });
    await inState(job.id, 'completed');
    const [, again] = line.offered;
    const { details, bytes, spans, names } = again!.events;
    const text = (at: Uint32Array | undefined): string => Buffer.from(bytes.subarray(at![0], at![0]! + at![1]!)).toString();
    expect(text(spans)).toBe('{"a":1}');
    expect(details).toMatchObject({ shared: JSON.stringify({ queue: queue.name }), idMember: 'id', ids: ['order 7'], headersFormat: 'json', timestamps: Float64Array.of(job.timestamp) });
    expect(text(details?.keys)).toBe('invoice');
    expect(JSON.parse(text(details?.headers))).toEqual({ name: 'invoice', attemptsMade: 1, attempts: 2, stalled: 0, priority: 3 });
    expect((names as string[])[0]).toMatch(/^jobs-[\w-]*-order-7-[0-9a-f]{12}$/);
  });

  it('fails the job with error and cause, once its own attempts are used up', async () => {
    const line = await begin(() => ({ status: 'FAILED', error: 'Card.Declined', cause: 'no funds' }));
    const once = await inState((await queue.add('pay', {})).id, 'failed');
    expect(once.failedReason).toBe('Card.Declined: no funds');
    expect(once.stacktrace).toEqual([expect.stringMatching(/^Card\.Declined: no funds\n {4}at execution jobs-\S+, FAILED after \d+ ms$/)]);
    const thrice = await inState((await queue.add('pay', {}, { attempts: 3, backoff: { type: 'exponential', delay: 20 } })).id, 'failed');
    expect(thrice.attemptsMade).toBe(3);
    expect(line.offered.filter(({ name }) => name.endsWith(`-${thrice.id}`))).toHaveLength(3);
  });

  it('tries a job again whose back-off strategy only its own workers know', async () => {
    const line = await begin(() => (line.offered.length === 1 ? { status: 'TIMED_OUT', error: 'States.Timeout' } : { status: 'SUCCEEDED', output: '1' }));
    const job = await queue.add('pay', {}, { attempts: 2, backoff: { type: 'fibonacci' } });
    expect((await inState(job.id, 'completed')).returnvalue).toBe(1);
  });

  it.each(['REJECTED', 'POISON'] as const)('fails the job of a %s event for good', async (status) => {
    const line = await begin(() => ({ status, error: status === 'REJECTED' ? 'EVENT_REJECTED' : 'POISON', cause: 'not a reading' }));
    const job = await inState((await queue.add('pay', {}, { attempts: 5 })).id, 'failed');
    expect(job.failedReason).toContain('not a reading');
    expect(line.offered).toHaveLength(1);
  });

  it('completes a job that the filter lets go, without a result', async () => {
    await begin(() => ({ status: 'FILTERED' }));
    expect((await inState((await queue.add('pay', {})).id, 'completed')).returnvalue).toBeNull();
  });

  it('takes no more jobs than there is room for, and goes on when there is', async () => {
    const ends: (() => void)[] = [];
    const line = await begin(() => new Promise((resolve) => ends.push(() => resolve({ status: 'SUCCEEDED', output: '1' }))), { maxInFlight: 5 });
    await queue.addBulk(Array.from({ length: 30 }, (_, n) => ({ name: 'slow', data: n })));
    await until(() => line.counts.paused.at(-1), 'the source to pause');
    expect(await queue.getActiveCount()).toBe(5);
    expect(await queue.getWaitingCount()).toBe(25);
    for (let ended = 0; ended < 30; ended++) (await until(() => ends.shift(), 'another execution'))();
    await until(async () => (await queue.getCompletedCount()) === 30, 'all jobs to be completed');
    expect(line.most).toBe(5);
    await until(() => line.counts.paused.at(-1) === false, 'the source to read again');
  });

  it('starts no more jobs than the rate limit allows', async () => {
    const added = await queue.addBulk(Array.from({ length: 5 }, (_, n) => ({ name: 'limited', data: n })));
    await begin(echo, {}, { rateLimit: { max: 2, durationMs: 600 } });
    const begun: number[] = [];
    for (const { id } of added) begun.push((await inState(id, 'completed')).processedOn!);
    begun.sort((a, b) => a - b);
    // The third and the fifth had to wait for a period of their own.
    expect(begun[2]! - begun[0]!).toBeGreaterThan(300);
    expect(begun[4]! - begun[2]!).toBeGreaterThan(300);
  });

  it('leaves a paused queue alone until it is resumed', async () => {
    const line = await begin(echo);
    await queue.pause();
    const job = await queue.add('later', 1);
    await until(() => line.counts.lag[queue.name] === 1, 'the job to be counted as lag', 12_000);
    expect(line.offered).toHaveLength(0);
    await queue.resume();
    await inState(job.id, 'completed');
  });

  it('keeps a job scheduler of the queue going', async () => {
    await queue.upsertJobScheduler('tick', { every: 150 }, { name: 'tick', data: { from: 'scheduler' } });
    const line = await begin(echo);
    await until(() => line.offered.length >= 4, 'four ticks');
    expect(new Set(line.offered.map(({ name }) => name)).size).toBe(line.offered.length);
    expect(line.offered.every(({ value }) => value === '{"from":"scheduler"}')).toBe(true);
    await queue.removeJobScheduler('tick');
  });

  it('runs the parent of a flow after its children', async () => {
    const flows = new FlowProducer({ connection });
    const { job } = await flows.add({ name: 'parent', queueName: queue.name, data: 'parent', children: [{ name: 'child', queueName: queue.name, data: 'child' }] });
    const line = await begin(echo);
    await inState(job.id, 'completed');
    expect(line.offered.map(({ value }) => value)).toEqual(['"child"', '"parent"']);
    expect(Object.values(await job.getChildrenValues())).toEqual([{ got: 'child' }]);
    await flows.close();
  });

  it('says in a job that its execution runs, when it takes a while', async () => {
    const line = await begin(() => new Promise((resolve) => setTimeout(resolve, 2500, { status: 'SUCCEEDED', output: '1' })));
    const job = await queue.add('slow', 1);
    await until(async () => ((await queue.getJob(job.id!))!.progress as { status?: string }).status === 'RUNNING', 'progress');
    expect((await queue.getJob(job.id!))!.progress).toEqual({ execution: line.offered[0]!.name, status: 'RUNNING' });
    await inState(job.id, 'completed');
  });

  it('keeps its locks as long as executions run', async () => {
    const line = await begin(() => new Promise((resolve) => setTimeout(resolve, 3500, { status: 'SUCCEEDED', output: '1' })), {}, { lockDurationMs: 1000 });
    const job = await queue.add('slow', 1);
    await inState(job.id, 'completed');
    expect(line.offered).toHaveLength(1);
    expect(line.counts.recovered).toEqual({});
  });

  it('does not count what it comes to when the lock has expired and another process has put the job back, and runs it again', async () => {
    const ends: (() => void)[] = [];
    const line = await begin(() => new Promise((resolve) => ends.push(() => resolve({ status: 'SUCCEEDED', output: String(ends.length) }))), {}, { lockDurationMs: 1000 });
    const job = await queue.add('slow', 1);
    await until(() => ends.length === 1, 'the execution');
    const [active, wait, marker] = [queue.toKey('active'), queue.toKey('wait'), queue.toKey('marker')];
    await connection.multi().del(`${queue.toKey(job.id!)}:lock`).lrem(active, 1, job.id!).rpush(wait, job.id!).zadd(marker, 0, '0').exec();
    await until(() => ends.length === 2, 'the second execution');
    await until(() => line.counts.recovered['lost_lock'] === 1, 'the loss to be noticed');
    ends[0]!();
    ends[1]!();
    expect((await inState(job.id, 'completed')).returnvalue).toBe(2);
    expect(line.offered[1]!.name).toBe(line.offered[0]!.name);
    expect(line.counts.acknowledged).toBe(1);
  });

  it('never fails a job for having stalled, however often', async () => {
    const job = await queue.add('cursed', 1);
    // As a process leaves it that died for the hundredth time.
    await connection.hset(queue.toKey(job.id!), 'stc', 100);
    await connection.lmove(queue.toKey('wait'), queue.toKey('active'), 'RIGHT', 'LEFT');
    await begin(echo, {}, { lockDurationMs: 1000 });
    expect((await inState(job.id, 'completed')).stalledCounter).toBe(101);
  });

  it('goes on when a job is removed while it runs', async () => {
    const ends: (() => void)[] = [];
    const line = await begin(() => new Promise((resolve) => ends.push(() => resolve({ status: 'SUCCEEDED', output: '1' }))));
    await queue.add('gone', 1);
    await until(() => ends.length === 1, 'the execution');
    await queue.obliterate({ force: true });
    ends[0]!();
    await until(() => line.counts.recovered['removed_job'] === 1, 'the loss to be counted');
    const job = await queue.add('next', 2);
    (await until(() => ends[1], 'the next execution'))();
    await inState(job.id, 'completed');
  });

  it('keeps the jobs of one name on one worker where the order is kept by key', async () => {
    await queue.addBulk(Array.from({ length: 40 }, (_, n) => ({ name: `name-${n % 8}`, data: n })));
    const line = await begin(echo, { order: 'key' });
    await until(() => line.offered.length === 40, 'all jobs');
    const lanes = new Map<string, Set<number>>();
    for (const { events, index } of line.offered) {
      const keys = events.details!.keys!;
      const key = Buffer.from(events.bytes.subarray(keys[2 * index]!, keys[2 * index]! + keys[2 * index + 1]!)).toString();
      lanes.set(key, (lanes.get(key) ?? new Set()).add(events.lane));
    }
    expect(lanes.size).toBe(8);
    expect(Array.from(lanes.values(), (set) => set.size)).toEqual(Array(8).fill(1));
    expect(new Set(Array.from(lanes.values(), (set) => [...set][0])).size).toBe(2);
  });

  it('gives back what is still running when it is closed, and what it was about to take', async () => {
    const line = await begin((value) => (value === '"quick"' ? { status: 'SUCCEEDED', output: '1' } : new Promise(() => undefined)));
    const [slow, quick] = await queue.addBulk([{ name: 'slow', data: 'slow' }, { name: 'quick', data: 'quick' }]);
    await inState(quick!.id, 'completed');
    await until(() => line.offered.length === 2, 'both executions');
    const [source] = sources.splice(0);
    await source!.stop();
    const unread = await queue.add('later', 'later');
    await source!.close();
    expect(await queue.getJobState(slow!.id!)).toBe('waiting');
    expect(await queue.getJobState(unread.id!)).toBe('waiting');
    await begin(echo);
    expect((await inState(slow!.id, 'completed')).returnvalue).toEqual({ got: 'slow' });
    await inState(unread.id, 'completed');
  });

  it('refuses settings that cannot work', async () => {
    const { host } = new URL(redis.url);
    const source = createBullmqSource({ cluster: { addresses: [host] }, queue: queue.name, prefix: '{bull}', lockDurationMs: 30_000 }, new TestLine(echo));
    await expect(source.start()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('is not a Cluster') });
    await source.close();
  });
});
