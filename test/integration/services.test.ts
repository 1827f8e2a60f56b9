import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { startKafka } from '../services/kafka.mjs';
import { isAlive, type ProcessIdentity } from '../services/pids.mjs';
import { startCluster, startSentinels } from '../services/redis-groups.mjs';
import { startRedis } from '../services/redis.mjs';
import type { ServerRecord } from '../services/server-process.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Produces the values to a topic and resolves with what a new group reads from its beginning, in the order of values. */
async function carried(brokers: string[], topic: string, values: readonly string[], expected = values.length): Promise<string[]> {
  const kafka = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: uniqueName('group'), sessionTimeout: 6000 });
  const read: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void read.push(String(message.value))) });
    await eventually(() => read.length >= expected, `${expected} messages`);
  } finally {
    await consumer.disconnect();
  }
  return read.toSorted();
}

const values = (from: number, count: number): string[] => Array.from({ length: count }, (_, n) => String(from + n).padStart(4, '0'));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

await describeWith(['kafka', 'redis'], 'the services of this run', ({ kafka, redis }) => {
  it('carry messages through Kafka, to a group that reads four partitions', async () => {
    const topic = await createTopic(kafka.brokers, 'carried');
    expect(await carried(kafka.brokers, topic, values(0, 500))).toEqual(values(0, 500));
  });

  it('carry entries through a Redis stream', async () => {
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const stream = uniqueName('stream');
    await client.xgroup('CREATE', stream, 'group', '$', 'MKSTREAM');
    const id = await client.xadd(stream, '*', 'value', 'seven');
    expect(await client.xreadgroup('GROUP', 'group', 'one', 'COUNT', 10, 'STREAMS', stream, '>')).toEqual([[stream, [[id, ['value', 'seven']]]]]);
    expect(await client.xack(stream, 'group', id ?? '')).toBe(1);
  });

  it('carry jobs through a BullMQ queue', async () => {
    const name = uniqueName('queue');
    const connection = { url: redis.url, maxRetriesPerRequest: null };
    const queue = new Queue(name, { connection });
    const events = new QueueEvents(name, { connection });
    const worker = new Worker(name, (job) => Promise.resolve(job.data.n + 1), { connection });
    onTestFinished(async () => {
      await Promise.all([worker.close(), events.close()]);
      await queue.obliterate({ force: true });
      await queue.close();
    });
    await events.waitUntilReady();
    expect(await (await queue.add('add', { n: 6 })).waitUntilFinished(events)).toBe(7);
  });
});

await describeWith(['redis'], 'npm run services', ({ redis: shared }) => {
  let cache = '';
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'millrace-test-'));
  });
  afterAll(async () => {
    await services('down', '--force');
    await rm(cache, { recursive: true, force: true });
  });

  /** The command with a cache folder, and so a state, of its own, and nothing given by the environment. */
  async function services(...args: string[]): Promise<Ended> {
    return withEnv({}, ...args);
  }
  async function withEnv(given: Record<string, string>, ...args: string[]): Promise<Ended> {
    const { KAFKA_BROKERS: _, REDIS_URL: __, ...inherited } = process.env;
    const env = { ...inherited, ...given, XDG_CACHE_HOME: cache };
    return new Promise((resolve) => {
      execFile(process.execPath, ['test/services/main.mjs', ...args], { cwd: root, encoding: 'utf8', env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }
  const record = async (): Promise<ServerRecord> => (JSON.parse(await readFile(join(cache, 'millrace', 'services.json'), 'utf8')) as { services: { redis: { server: ServerRecord } } }).services.redis.server;
  const url = (stdout: string): string => /^export REDIS_URL=(redis:\/\/127\.0\.0\.1:\d+)\n$/.exec(stdout)?.[1] ?? '';

  it('starts what is not up, once; finds out that it is gone; and leaves nothing', { timeout: 60_000 }, async (context) => {
    const first = await services('up', 'redis');
    expect(first).toMatchObject({ code: 0 });
    if (first.stderr.includes('(compose)')) context.skip();
    const started = await record();
    expect(url(first.stdout)).toBe(`redis://127.0.0.1:${started.port}`);
    expect((await services('up', 'redis')).stdout).toBe(first.stdout);
    expect(await record()).toEqual(started);
    expect(await services('status', 'redis')).toMatchObject({ code: 0, stdout: expect.stringContaining(`redis: up at ${url(first.stdout)} (local), pid ${started.pid}`) });

    process.kill(started.pid, 'SIGKILL');
    await eventually(() => !isAlive(started), 'Redis to be gone');
    expect(await services('status', 'redis')).toMatchObject({ code: 1, stdout: expect.stringContaining('redis: does not answer') });
    const again = await services('up', 'redis');
    expect(again.stderr).toContain('is gone: starting it anew');
    expect(existsSync(started.folder)).toBe(false);
    const second = await record();
    expect(isAlive(second)).toBe(true);

    expect(await services('down')).toMatchObject({ code: 0, stdout: 'unset KAFKA_BROKERS\nunset REDIS_URL\n' });
    expect(isAlive(second)).toBe(false);
    expect(existsSync(second.folder)).toBe(false);
    expect(await services('status')).toMatchObject({ code: 1, stdout: 'kafka: not started\nredis: not started\n' });
  });

  it('uses what the environment names, and never ends it', { timeout: 60_000 }, async () => {
    const given = { REDIS_URL: shared.url };
    expect(await withEnv(given, 'up', 'redis')).toMatchObject({ code: 0, stdout: `export REDIS_URL=${shared.url}\n` });
    expect(await withEnv(given, 'status', 'redis')).toMatchObject({ code: 0, stdout: `redis: up at ${shared.url} (environment)\n` });
    expect((await withEnv(given, 'down')).code).toBe(0);
    expect((await withEnv(given, 'status', 'redis')).code).toBe(0);
  });

  it('is not confused by several that come at once, nor by the lock of a process that died', { timeout: 60_000 }, async () => {
    await mkdir(join(cache, 'millrace'), { recursive: true });
    await writeFile(join(cache, 'millrace', 'services.lock'), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    const answers = await Promise.all([services('up', 'redis'), services('up', 'redis'), services('up', 'redis')]);
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect((await services('down')).code).toBe(0);
  });

  it('stops, kills and starts one service with its port and data', { timeout: 60_000 }, async () => {
    const up = await services('up', 'redis');
    const write = new Redis(url(up.stdout));
    await write.set('kept', 'yes');
    write.disconnect();
    expect((await services('stop', 'redis')).code).toBe(0);
    expect((await services('status', 'redis')).code).toBe(1);
    expect((await services('start', 'redis')).code).toBe(0);
    const read = new Redis(url(up.stdout));
    expect(await read.get('kept')).toBe('yes');
    read.disconnect();
    expect((await services('down')).code).toBe(0);
  });

  it('what a process has for itself goes with it, even if that is killed', { timeout: 60_000 }, async () => {
    const script = `import { startRedis } from './test/services/redis.mjs'; const redis = await startRedis(); console.log(JSON.stringify(redis.record)); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
    const owned = JSON.parse(line) as ServerRecord & ProcessIdentity;
    expect(isAlive(owned)).toBe(true);
    owner.kill('SIGKILL');
    await eventually(() => !isAlive(owned) && !existsSync(owned.folder), 'Redis and its folder to be gone');
  });
});

await describeWith(['kafka'], 'a broker of its own', () => {
  it('goes on with its topics after a stop and after kill -9', { timeout: 300_000 }, async () => {
    const kafka = await startKafka({ partitions: 2 });
    onTestFinished(() => kafka.remove());
    const topic = await createTopic(kafka.brokers, 'durable');
    await carried(kafka.brokers, topic, values(0, 100));
    await kafka.stop();
    expect(kafka.alive()).toBe(false);
    await kafka.start();
    await carried(kafka.brokers, topic, values(100, 100), 200);
    await kafka.kill();
    await kafka.start();
    expect(await carried(kafka.brokers, topic, values(200, 100), 300)).toEqual(values(0, 300));
  });
});

await describeWith(['redis'], 'Redis of its own', () => {
  it('has with AOF after kill -9 every write that was answered', { timeout: 60_000 }, async () => {
    const redis = await startRedis({ aof: 'always' });
    onTestFinished(() => redis.remove());
    const client = new Redis(redis.url);
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    for (let n = 0; n < 200; n += 1) await client.rpush('list', n);
    await redis.kill();
    await redis.start();
    expect(await client.llen('list')).toBe(200);
  });

  it('fails over to a replica when Sentinels miss the master', { timeout: 120_000 }, async () => {
    const group = await startSentinels({ downAfterMs: 500, failoverMs: 3000 });
    onTestFinished(() => group.remove());
    const client = new Redis({ sentinels: group.addresses, name: group.name });
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    await client.set('before', '1');
    expect(await client.wait(1, 5000)).toBe(1);
    await group.master.kill();
    await eventually(async () => (await group.currentPort()) === group.replicas[0]?.port, 'the replica to be the master', 60_000);
    expect(await client.get('before')).toBe('1');
    expect(await client.set('after', '2')).toBe('OK');
  });

  it('shares keys out in a cluster', { timeout: 60_000 }, async () => {
    const cluster = await startCluster();
    onTestFinished(() => cluster.remove());
    const client = new Cluster(cluster.addresses);
    onTestFinished(() => client.disconnect());
    for (let n = 0; n < 30; n += 1) await client.set(`key-${n}`, n);
    const sizes = await Promise.all(client.nodes('master').map((node) => node.dbsize()));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(30);
    expect(sizes.filter((size) => size > 0)).toHaveLength(3);
  });
});
