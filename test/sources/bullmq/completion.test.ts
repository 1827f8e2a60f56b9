import { type MinimalJob, type RedisQueueBackend, Worker } from 'bullmq';
import { Command, type Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { createRedis, closeRedis, redisReady } from '../../../src/redis/redis.ts';
import { CompletionTemplate, type MakeArguments } from '../../../src/sources/bullmq/completion.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';

const SHA = 'a'.repeat(40);
const TOKEN = 'f0e1'.repeat(13);

it('is none where a place is not found, or found twice', () => {
  const packed = (token: string): Buffer => Buffer.from(`{${token}}`);
  const usual: MakeArguments = (id, result, token) => ['wait', `q:${id}`, id, Date.now(), result, packed(token), undefined];
  expect(CompletionTemplate.of(usual, SHA, 2, TOKEN.length)).toBeInstanceOf(CompletionTemplate);
  for (const other of [
    (id: string, result: string) => ['wait', `q:${id}`, id, Date.now(), result, packed('')],
    (id: string, result: string, token: string) => ['wait', `q:${id}`, id, result, packed(token)],
    (id: string, result: string, token: string) => ['wait', `q:${id}`, `r:${id}`, id, Date.now(), result, packed(token)],
    (id: string, result: string, token: string) => ['wait', `q:${id}`, id, Date.now(), JSON.stringify(result), packed(token)],
  ] satisfies MakeArguments[]) {
    expect(CompletionTemplate.of(other, SHA, 2, TOKEN.length)).toBeUndefined();
  }
});

await describeWith(['redis'], 'a completion', ({ redis: { url } }) => {
  afterEach(() => void vi.useRealTimers());

  // Fails when BullMQ or ioredis make the call in another way: completing is slower then, and right all the same.
  it('is encoded as BullMQ and ioredis encode it', async () => {
    const client = createRedis({ url }, { purpose: 'test', log: silentLog });
    await redisReady(client, { url }, 'test');
    const worker = new Worker(uniqueName('größe'), null, { connection: client as Redis, autorun: false });
    await worker.waitUntilReady();
    const backend = worker.getBackend() as RedisQueueBackend;
    vi.useFakeTimers({ toFake: ['Date'] });
    for (const opts of [{}, { attempts: 3 }, { removeOnComplete: { age: 60 } }]) {
      for (const fetchNext of [true, false]) {
        const make: MakeArguments = (id, result, token) => backend.moveToCompletedArgs({ id, opts } as unknown as MinimalJob, result, opts.removeOnComplete as unknown as boolean, token, fetchNext);
        const template = CompletionTemplate.of(make, SHA, 14, TOKEN.length);
        expect(template!.encode('1', 'null', 'short')).toBeUndefined();
        for (const [id, result] of [['1', 'null'], ['größer', '{"größe":"1"}'], ['7'.repeat(30), JSON.stringify('x'.repeat(5000))]] as const) {
          const expected = new Command('evalsha', [SHA, 14, ...(make(id, result, TOKEN) as string[])]).toWritable({}) as Buffer;
          expect(template!.encode(id, result, TOKEN)!.toString('latin1')).toBe(Buffer.from(expected).toString('latin1'));
        }
      }
    }
    const { scriptsSet } = client as unknown as { scriptsSet: Record<string, { sha: string; numberOfKeys: number }> };
    expect(scriptsSet[`moveToFinished:${(backend as unknown as { version: string }).version}`]).toMatchObject({ sha: expect.stringMatching(/^[0-9a-f]{40}$/), numberOfKeys: 14 });
    await worker.close(true);
    await closeRedis(client);
  });
});
