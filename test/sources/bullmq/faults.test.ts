import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createBullmqSource } from '../../../src/sources/bullmq/source.ts';
import { freePort, ServerProcess } from '../../lib/server-process.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { startRedis } from '../../services/redis.mjs';
import { TestLine } from './line-kit.ts';

const MACHINE = {
  StartAt: 'Which',
  States: {
    Which: { Type: 'Choice', Choices: [{ Variable: '$.fail', IsPresent: true, Next: 'No' }, { Variable: '$.seconds', IsPresent: true, Next: 'Wait' }], Default: 'Done' },
    Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Done' },
    No: { Type: 'Fail', Error: 'Card.Declined', Cause: 'no funds' },
    Done: { Type: 'Pass', Result: true, ResultPath: '$.done', End: true },
  },
};

await describeWith(['redis'], 'a BullMQ queue whose processes and servers die', ({ redis }) => {
  let connection: Redis;
  const folders: string[] = [];
  const servers: ServerProcess[] = [];

  beforeAll(() => {
    connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGKILL');
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  afterAll(() => connection.disconnect());

  /** A `millrace start` that runs the machine above for a queue. */
  async function serve(queue: string, lockDurationMs = 30_000, more: object = {}): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bullmq-'));
    folders.push(folder);
    writeFileSync(join(folder, 'm.asl.json'), JSON.stringify(MACHINE));
    const source = { bullmq: { url: redis.url, queue, lockDurationMs }, machine: 'm', deadLetters: 'none', ...more };
    writeFileSync(join(folder, 'millrace.yaml'), JSON.stringify({ dataDir: './data', workers: 1, machines: { m: './m.asl.json' }, sources: { jobs: source } }));
    const server = new ServerProcess(['--config', join(folder, 'millrace.yaml')], await freePort());
    servers.push(server);
    return server.ready();
  }

  it('runs jobs through state machines: output, failure and refusal become the end of the job', async () => {
    const queue = new Queue(uniqueName('jobs'), { connection });
    await serve(queue.name, 30_000, { schema: { type: 'object' } });
    const [good, bad, odd] = await queue.addBulk([{ name: 'good', data: { n: 1 } }, { name: 'bad', data: { fail: true }, opts: { attempts: 2 } }, { name: 'odd', data: 'text', opts: { attempts: 3 } }]);
    await until(async () => (await queue.getCompletedCount()) + (await queue.getFailedCount()) === 3, 'all jobs to end');
    expect((await queue.getJob(good!.id!))!.returnvalue).toEqual({ n: 1, done: true });
    expect(await queue.getJob(bad!.id!)).toMatchObject({ failedReason: 'Card.Declined: no funds', attemptsMade: 2 });
    expect(await queue.getJob(odd!.id!)).toMatchObject({ failedReason: expect.stringMatching(/^EVENT_REJECTED: /), attemptsMade: 1 });
    await queue.close();
  });

  it('runs the jobs of a killed process again elsewhere, and does not count that as failure', async () => {
    const queue = new Queue(uniqueName('jobs'), { connection });
    const doomed = await serve(queue.name, 3000);
    await queue.addBulk(Array.from({ length: 40 }, (_, n) => ({ name: 'slow', data: { n, seconds: 3 } })));
    await until(async () => (await queue.getActiveCount()) === 40, 'the first process to have all jobs');
    await doomed.end('SIGKILL');
    await serve(queue.name, 3000);
    await until(async () => (await queue.getCompletedCount()) === 40, 'the second process to complete them');
    expect(await queue.getFailedCount()).toBe(0);
    for (const job of await queue.getCompleted(0, 40)) {
      expect(job).toMatchObject({ returnvalue: { n: job.data.n, seconds: 3, done: true }, attemptsMade: 1 });
      expect(job.stalledCounter).toBeGreaterThan(0);
    }
    await queue.close();
  });

  it('completes what runs before it ends', async () => {
    const queue = new Queue(uniqueName('jobs'), { connection });
    const server = await serve(queue.name);
    await queue.addBulk(Array.from({ length: 20 }, (_, n) => ({ name: 'slow', data: { n, seconds: 3 } })));
    await until(async () => (await queue.getActive(0, 20)).filter(({ progress }) => (progress as { status?: string }).status === 'RUNNING').length === 20, 'all jobs to run');
    expect(await server.end('SIGTERM')).toBe(0);
    expect(await queue.getCompletedCount()).toBe(20);
    for (const job of await queue.getCompleted(0, 20)) expect(job.returnvalue).toMatchObject({ done: true });
    await queue.close();
  });

  it('loses nothing when Redis is killed and comes back', async () => {
    const server = await startRedis({ aof: 'always' });
    const producer = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 }).on('error', () => undefined);
    const queue = new Queue('jobs', { connection: producer }).on('error', () => undefined);
    const ends: (() => void)[] = [];
    const line = new TestLine((value) => new Promise((resolve) => ends.push(() => resolve({ status: 'SUCCEEDED', output: value }))));
    const source = createBullmqSource({ url: server.url, queue: 'jobs', prefix: 'bull', lockDurationMs: 30_000 }, line);
    try {
      await source.start();
      await queue.addBulk(Array.from({ length: 500 }, (_, n) => ({ name: 'count', data: n })));
      await until(() => ends.length === 500, 'all jobs to run');
      for (const end of ends.splice(0, 250)) end();
      await server.kill();
      await until(() => source.trouble !== undefined, 'the source to notice');
      expect(source.trouble).toContain('does not answer');
      for (const end of ends.splice(0)) end();
      await server.start();
      await until(async () => (await queue.getCompletedCount()) === 500, 'all jobs to be completed');
      expect(source.trouble).toBeUndefined();
      await queue.add('later', 'later');
      (await until(() => ends.shift(), 'a job that came later'))();
      await until(async () => (await queue.getCompletedCount()) === 501, 'the later job to be completed');
      expect(await queue.getFailedCount()).toBe(0);
      for (const { returnvalue, data } of await queue.getCompleted(0, 501)) expect(returnvalue).toEqual(data);
    } finally {
      await source.stop();
      await source.close();
      await queue.close();
      producer.disconnect();
      await server.remove();
    }
  });

  it('closes within bounds while Redis is away', async () => {
    const server = await startRedis({ aof: false });
    const source = createBullmqSource({ url: server.url, queue: 'jobs', prefix: 'bull', lockDurationMs: 30_000 }, new TestLine(() => ({ status: 'SUCCEEDED', output: '1' })));
    try {
      await source.start();
      await server.kill();
      await until(() => source.trouble !== undefined, 'the source to notice');
      await source.stop();
      await source.close();
    } finally {
      await server.remove();
    }
  });

  it('waits for a Redis that is away when it starts', async () => {
    const server = await startRedis({ aof: false });
    await server.stop();
    const line = new TestLine(() => ({ status: 'SUCCEEDED', output: '1' }));
    const source = createBullmqSource({ url: server.url, queue: 'jobs', prefix: 'bull', lockDurationMs: 30_000 }, line);
    try {
      const started = source.start();
      await until(() => source.trouble !== undefined, 'the source to say why it makes no progress');
      await server.start();
      await started;
      expect(source.trouble).toBeUndefined();
    } finally {
      await source.stop();
      await source.close();
      await server.remove();
    }
  });
});
