import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createEngine } from '../dist/engine.js';
import { startRedis } from '../test/services/redis.mjs';
import { byHand, definition, events } from './lib/machine.mjs';
import { contest, row } from './lib/measure.mjs';

/*
 * Jobs of a BullMQ queue a second, from the moment that a filled queue is resumed until the last of them is completed: the source
 * with the Choice→Pass→Succeed machine on two workers, against a bare Worker of the same concurrency, whose processor does the
 * same by hand. BullMQ parses the data for it and serialises what it returns. Redis, with no append-only file, runs on the same
 * cores. Both are there all the time; while one works, the other waits for jobs.
 */

export const BACKLOG = 10_000;
const PROOF = 2000;
const CONCURRENCIES = [64, 500];

/** @param {{ rounds?: number, smoke?: boolean, backlog?: number }} [options] */
export async function run({ smoke = false, backlog = smoke ? 500 : BACKLOG, ...options } = {}) {
  const server = await startRedis({ aof: false });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  try {
    const rows = [];
    for (const concurrency of CONCURRENCIES) {
      const name = `concurrency ${concurrency}: choice-pass-succeed`;
      const { ours, bare } = await compareWorkers(server.url, redis, concurrency, backlog, { ...options, name });
      rows.push(row({ suite: 'bullmq', case: name, unit: 'jobs/s', ours, baseline: bare, baselineName: 'bare Worker, the same by hand' }));
    }
    return rows;
  } finally {
    redis.disconnect();
    await server.remove();
  }
}

/** Our source and a bare Worker, each on a queue of its own, work off `backlog` jobs in turn. */
export async function compareWorkers(url, redis, concurrency, backlog, options) {
  const contestants = { bare: await bareWorker(url, redis, concurrency), ours: await ourSource(url, redis, concurrency) };
  // The proof runs each of them warm.
  for (const { queue } of Object.values(contestants)) await prove(redis, queue, Math.min(PROOF, backlog));
  const turns = Object.entries(contestants).map(([key, { queue }]) => [key, () => drain(redis, queue, backlog)]);
  const figures = await contest(Object.fromEntries(turns), options);
  for (const { close } of Object.values(contestants)) await close();
  return figures;
}

/** Has the queue's owner do so many jobs; answers how long it took and their results, in the order of the jobs. */
async function drain(redis, queue, count, wantsResults = false) {
  await queue.pause();
  const ids = await fill(queue, count);
  const completed = queue.toKey('completed');
  globalThis.gc?.();
  const began = performance.now();
  const before = process.cpuUsage();
  await queue.resume();
  // Looks seldom enough to be no load.
  while ((await redis.zcard(completed)) < count) await pause(5);
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  const results = wantsResults ? await Promise.all(ids.map((id) => redis.hget(queue.toKey(id), 'returnvalue'))) : [];
  assert.equal(await queue.getFailedCount(), 0);
  while ((await queue.clean(0, 1000, 'completed')).length > 0);
  return { count, ms, cpuMs: (user + system) / 1000, results };
}

let queues = 0;
const newQueue = (redis) => new Queue(`bench-${queues++}`, { connection: redis });

async function bareWorker(url, redis, concurrency) {
  const queue = newQueue(redis);
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const worker = new Worker(queue.name, async (job) => byHand(job.data), { connection, concurrency });
  return {
    queue,
    async close() {
      await worker.close();
      connection.disconnect();
      await queue.close();
    },
  };
}

async function ourSource(url, redis, concurrency) {
  const queue = newQueue(redis);
  const engine = await createEngine({
    machines: { bench: { definition: JSON.stringify(definition) } },
    workers: 2,
    sources: [{ name: 'bench', kind: { bullmq: { url, queue: queue.name, prefix: 'bull', lockDurationMs: 30_000 } }, machine: 'bench', order: 'none', maxInFlight: concurrency, retry: { maxAttempts: 1, backoffMs: 500, maxBackoffMs: 30_000 }, deadLetters: null, tombstones: 'skip' }],
  });
  await engine.startSources();
  return {
    queue,
    async close() {
      await engine.close(5000);
      await queue.close();
    },
  };
}

/** The results are those of hand-written code. */
async function prove(redis, queue, count) {
  const { results } = await drain(redis, queue, count, true);
  assert.deepEqual(results, events(count).map((text) => JSON.stringify(byHand(JSON.parse(text)))));
}

async function fill(queue, count) {
  const texts = events(PROOF);
  const ids = [];
  for (let from = 0; from < count; from += 1000) {
    const jobs = await queue.addBulk(Array.from({ length: Math.min(1000, count - from) }, (_, i) => ({ name: 'reading', data: JSON.parse(texts[(from + i) % PROOF]) })));
    for (const { id } of jobs) ids.push(id);
  }
  return ids;
}
