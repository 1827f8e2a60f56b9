import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Output } from '../../src/delivery/outcome.ts';
import { resultRecord } from '../../src/delivery/record.ts';
import { type KafkaOutputSettings } from '../../src/outputs/kafka.ts';
import { createOutput } from '../../src/outputs/table.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { describeOutput, type OutputRig, type Taken } from '../contract/output.ts';
import { outcomeOf } from '../delivery/outcome-kit.ts';
import { eventually } from '../lib/server-process.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { startKafka } from '../services/kafka.mjs';

interface Read extends Taken {
  readonly partition: number;
  readonly offset: number;
}

const clientOf = (brokers: string[]): Kafka => new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING });

/** Everything in a topic, by partition and offset. */
async function readTopic(brokers: string[], topic: string): Promise<Read[]> {
  const kafka = clientOf(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const ends = new Map(offsets.filter(({ low, high }) => high !== low).map(({ partition, high }) => [partition, Number(high)]));
  if (ends.size === 0) return [];
  const consumer = kafka.consumer({ groupId: uniqueName('reader'), sessionTimeout: 6000, maxWaitTimeInMs: 50 });
  const read: Read[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        const headers = Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]));
        read.push({ id: headers['millrace-execution'] ?? '', key: message.key === null ? null : String(message.key), value: String(message.value), headers, partition, offset: Number(message.offset) });
        return Promise.resolve();
      },
    });
    await eventually(() => [...ends].every(([partition, end]) => read.some((one) => one.partition === partition && one.offset === end - 1)), 'the whole topic is read');
  } finally {
    await consumer.disconnect();
  }
  return read.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

const settingsOf = (brokers: readonly string[], topic: string, more: Partial<KafkaOutputSettings> = {}): KafkaOutputSettings => ({ brokers, clientId: 'test', connectionTimeoutMs: 3000, requestTimeoutMs: 10_000, topic, compression: 'none', ...more });

const topicOutput = (brokers: readonly string[], topic: string, more: Partial<KafkaOutputSettings> = {}): Promise<Output> =>
  createOutput({ kafka: settingsOf(brokers, topic, more) }, { name: 'results', log: silentLog });

await describeWith(['kafka'], 'Kafka', ({ kafka: shared }) => {
  describeOutput({
    kind: 'kafka',
    carriesKeys: true,
    carriesHeaders: true,
    restartMs: 90_000,
    rig: async ({ own }): Promise<OutputRig> => {
      const server = own ? await startKafka({ heapMb: 256 }) : undefined;
      const brokers = server?.brokers ?? shared.brokers;
      const topic = await createTopic(brokers, 'results', { partitions: own ? 1 : 4 });
      const create = (): Promise<Output> => topicOutput(brokers, topic);
      return {
        output: await create(),
        create,
        taken: async () => (await readTopic(brokers, topic)).map(({ id, key, value, headers }) => ({ id, key, value, headers })),
        stop: async () => server?.kill(),
        start: async () => server?.start(),
        remove: async () => server?.remove(),
      };
    },
  });

  describe('the kafka output', () => {
    const outputs: Output[] = [];
    afterAll(() => Promise.all(outputs.map((output) => output.close())));
    const open = async (topic: string, more: Partial<KafkaOutputSettings> = {}): Promise<Output> => {
      const output = await topicOutput(shared.brokers, topic, more);
      outputs.push(output);
      return output;
    };

    it('puts a key where every other client of Kafka puts it', async () => {
      const topic = await createTopic(shared.brokers, 'keys', { partitions: 7 });
      const keys = ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'schlüssel', 'x'.repeat(100), ...Array.from({ length: 200 }, (_, i) => `device-${i * 7919}`)];
      const output = await open(topic);
      await output.write(keys.map((key, i) => resultRecord(outcomeOf(`k-${i}`, { key: Buffer.from(key) }))));
      const producer = clientOf(shared.brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner });
      await producer.connect();
      await producer.send({ topic, messages: keys.map((key) => ({ key, value: 'theirs' })) });
      await producer.disconnect();
      const read = await readTopic(shared.brokers, topic);
      const partitions = (theirs: boolean): Record<string, number> => Object.fromEntries(read.filter(({ value }) => (value === 'theirs') === theirs).map(({ key, partition }) => [key!, partition]));
      expect(Object.keys(partitions(false))).toHaveLength(keys.length);
      expect(partitions(false)).toEqual(partitions(true));
    });

    it('spreads what has no key over the partitions, a write to each', async () => {
      const topic = await createTopic(shared.brokers, 'keyless', { partitions: 3 });
      const output = await open(topic);
      for (let i = 0; i < 6; i++) await output.write([resultRecord(outcomeOf(`a-${i}`)), resultRecord(outcomeOf(`b-${i}`))]);
      const read = await readTopic(shared.brokers, topic);
      const counts = [0, 1, 2].map((partition) => read.filter((one) => one.partition === partition).length);
      expect(counts).toEqual([4, 4, 4]);
    });

    it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('compresses with %s', async (compression) => {
      const topic = await createTopic(shared.brokers, compression, { partitions: 2 });
      const output = await open(topic, { compression });
      const records = Array.from({ length: 500 }, (_, i) => resultRecord(outcomeOf(`r-${i}`, { key: Buffer.from(String(i)) })));
      await output.write(records);
      await output.write(records.slice(0, 3));
      const read = await readTopic(shared.brokers, topic);
      expect(read).toHaveLength(503);
      expect(new Set(read.map(({ value }) => value)).size).toBe(500);
    });

    it('says that there is no such topic, and goes on once there is', { timeout: 60_000 }, async () => {
      const topic = uniqueName('later');
      const output = await open(topic);
      await eventually(() => output.trouble !== undefined, 'it is said before anything is written');
      expect(output.trouble).toContain(`there is no topic '${topic}'. Create it.`);
      const record = resultRecord(outcomeOf('a'));
      await expect(output.write([record])).rejects.toMatchObject({ code: 'OUTPUT_UNAVAILABLE', retryable: true });
      const admin = clientOf(shared.brokers).admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      await admin.disconnect();
      await eventually(() => output.trouble === undefined, 'it is well before anything is written');
      expect(await output.write([record])).toEqual([]);
      expect(await readTopic(shared.brokers, topic)).toHaveLength(1);
    });

    it('refuses the record that is larger than the topic takes, and writes the others', { timeout: 60_000 }, async () => {
      const topic = await createTopic(shared.brokers, 'small', { partitions: 2, settings: { 'max.message.bytes': '20000' } });
      const output = await open(topic);
      const records = Array.from({ length: 9 }, (_, i) => resultRecord(outcomeOf(`r-${i}`, { key: Buffer.from(String(i)), output: JSON.stringify('x'.repeat(i === 4 ? 30_000 : 100)) })));
      const refusals = await output.write(records);
      expect(refusals).toMatchObject([{ index: 4, error: { code: 'OUTPUT_REFUSED', message: expect.stringMatching(/record of r-4 .*larger than/) as string } }]);
      const read = new Set((await readTopic(shared.brokers, topic)).map(({ id }) => id));
      expect([...read].toSorted()).toEqual(['r-0', 'r-1', 'r-2', 'r-3', 'r-5', 'r-6', 'r-7', 'r-8']);
    });

    it('refuses a record without a key where the topic is compacted', { timeout: 60_000 }, async () => {
      const topic = await createTopic(shared.brokers, 'compacted', { partitions: 1, settings: { 'cleanup.policy': 'compact' } });
      const output = await open(topic);
      const refusals = await output.write([resultRecord(outcomeOf('with', { key: Buffer.from('k') })), resultRecord(outcomeOf('without'))]);
      expect(refusals.map(({ index }) => index)).toEqual([1]);
      expect((await readTopic(shared.brokers, topic)).map(({ id }) => id)).toEqual(['with']);
    });
  
    it('says when a broker that is there does not answer, and goes on when it does', { timeout: 120_000 }, async () => {
      const server = await startKafka({ heapMb: 256 });
      onTestFinished(() => server.remove());
      const topic = await createTopic(server.brokers, 'frozen', { partitions: 1 });
      const output = await topicOutput(server.brokers, topic);
      await output.write([resultRecord(outcomeOf('before'))]);
      server.pause();
      const write = output.write([resultRecord(outcomeOf('during'))]);
      await eventually(() => output.trouble?.includes('has not answered for 10 seconds') === true, 'it is said', 60_000);
      server.resume();
      await write;
      expect(output.trouble).toBeUndefined();
      // A broker that was gone for so long may first have to become the leader of its partitions again.
      const seen: string[] = [];
      await eventually(async () => {
        const records = await readTopic(server.brokers, topic).catch(() => undefined);
        if (records !== undefined) seen.push(...records.map(({ id }) => id));
        return records !== undefined;
      }, 'the topic can be read');
      expect(seen).toEqual(['before', 'during']);
      await output.close();
    });
  });
});
