import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, expect, it } from 'vitest';
import { describeWith, uniqueName } from '../lib/services.ts';
import { temporaryFolder } from '../lib/temporary-folder.ts';
import { createTopic } from '../lib/topics.ts';
import { load } from './load-kit.ts';
import { millrace, until } from './millrace.ts';

const folder = temporaryFolder();

await describeWith(['kafka'], 'millrace load kafka', ({ kafka: { brokers } }) => {
  interface Read {
    readonly key: string | undefined;
    readonly value: string;
    readonly partition: number;
    readonly headers: Record<string, string>;
  }

  async function readAll(topic: string, count: number): Promise<Read[]> {
    const consumer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({ groupId: uniqueName('load') });
    const read: Read[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message, partition }) => {
        read.push({ key: message.key?.toString(), value: message.value!.toString(), partition, headers: Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])) });
        return Promise.resolve();
      },
    });
    await until(() => read.length >= count, `${count} records of ${topic}`);
    await consumer.disconnect();
    return read;
  }

  const drop = async (topic: string): Promise<void> => {
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  };

  it('produces what it says, spread over the partitions', async () => {
    const topic = await createTopic(brokers, 'load');
    const summary = await load('kafka', '--brokers', brokers.join(','), '--topic', topic, '--rate', '2000', '--duration', '2s', '--event', '{"id":{{seq}},"name":"Zoë"}', '--compression', 'gzip', '--header', 'Origin: load');
    expect(summary).toMatchObject({ code: 0, ok: summary.sent, failed: 0 });
    expect(summary.sent + summary.unsent).toBe(4000);
    const read = await readAll(topic, summary.sent);
    expect(read.map(({ value }) => (JSON.parse(value) as { id: number }).id).toSorted((a, b) => a - b)).toEqual(Array.from({ length: summary.sent }, (_, id) => id));
    expect(new Set(read.map(({ partition }) => partition)).size).toBe(4);
    expect(read[0]).toMatchObject({ key: undefined, headers: { origin: 'load' } });
    expect(JSON.parse(read[0]!.value)).toMatchObject({ name: 'Zoë' });
    await drop(topic);
  });

  it('keeps what has one key together, with every acknowledgement', async () => {
    const topic = await createTopic(brokers, 'load-keys');
    for (const acks of ['0', '1', 'all']) expect(await load('kafka', '--brokers', brokers.join(','), '--topic', topic, '--count', '500', '--acks', acks, '--key', 'device-{{int 1 20}}', '--event', '{"device":"{{key}}"}')).toMatchObject({ code: 0, ok: 500 });
    const read = await readAll(topic, 1500);
    for (const { key, value } of read) expect(value).toBe(`{"device":"${key}"}`);
    const partitions = new Map<string | undefined, Set<number>>();
    for (const { key, partition } of read) partitions.set(key, (partitions.get(key) ?? new Set()).add(partition));
    expect(partitions.size).toBe(20);
    expect([...partitions.values()].every((set) => set.size === 1)).toBe(true);
    await drop(topic);
  });

  it('sends to what a source of the configuration reads', async () => {
    const topic = await createTopic(brokers, 'load-source');
    const config = join(folder, 'kafka.yaml');
    writeFileSync(join(folder, 'check.asl.json'), '{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}');
    writeFileSync(config, `machines: { check: ./check.asl.json }\nsources:\n  readings: { kafka: { brokers: [${brokers.join(',')}], topics: [${topic}], groupId: g }, machine: check }\n`);
    expect(await load('kafka', '--config', config, '--source', 'readings', '--count', '10')).toMatchObject({ code: 0, ok: 10, target: expect.stringContaining(topic) as string });
    expect((await millrace(['load', 'kafka', '--config', config, '--source', 'reading'])).stderr).toContain("has no source 'reading'; it has readings.");
    expect((await millrace(['load', 'redis', '--config', config, '--source', 'readings'])).stderr).toContain('is of another kind: kafka.');
    await drop(topic);
  });

  it('says what is not there', async () => {
    const { code, stderr } = await millrace(['load', 'kafka', '--brokers', brokers.join(','), '--topic', uniqueName('none'), '--rate', '5']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/has no topic 'none-.*'\. Create it first/)]);
    expect((await millrace(['load', 'kafka', '--topic', 'x'])).stderr).toContain('Give --brokers and --topic, or --source');
  });
});

await describeWith(['redis'], 'millrace load redis and bullmq', ({ redis: { url: redisUrl } }) => {
  const client = new Redis(redisUrl, { lazyConnect: true });
  afterAll(() => client.disconnect());

  it('appends what it says', async () => {
    const stream = uniqueName('load');
    expect(await load('redis', '--url', redisUrl, '--stream', stream, '--count', '2000', '--event', '{"id":{{seq}}}', '--key', 'k{{int 1 3}}')).toMatchObject({ code: 0, sent: 2000, ok: 2000 });
    const entries = await client.xrange(stream, '-', '+');
    expect(entries).toHaveLength(2000);
    expect(entries.map(([, [, event]]) => (JSON.parse(event!) as { id: number }).id).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, id) => id));
    expect(new Set(entries.map(([, fields]) => fields[3]))).toEqual(new Set(['k1', 'k2', 'k3']));
    expect(await load('redis', '--url', redisUrl, '--stream', stream, '--count', '3000', '--max-length', '500', '--field', 'body')).toMatchObject({ code: 0, ok: 3000 });
    expect(await client.xlen(stream)).toBeLessThan(1500);
    await client.del(stream);
  });

  it('tells by kind what Redis refuses', async () => {
    const key = uniqueName('load');
    await client.set(key, 'no stream');
    expect(await load('redis', '--url', redisUrl, '--stream', key, '--count', '20')).toMatchObject({ code: 1, ok: 0, failed: 20, errors: { WRONGTYPE: 20 } });
    await client.del(key);
  });

  it('adds jobs', async () => {
    const name = uniqueName('load');
    expect(await load('bullmq', '--url', redisUrl, '--queue', name, '--count', '300', '--event', '{"id":{{seq}}}', '--job-name', 'reading')).toMatchObject({ code: 0, ok: 300 });
    const queue = new Queue(name, { connection: { url: redisUrl } as never });
    const jobs = await queue.getWaiting(0, -1);
    expect(jobs.map(({ data }) => (data as { id: number }).id).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, id) => id));
    expect(new Set(jobs.map((job) => job.name))).toEqual(new Set(['reading']));
    await queue.obliterate({ force: true });
    await queue.close();
  });

  it('says when nothing answers', async () => {
    const { code, stderr } = await millrace(['load', 'redis', '--url', 'redis://127.0.0.1:1', '--stream', 'x']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/127\.0\.0\.1:1\) does not answer: .*ECONNREFUSED.*Start it, or correct --url/)]);
  });
});
