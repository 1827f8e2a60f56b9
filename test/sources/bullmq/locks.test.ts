import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Source } from '../../../src/delivery/source.ts';
import { createBullmqSource } from '../../../src/sources/bullmq/source.ts';
import { ReadAhead } from '../../../src/sources/bullmq/read-ahead.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { TestLine } from './line-kit.ts';

await describeWith(['redis'], 'the locks of a BullMQ queue', ({ redis }) => {
  let connection: Redis;
  beforeAll(() => {
    connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  });
  afterAll(() => connection.disconnect());

  interface Held {
    readonly queue: Queue;
    readonly line: TestLine;
    readonly source: Source;
    /** Ends everything that runs. */
    readonly end: () => void;
    readonly close: () => Promise<void>;
  }

  /** A source that runs `count` jobs, none of which has ended. */
  async function holding(count: number, lockDurationMs: number): Promise<Held> {
    const queue = new Queue(uniqueName('jobs'), { connection });
    const ends: (() => void)[] = [];
    const line = new TestLine((value) => new Promise((resolve) => ends.push(() => resolve({ status: 'SUCCEEDED', output: value }))));
    const source = createBullmqSource({ url: redis.url, queue: queue.name, prefix: 'bull', lockDurationMs }, line);
    await source.start();
    await queue.addBulk(Array.from({ length: count }, (_, n) => ({ name: 'count', data: n })));
    await until(() => ends.length === count, 'all jobs to run');
    return {
      queue,
      line,
      source,
      end: () => {
        for (const end of ends.splice(0)) end();
      },
      async close() {
        await source.stop();
        await source.close();
        await queue.obliterate({ force: true });
        await queue.close();
      },
    };
  }

  const locksOf = async (queue: Queue): Promise<string[]> => (await queue.getActive(0, -1)).map(({ id }) => queue.toKey(`${id}:lock`));

  it('are taken again when they have expired, and nobody has moved the jobs', async () => {
    const { queue, line, end, close } = await holding(600, 2000);
    try {
      await connection.del(...(await locksOf(queue)));
      await until(async () => (await connection.exists(...(await locksOf(queue)))) === 600, 'the locks to be back');
      expect(line.counts.recovered).toEqual({});
      end();
      await until(async () => (await queue.getCompletedCount()) === 600, 'all jobs to be completed');
      expect(line.offered).toHaveLength(600);
    } finally {
      await close();
    }
  });

  it('are taken again for what has ended, where they expired before it was acknowledged', async () => {
    const { queue, line, end, close } = await holding(20, 60_000);
    try {
      await connection.del(...(await locksOf(queue)));
      end();
      await until(async () => (await queue.getCompletedCount()) === 20, 'all jobs to be completed');
      expect(line.counts.recovered).toEqual({});
      expect(line.offered).toHaveLength(20);
    } finally {
      await close();
    }
  });

  it('are not taken from another process that has the job by now, nor for a job that waits', async () => {
    const { queue, line, end, close } = await holding(2, 60_000);
    try {
      const [taken, waiting] = (await queue.getActive(0, -1)).map(({ id }) => id!);
      await connection.set(queue.toKey(`${taken}:lock`), 'another');
      await connection.del(queue.toKey(`${waiting}:lock`));
      await queue.pause();
      await connection.lrem(queue.toKey('active'), 1, waiting!);
      await connection.rpush(queue.toKey('wait'), waiting!);
      end();
      await until(() => line.counts.recovered['lost_lock'] === 2, 'both to be known as lost');
      expect(await queue.getCompletedCount()).toBe(0);
      expect(await connection.get(queue.toKey(`${taken}:lock`))).toBe('another');
      expect(await connection.exists(queue.toKey(`${waiting}:lock`))).toBe(0);
    } finally {
      await close();
    }
  });

  it('go back with the jobs that have not begun when the source stops: others have them at once, in their order', async () => {
    const { queue, line, source, end, close } = await holding(3, 60_000);
    try {
      line.withholds = true;
      await queue.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: 'later', data: 100 + n })));
      await until(async () => (await queue.getActiveCount()) === 53, 'all to be taken');
      await source.stop();
      await until(async () => (await queue.getWaitingCount()) === 50, 'those to be back');
      const others: number[] = [];
      const worker = new Worker(queue.name, async ({ data }) => void others.push(data as number), { connection });
      await until(() => others.length === 50, 'another process to run them');
      expect(others).toEqual(Array.from({ length: 50 }, (_, n) => 100 + n));
      end();
      await until(async () => (await queue.getCompletedCount()) === 53, 'what ran to be completed as well');
      expect(line.counts.recovered).toEqual({});
      await worker.close();
    } finally {
      await close();
    }
  });
});

it('what may wait for a worker follows what was begun in the last quarter of a second', () => {
  let now = 0;
  const ahead = new ReadAhead(() => now);
  const most: number[] = [];
  for (const [ms, begun] of [[0, 0], [100, 20], [150, 200], [250, 500], [500, 500], [740, 510], [760, 520], [1760, 40_000]] as const) {
    now = ms;
    most.push(ahead.most(begun));
  }
  expect(most).toEqual([32, 32, 200, 500, 32, 32, 32, 1024]);
});
