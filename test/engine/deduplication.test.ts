import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Queue } from 'bullmq';
import { Kafka, logLevel } from 'kafkajs';
import type { OutputConfig, SourceConfig } from '../../src/config/settings.ts';
import { createEngine, type Engine } from '../../src/engine.ts';
import { closeRedis, createRedis, redisReady, type RedisClient } from '../../src/redis/redis.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { uniqueName, useServices } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { until } from '../lib/until.ts';
import { freePorts } from '../services/ports.mjs';
import { startRedis } from '../services/redis.mjs';
import { settingsFor } from '../sources/kafka/kit.ts';

const { redis, kafka } = await useServices('redis', 'kafka');
const ECHO = JSON.stringify({ StartAt: 'Echo', States: { Echo: { Type: 'Pass', End: true } } });

let folder: string;
const undo: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-dedup-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const sourceOf = (kind: SourceConfig['kind'], deduplicate: NonNullable<SourceConfig['deduplicate']>): SourceConfig => ({
  name: 'orders', kind, machine: 'echo', order: 'none', maxInFlight: 5000, retry: { maxAttempts: 1, backoffMs: 1, maxBackoffMs: 1 }, deadLetters: null, tombstones: 'skip', deduplicate,
});

/** An engine that reads, and writes what it ran into a file. */
async function open(source: SourceConfig, file = 'ran.ndjson', dataDir = 'data', more: readonly OutputConfig[] = []): Promise<Engine> {
  const engine = await createEngine({
    machines: { echo: { definition: ECHO } },
    workers: 1,
    dataDir: join(folder, dataDir),
    sources: [source],
    outputs: [{ name: 'ran', kind: { file: { path: join(folder, file) } }, when: {} }, ...more],
  });
  undo.push(() => engine.close(0));
  await engine.startSources();
  return engine;
}

function ran(...files: string[]): number[] {
  const textOf = (file: string): string => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '');
  // A last line without its end is being written.
  return files.flatMap((file) => textOf(file).split('\n').slice(0, -1).map((line) => (JSON.parse(line) as { value: { id: number } }).value.id));
}

const sorted = (ids: number[]): number[] => ids.toSorted((a, b) => a - b);
const numbers = (count: number, first = 0): number[] => Array.from({ length: count }, (_, i) => first + i);

async function connect(url: string): Promise<RedisClient> {
  const client = createRedis({ url }, { purpose: 'test', log: silentLog });
  undo.push(() => closeRedis(client));
  await redisReady(client, { url }, 'test');
  return client;
}

const stream = (url: string, name: string): SourceConfig['kind'] => ({ redisStream: { url, streams: [name], group: 'g', from: '0', valueField: 'value', keyField: null, batchEvents: 64, blockMs: 1000, takeoverMs: 30_000, trim: 'none' } });
const add = (client: RedisClient, name: string, ids: readonly number[]): Promise<unknown> => Promise.all(ids.map((id) => client.xadd(name, '*', 'value', JSON.stringify({ id }))));
/** The group has read all that there is, and has acknowledged it. */
async function acknowledged(client: RedisClient, name: string): Promise<boolean> {
  const field = (pairs: unknown[], of: string): unknown => pairs[pairs.indexOf(of) + 1];
  const [group = []] = (await client.xinfo('GROUPS', name)) as unknown[][];
  const all = (await client.xinfo('STREAM', name)) as unknown[];
  return field(group, 'last-delivered-id') === field(all, 'last-generated-id') && field(group, 'pending') === 0;
}

describe.skipIf(redis === undefined)('a stream with duplicates', () => {
  it('runs each id once over two engines that share a Redis, and acknowledges everything', async () => {
    const client = await connect(redis!.url);
    const name = uniqueName('orders');
    const source = sourceOf(stream(redis!.url, name), { windowMs: 600_000, key: 'value.id', redis: { url: redis!.url } });
    await add(client, name, [...numbers(500), ...numbers(500).toReversed()]);
    await Promise.all([open(source, 'one.ndjson', 'one'), open(source, 'two.ndjson', 'two')]);
    await add(client, name, numbers(1000));
    await until(() => acknowledged(client, name), 'everything is acknowledged');
    expect(sorted(ran('one.ndjson', 'two.ndjson'))).toEqual(numbers(1000));
  });

  it('waits for a Redis that is away, says so, and runs what waited after a restart', { timeout: 90_000 }, async () => {
    const client = await connect(redis!.url);
    const name = uniqueName('orders');
    const own = await startRedis({ aof: 'always' });
    undo.push(() => own.remove());
    const source = sourceOf(stream(redis!.url, name), { windowMs: 600_000, key: 'value.id', redis: { url: own.url } });
    const engine = await open(source);
    await add(client, name, numbers(50));
    await until(() => acknowledged(client, name), 'the first have ended, and that is remembered');
    await own.kill();
    await add(client, name, numbers(100));
    await until(() => engine.unready().some((why) => why.includes('The Redis of the de-duplication of source orders')), 'the trouble is said');
    expect((await engine.metrics()).body).toContain('millrace_source_trouble{source="orders"} 1');
    await until(async () => (await engine.metrics()).body.includes('millrace_source_in_flight{source="orders"} 100\n'), 'all others wait');
    expect(await engine.close(200)).toBe(100);
    expect(ran('ran.ndjson')).toHaveLength(50);
    await own.start();
    // What the first had not acknowledged is taken over from it.
    await open({ ...source, kind: { redisStream: { ...(source.kind as { redisStream: object }).redisStream, takeoverMs: 1000 } } as SourceConfig['kind'] });
    await until(() => acknowledged(client, name), 'everything is acknowledged', 60_000);
    expect(sorted(ran('ran.ndjson'))).toEqual(numbers(100));
  });

  it('runs an event again that is redriven because an output had refused what came of it', async () => {
    const client = await connect(redis!.url);
    const name = uniqueName('orders');
    const taken: string[] = [];
    let answer = 400;
    const server = createServer((request, response) => {
      taken.push(`${String(request.headers['millrace-execution'])} ${answer}`);
      request.resume();
      response.writeHead(answer).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    undo.push(() => server.close());
    const hook: OutputConfig = { name: 'hook', kind: { webhook: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, headers: {}, timeoutMs: 5000 } }, when: {} };
    await open(sourceOf(stream(redis!.url, name), { windowMs: 600_000, key: 'value.id', redis: { url: redis!.url } }), 'ran.ndjson', 'data', [hook]);
    for (const [round, expected] of [[400, 1], [200, 2], [200, 2]] as const) {
      answer = round;
      await add(client, name, [7]);
      await until(() => acknowledged(client, name), 'it is acknowledged');
      expect(taken).toHaveLength(expected);
    }
    expect(taken.map((line) => line.split(' ')[1])).toEqual(['400', '200']);
  });

  it('is not read when the settings cannot work', async () => {
    const name = uniqueName('orders');
    await expect(open(sourceOf(stream(redis!.url, name), { windowMs: 1000, key: 'value.' }))).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    const own = await startRedis({ aof: false });
    undo.push(() => own.remove());
    const admin = await connect(own.url);
    await admin.config('SET', 'requirepass', 'hush');
    await expect(open(sourceOf(stream(redis!.url, name), { windowMs: 1000, redis: { url: own.url } }), 'ran.ndjson', 'other')).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED' });
  });

  it('waits at its start for a Redis that is not there yet', async () => {
    const client = await connect(redis!.url);
    const name = uniqueName('orders');
    const [port = 0] = await freePorts(1);
    await add(client, name, [1, 1, 2]);
    const opened = open(sourceOf(stream(redis!.url, name), { windowMs: 600_000, key: 'value.id', redis: { url: `redis://127.0.0.1:${port}` } }));
    const own = await startRedis({ aof: false, port });
    undo.push(() => own.remove());
    await opened;
    await until(() => ran('ran.ndjson').length === 2, 'they have run');
  });
});

describe.skipIf(kafka === undefined)('a topic with duplicates', () => {
  it('runs each id once with what is remembered in dataDir, across a restart', { timeout: 90_000 }, async () => {
    const topic = await createTopic(kafka!.brokers, 'orders', { partitions: 2 });
    const producer = new Kafka({ clientId: 'test', brokers: kafka!.brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    undo.push(() => producer.disconnect());
    const send = (ids: readonly number[]): Promise<unknown> => producer.send({ topic, messages: ids.map((id) => ({ key: String(id), value: JSON.stringify({ id }), headers: { trace: `t${id}` } })) });
    const source = sourceOf({ kafka: settingsFor(kafka!.brokers, [topic], { from: 'earliest' }) }, { windowMs: 600_000, key: 'headers.trace' });
    await send([...numbers(200), ...numbers(200)]);
    const engine = await open(source);
    await until(() => ran('ran.ndjson').length >= 200, 'the first have run');
    await engine.close(10_000);
    await send(numbers(210));
    const again = await open(source);
    await until(async () => Number(/^millrace_source_repeated_total\{source="orders"\} (\d+)$/m.exec((await again.metrics()).body)?.[1]) >= 200, 'the duplicates are settled', 60_000);
    await until(() => ran('ran.ndjson').length >= 210, 'the others have run');
    expect(sorted(ran('ran.ndjson'))).toEqual(numbers(210));
  });
});

describe.skipIf(redis === undefined)('a BullMQ queue with duplicates', () => {
  it('runs each id once over two processes, and completes the others with null', { timeout: 60_000 }, async () => {
    const queue = new Queue(uniqueName('jobs'), { connection: { url: redis!.url } });
    undo.push(async () => {
      await queue.obliterate({ force: true });
      await queue.close();
    });
    const source = sourceOf({ bullmq: { url: redis!.url, queue: queue.name, prefix: 'bull', lockDurationMs: 30_000 } }, { windowMs: 600_000, key: 'value.id', redis: { url: redis!.url } });
    const add = (ids: readonly number[]): Promise<unknown> => queue.addBulk(ids.map((id) => ({ name: 'order', data: { id } })));
    await add([...numbers(300), ...numbers(300).toReversed()]);
    const [one] = await Promise.all([open(source, 'one.ndjson', 'one'), open(source, 'two.ndjson', 'two')]);
    await until(async () => (await queue.getCompletedCount()) === 600, 'all jobs are completed');
    // One of them goes, and what it remembers stays: the other knows what has run.
    expect(await one.close(10_000)).toBe(0);
    await add(numbers(310));
    await until(async () => (await queue.getCompletedCount()) === 910, 'the later jobs are completed', 30_000);
    expect(sorted(ran('one.ndjson', 'two.ndjson'))).toEqual(numbers(310));
    const results = (await queue.getCompleted(0, 1000)).map(({ data, returnvalue }) => [(data as { id: number }).id, returnvalue as unknown]);
    expect(results.filter(([, result]) => result !== null).toSorted(([a], [b]) => (a as number) - (b as number))).toEqual(numbers(310).map((id) => [id, { id }]));
  });
});
