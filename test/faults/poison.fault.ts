import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { FEEDS, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { report } from './report.ts';

const GOOD = 2_000;
const PAYLOAD_BYTES = 10_000;

interface Bad {
  readonly why: string;
  readonly value: Buffer | null;
  readonly reason: string;
  readonly error: string;
}

const POISON: Bad = { why: 'kills its worker', value: Buffer.from('{"key":"bad","n":0,"die":true}'), reason: 'POISON', error: 'POISON' };
const OVERSIZE: Bad = { why: 'larger than payloadBytes', value: Buffer.from(JSON.stringify({ key: 'bad', n: 1, pad: 'x'.repeat(PAYLOAD_BYTES) })), reason: 'REJECTED', error: 'PAYLOAD_TOO_LARGE' };
const BAD: readonly Bad[] = [
  POISON,
  OVERSIZE,
  { why: 'malformed JSON', value: Buffer.from('{"key":"bad","n":'), reason: 'REJECTED', error: 'INVALID_JSON' },
  { why: 'bad UTF-8', value: Buffer.from([0x22, 0xff, 0xfe, 0x22]), reason: 'REJECTED', error: 'INVALID_JSON' },
  { why: 'a tombstone', value: null, reason: 'REJECTED', error: 'EMPTY_EVENT' },
];

let fleet: Fleet | undefined;
let feed: Feed | undefined;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  for (const close of closing.splice(0)) await close();
  fleet = undefined;
  feed = undefined;
});

interface Letter {
  readonly reason: string;
  readonly error: string | undefined;
  readonly value: Buffer;
}

await describeWith(['kafka', 'redis'], 'events that cannot be run', ({ kafka, redis }) => {
  const connection = (): Redis => {
    const client = new Redis(redis.url, { maxRetriesPerRequest: null });
    closing.push(() => client.quit());
    return client;
  };

  it.each([
    ['kafka', 'file', BAD],
    ['kafka', 'kafka', BAD],
    ['redisStream', 'file', BAD],
    ['redisStream', 'redisStream', BAD],
    // The data of a job is JSON text always.
    ['bullmq', 'file', [POISON, OVERSIZE]],
  ] satisfies [FeedName, string, readonly Bad[]][])('of %s go to dead letters in a %s as they came, and hold nobody up', async (name, store, bad) => {
    feed = await FEEDS[name]({ brokers: kafka.brokers, redisUrl: redis.url }, { deadLetters: 'lost', tombstones: 'deadLetter' });
    const lost = await STORES[store as keyof typeof STORES]();
    fleet = new Fleet({ config: { ...feed.config, limits: { payloadBytes: PAYLOAD_BYTES }, outputs: { lost: lost.config } }, workers: 2 });
    const member = await fleet.add();
    const sent = Array.from({ length: GOOD }, (_, i) => ({ key: `k${i % 20}`, n: Math.floor(i / 20), ms: i % 50 === 0 ? 200 : 0 }));
    const startedAt = ledgerNow();
    for (let part = 0; part < bad.length; part++) {
      await feed.send(sent.slice((part * GOOD) / bad.length, ((part + 1) * GOOD) / bad.length));
      await sendRaw[name as keyof typeof sendRaw](bad[part]!.value);
    }
    await eventually(() => fleet!.ledger.ended() === GOOD, 'the good ones have ended', 120_000);
    let letters: Letter[] = [];
    await eventually(async () => (letters = await lost.read()).length >= bad.length, 'all dead letters are there', 120_000);
    await eventually(async () => (await fleet!.metric(member, 'millrace_source_in_flight')) === 0 && (await fleet!.metric(member, 'millrace_source_lag')) === 0, 'nothing lags', 60_000);
    const recoveredMs = ledgerNow() - startedAt;
    const verdict = judge(fleet.ledger.read(), sent);
    const missing = bad.filter(({ value, reason, error }) => !letters.some((letter) => letter.reason === reason && letter.error === error && letter.value.equals(value ?? Buffer.alloc(0)))).map(({ why }) => why);
    report(`${bad.map(({ why }) => why).join(', ')}: ${name}, dead letters in ${store}`, { ...verdict, sent: GOOD + bad.length, missing: [...verdict.missing, ...missing] }, recoveredMs, `${letters.length} dead letters, lag 0; ${await fleet.metric(member, 'millrace_worker_restarts_total')} workers replaced`);
    expect(verdict.missing).toEqual([]);
    expect(missing, JSON.stringify(letters.map(({ reason, error, value }) => [reason, error, value.subarray(0, 40).toString()]))).toEqual([]);
    expect(letters).toHaveLength(bad.length);
  });

  const sourceOf = <S>(kind: string): S => (feed!.config['sources'] as { events: Record<string, S> }).events[kind]!;

  /** Whatever the value is, as it is. */
  const sendRaw = {
    async kafka(value: Buffer | null): Promise<void> {
      const producer = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).producer();
      await producer.connect();
      await producer.send({ topic: sourceOf<{ topics: string[] }>('kafka').topics[0]!, messages: [{ key: 'bad', value }] });
      await producer.disconnect();
    },
    async redisStream(value: Buffer | null): Promise<void> {
      await connection().xadd(sourceOf<{ stream: string }>('redisStream').stream, '*', 'key', 'bad', ...(value === null ? [] : ['event', value]));
    },
    async bullmq(value: Buffer | null): Promise<void> {
      const queue = new Queue(sourceOf<{ queue: string }>('bullmq').queue, { connection: connection() });
      await queue.add('event', JSON.parse(value!.toString()));
      await queue.close();
    },
  };

  const STORES = {
    file: () => {
      const path = join(tmpdir(), `${uniqueName('millrace-lost')}.ndjson`);
      closing.push(() => Promise.resolve(rmSync(path, { force: true })));
      return Promise.resolve({
        config: { file: { path } },
        async read(): Promise<Letter[]> {
          if (!existsSync(path)) return [];
          const lines = readFileSync(path, 'utf8').trimEnd().split('\n').filter((line) => line !== '');
          return lines.map((line) => JSON.parse(line) as { reason: string; error?: string; value: string; encoding: BufferEncoding }).map(({ reason, error, value, encoding }) => ({ reason, error, value: Buffer.from(value ?? '', encoding) }));
        },
      });
    },
    async kafka() {
      const topic = await createTopic(kafka.brokers, 'faults-lost', { partitions: 1 });
      const letters: Letter[] = [];
      const consumer = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).consumer({ groupId: topic });
      await consumer.connect();
      closing.push(() => consumer.disconnect());
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message: { headers = {}, value } }) => void letters.push({ reason: String(headers['millrace-reason']), error: headers['millrace-error']?.toString(), value: value ?? Buffer.alloc(0) }),
      });
      return { config: { kafka: { brokers: kafka.brokers, topic } }, read: () => Promise.resolve(letters) };
    },
    redisStream() {
      const stream = uniqueName('faults-lost');
      const client = connection();
      return Promise.resolve({
        config: { redisStream: { url: redis.url, stream } },
        async read(): Promise<Letter[]> {
          const entries = await client.xrangeBuffer(stream, '-', '+');
          return entries.map(([, fields]) => {
            const field = (wanted: string): Buffer | undefined => fields.find((_, i) => i % 2 === 1 && fields[i - 1]!.toString() === wanted);
            return { reason: field('millrace-reason')!.toString(), error: field('millrace-error')?.toString(), value: field('event')! };
          });
        },
      });
    },
  };
});
