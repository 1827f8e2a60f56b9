import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import type { Output } from '../../src/delivery/outcome.ts';
import { resultRecord } from '../../src/delivery/record.ts';
import { createOutput } from '../../src/outputs/table.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { describeOutput, type OutputRig } from '../contract/output.ts';
import { outcomeOf } from '../delivery/outcome-kit.ts';
import { eventually } from '../lib/server-process.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { startRedis } from '../services/redis.mjs';

const queueOutput = (url: string, queue: string): Promise<Output> => createOutput({ bullmq: { url, queue, prefix: 'bull' } }, { name: 'jobs', log: silentLog });

async function withQueue<T>(url: string, name: string, use: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = new Queue(name, { connection: { url } });
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}

await describeWith(['redis'], 'BullMQ', ({ redis: shared }) => {
  describeOutput({
    kind: 'bullmq',
    carriesKeys: false,
    carriesHeaders: false,
    knowsRepeats: true,
    rig: async ({ own }): Promise<OutputRig> => {
      const server = own ? await startRedis({ aof: 'always' }) : undefined;
      const url = server?.url ?? shared.url;
      const name = uniqueName('results');
      const create = (): Promise<Output> => queueOutput(url, name);
      const client = new Redis(url, { maxRetriesPerRequest: null });
      client.on('error', () => undefined);
      return {
        output: await create(),
        create,
        // The text of the data itself: BullMQ would parse it, and large numbers would change.
        taken: async () => {
          const ids = await client.lrange(`bull:${name}:wait`, 0, -1);
          const data = await Promise.all(ids.toReversed().map(async (id) => [id, (await client.hget(`bull:${name}:${id}`, 'data')) ?? ''] as const));
          return data.map(([id, value]) => ({ id: id.replace(/^[^-]*-/, ''), key: null, value, headers: {} }));
        },
        stop: async () => server?.kill(),
        start: async () => server?.start(),
        remove: async () => {
          if (server === undefined) await withQueue(url, name, (queue) => queue.obliterate({ force: true }));
          client.disconnect();
          await server?.remove();
        },
      };
    },
  });

  it('makes jobs that a worker of BullMQ runs, named after the machine', async () => {
    const name = uniqueName('run');
    const output = await queueOutput(shared.url, name);
    await output.write([resultRecord(outcomeOf('a', { output: '{"n":1}' })), resultRecord(outcomeOf('b', { output: '"text"', machine: 'billing' }))]);
    const seen: unknown[] = [];
    const worker = new Worker(name, (job) => Promise.resolve(void seen.push([job.id, job.name, job.data])), { connection: { url: shared.url, maxRetriesPerRequest: null } });
    await eventually(() => seen.length === 2, 'both jobs are run');
    expect(seen).toEqual([
      ['triage-a', 'triage', { n: 1 }],
      ['billing-b', 'billing', 'text'],
    ]);
    await worker.close();
    await output.close();
    await withQueue(shared.url, name, (queue) => queue.obliterate({ force: true }));
  });

  it('takes names that BullMQ would refuse as they are: numbers, and colons', async () => {
    const name = uniqueName('names');
    const output = await queueOutput(shared.url, name);
    await output.write([resultRecord(outcomeOf('12345')), resultRecord(outcomeOf('1:2')), resultRecord(outcomeOf('7', { machine: '0' }))]);
    await output.close();
    await withQueue(shared.url, name, async (queue) => {
      expect((await queue.getWaiting()).map(({ id }) => id).toSorted()).toEqual(['0-7', 'triage-12345', 'triage-1_2']);
      await queue.obliterate({ force: true });
    });
  });
});
