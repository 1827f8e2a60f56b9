import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { listCommand, purgeCommand, redriveCommand } from '../../src/cli/dead-letters.ts';
import type { OutputKindSettings } from '../../src/config/settings.ts';
import { ask, freePort, eventually, ServerProcess } from '../lib/server-process.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { failureOf } from '../delivery/outcome-kit.ts';
import { createProject, putLetters, run } from './dead-letters-kit.ts';

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of clean.splice(0)) await one();
});

/** Everything in a topic, in the order of partitions and offsets. */
async function readTopic(brokers: string[], topic: string): Promise<KafkaMessage[]> {
  const kafka = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const expected = (await admin.fetchTopicOffsets(topic)).reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  await admin.disconnect();
  const read: (KafkaMessage & { partition: number })[] = [];
  if (expected === 0) return read;
  const consumer = kafka.consumer({ groupId: uniqueName('reader'), sessionTimeout: 6000, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: ({ partition, message }) => Promise.resolve(void read.push({ ...message, partition })) });
  await eventually(() => read.length >= expected, 'the topic is read');
  await consumer.disconnect();
  return read.toSorted((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset));
}

await describeWith(['kafka', 'redis'], 'dead letters of brokers', ({ kafka: { brokers }, redis: { url } }) => {
  const kafkaKind = (topic: string): OutputKindSettings => ({ kafka: { brokers, clientId: 'test', connectionTimeoutMs: 3000, requestTimeoutMs: 10_000, topic, compression: 'none' } });
  const VALUES = [Buffer.from('{"n":1.0}'), Buffer.from([0xff, 0x00, 0x7b]), Buffer.from('not JSON')];

  it('go back to a Kafka topic with their bytes, keys and headers, and are not redriven again', { timeout: 90_000 }, async () => {
    const [topic, lost] = await Promise.all([createTopic(brokers, 'readings', { partitions: 3 }), createTopic(brokers, 'lost', { partitions: 2 })]);
    const name = uniqueName('lost').replaceAll('.', '-');
    const folder = createProject(`
sources: { readings: { kafka: { brokers: ${JSON.stringify(brokers)}, topics: [${topic}], groupId: g }, machine: triage, deadLetters: ${name} } }
outputs: { ${name}: { kafka: { brokers: ${JSON.stringify(brokers)}, topic: ${lost} } } }
`);
    const headers = JSON.stringify({ trace: 't-1', 'millrace-execution': 'upstream', several: ['a', { base64: '/w==' }], bytes: { base64: '/wA=' }, none: null });
    const letters = VALUES.map((value, i) => failureOf(`r-${i}`, i === 1 ? 'B' : 'A', '', { value, ...(i === 2 ? {} : { key: Buffer.from([i, 0xfe]) }), headers, coordinate: JSON.stringify({ topic, partition: 0, offset: i }) }));
    await putLetters(kafkaKind(lost), letters);

    // First only one of them, so that what is before and after it has to be kept.
    expect(await run(redriveCommand, folder, { source: 'readings', error: 'B', dryRun: true })).toMatchObject({ code: 0, stderr: '1 dead letter (1 FAILED) would be redriven.\n' });
    expect(await readTopic(brokers, topic)).toEqual([]);
    const first = await run(redriveCommand, folder, { source: 'readings', error: 'B' });
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(`1 redriven to the Kafka topic ${topic}.`) as string });
    expect(first.stderr).toContain(`kept in the offsets of the group millrace-redrive-${name}`);
    expect((await run(listCommand, folder)).lines.map(({ execution }) => execution).toSorted()).toEqual(['r-0', 'r-2']);
    expect(await run(redriveCommand, folder, { source: 'readings' })).toMatchObject({ code: 0, stderr: expect.stringContaining('2 redriven') as string });
    expect(await run(redriveCommand, folder, { source: 'readings' })).toMatchObject({ code: 0, stderr: 'none redriven.\n' });

    const read = await readTopic(brokers, topic);
    expect(read).toHaveLength(3);
    for (const [i, value] of VALUES.entries()) {
      const message = read.find((one) => value.equals(one.value!))!;
      expect(message.key).toEqual(i === 2 ? null : Buffer.from([i, 0xfe]));
      expect(message.headers).toEqual({ trace: Buffer.from('t-1'), 'millrace-execution': Buffer.from('upstream'), several: [Buffer.from('a'), Buffer.from([0xff])], bytes: Buffer.from([0xff, 0x00]), none: Buffer.from('') });
    }
    // What comes later is redriven as well.
    await putLetters(kafkaKind(lost), [failureOf('r-3', 'A', '', { value: Buffer.from('later') })]);
    expect(await run(redriveCommand, folder, { source: 'readings' })).toMatchObject({ code: 0, stderr: expect.stringContaining('1 redriven') as string });
    expect(await run(purgeCommand, folder, { source: 'readings', yes: true })).toMatchObject({ code: 0, stderr: '0 dead letters removed.\n' });
  });

  it('go back to a Redis stream under the fields of the source, and leave the stream that kept them', async () => {
    const [stream, lost] = [uniqueName('orders'), uniqueName('lost')];
    const client = new Redis(url, { replyMapping: 'legacy' } as object);
    clean.push(() => client.del(stream, lost), () => Promise.resolve(client.disconnect()));
    const folder = createProject(`
sources: { orders: { redisStream: { url: "${url}", stream: "${stream}", group: g, value: payload, key: customer }, machine: triage, deadLetters: lost } }
outputs: { lost: { redisStream: { url: "${url}", stream: "${lost}" } } }
`);
    await putLetters({ redisStream: { url, stream: lost } }, VALUES.map((value, i) => failureOf(`o-${i}`, 'A', '', { source: 'orders', value, ...(i === 2 ? {} : { key: Buffer.from(`c-${i}`) }), headers: '{"trace":"t-1"}' })));
    expect(await run(redriveCommand, folder, { source: 'orders', limit: 2 })).toMatchObject({ code: 0, stderr: `2 redriven to the Redis stream ${stream}.\n` });
    expect(await client.xlen(lost)).toBe(1);
    expect(await run(redriveCommand, folder, { source: 'orders' })).toMatchObject({ code: 0 });
    expect(await client.xlen(lost)).toBe(0);
    const entries = (await client.xrangeBuffer(stream, '-', '+')) as unknown as [Buffer, Buffer[]][];
    expect(entries.map(([, fields]) => fields)).toEqual([
      [Buffer.from('payload'), VALUES[0], Buffer.from('customer'), Buffer.from('c-0'), Buffer.from('trace'), Buffer.from('t-1')],
      [Buffer.from('payload'), VALUES[1], Buffer.from('customer'), Buffer.from('c-1'), Buffer.from('trace'), Buffer.from('t-1')],
      [Buffer.from('payload'), VALUES[2], Buffer.from('trace'), Buffer.from('t-1')],
    ]);
  });

  it('go back to a BullMQ queue as jobs of the same name and data, text for text', async () => {
    const [queue, lost] = [uniqueName('jobs'), uniqueName('lost')];
    const queues = [queue, lost].map((name) => new Queue(name, { connection: { url } }));
    clean.push(async () => {
      for (const one of queues) {
        await one.obliterate({ force: true });
        await one.close();
      }
    });
    const folder = createProject(`
sources: { jobs: { bullmq: { url: "${url}", queue: "${queue}" }, machine: triage, deadLetters: lost } }
outputs: { lost: { bullmq: { url: "${url}", queue: "${lost}" } } }
`);
    const text = '{"n":1.0,"big":12345678901234567890}';
    await putLetters({ bullmq: { url, queue: lost, prefix: 'bull' } }, ['a', 'b'].map((id) => failureOf(`j-${id}`, 'A', '', { source: 'jobs', value: Buffer.from(text), key: Buffer.from(`name-${id}`), headers: '{"attemptsMade":1,"name":"x"}' })));
    expect((await run(listCommand, folder, { source: 'jobs' })).lines).toHaveLength(2);
    expect(await run(redriveCommand, folder, { source: 'jobs' })).toMatchObject({ code: 0, stderr: `2 redriven to the BullMQ queue ${queue}.\n` });
    expect(await queues[1]!.getWaitingCount()).toBe(0);
    const waiting = await queues[0]!.getWaiting();
    expect(waiting.map(({ name }) => name).toSorted()).toEqual(['name-a', 'name-b']);
    const client = new Redis(url);
    expect(await client.hget(`bull:${queue}:${waiting[0]!.id}`, 'data')).toBe(text);
    client.disconnect();
  });

  it('are all somewhere while a server runs, adds to the file and has them redriven again and again', { timeout: 120_000 }, async () => {
    const stream = uniqueName('orders');
    const client = new Redis(url);
    clean.push(() => client.del(stream), () => Promise.resolve(client.disconnect()));
    const folder = createProject(
      `
sources: { orders: { redisStream: { url: "${url}", stream: "${stream}", group: g, from: "0" }, machine: fails } }
machines: { fails: ./fails.asl.json }
`,
      { 'fails.asl.json': JSON.stringify({ StartAt: 'F', States: { F: { Type: 'Fail', Error: 'Always', Cause: 'no luck' } } }) },
    );
    const total = 500;
    const server = await new ServerProcess(['--config', join(folder, 'millrace.yaml'), '--workers', '1'], await freePort(), { cwd: folder }).ready();
    clean.push(() => server.end('SIGTERM'));
    const add = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) await client.xadd(stream, '*', 'event', JSON.stringify({ i }));
    };
    await add(0, 100);
    const adding = add(100, total);
    for (let round = 0; round < 4; round++) {
      const { code } = await run(redriveCommand, folder, { source: 'orders' });
      expect(code).toBe(0);
    }
    await adding;
    const values = async (): Promise<Set<string>> => new Set((await run(listCommand, folder, { source: 'orders' })).lines.map(({ value }) => String(value)));
    await eventually(async () => (await values()).size === total, 'every event is in the file of dead letters', 60_000);
    expect((await run(listCommand, folder, { source: 'orders', limit: 1 })).lines[0]).toMatchObject({ reason: 'FAILED', error: 'Always', cause: 'no luck', source: 'orders', machine: 'fails' });
  });

  it('run again at a source that de-duplicates, and those that have ended since do not', { timeout: 120_000 }, async () => {
    const stream = uniqueName('orders');
    const client = new Redis(url);
    clean.push(() => client.del(stream), () => Promise.resolve(client.disconnect()));
    const folder = createProject(
      `
functions: ./functions
sources: { orders: { redisStream: { url: "${url}", stream: "${stream}", group: g, from: "0" }, machine: charges, deduplicate: { window: 1h, key: "{% value.id %}" } } }
machines: { charges: ./charges.asl.json }
`,
      {
        'charges.asl.json': JSON.stringify({ StartAt: 'Charge', States: { Charge: { Type: 'Task', Resource: 'charge', End: true } } }),
        'functions/charge.mjs': `
import { appendFileSync, existsSync } from 'node:fs';
const beside = (name) => new URL('../' + name, import.meta.url);
export const handler = ({ id }) => {
  appendFileSync(beside('ran.txt'), id + '\\n');
  if (!existsSync(beside('funded'))) throw new Error('no funds');
};`,
      },
    );
    const ran = (): string[] => (existsSync(join(folder, 'ran.txt')) ? readFileSync(join(folder, 'ran.txt'), 'utf8').split('\n').slice(0, -1) : []);
    const add = (...ids: string[]): Promise<unknown> => Promise.all(ids.map((id) => client.xadd(stream, '*', 'event', JSON.stringify({ id }))));
    const letters = async (): Promise<number> => (await run(listCommand, folder, { source: 'orders' })).lines.length;
    const server = await new ServerProcess(['--config', join(folder, 'millrace.yaml'), '--workers', '1'], await freePort(), { cwd: folder }).ready();
    clean.push(() => server.end('SIGTERM'));
    await add('a', 'b', 'c');
    await eventually(async () => (await letters()) === 3, 'all are dead letters');
    writeFileSync(join(folder, 'funded'), '');
    // Its producer has sent one again meanwhile: that one is charged now, and its letter must not charge once more.
    await add('b');
    await eventually(() => ran().length === 4, 'it has run');
    expect(await run(redriveCommand, folder, { source: 'orders' })).toMatchObject({ code: 0, stderr: `3 redriven to the Redis stream ${stream}.\n` });
    await eventually(() => ran().length >= 6, 'what was redriven has run');
    await add('a');
    await eventually(async () => (await ask(server.port, 'GET', '/metrics')).body.includes('millrace_source_acknowledged_total{source="orders"} 8\n'), 'everything is acknowledged');
    expect(ran().toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    expect(await letters()).toBe(0);
  });
});
