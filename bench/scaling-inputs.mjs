import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { startKafka } from '../test/services/kafka.mjs';
import { startRedis } from '../test/services/redis.mjs';
import { definition } from './lib/machine.mjs';
import { CLI, cpuMs, serverProcess } from './lib/processes.mjs';

/*
 * What scaling.mjs reckons with: processor time of one event, by who spends it, for each way in. A broker, a server
 * (millrace start, two workers) and a sender (millrace load) of their own, on one machine; the sender fills, then the server
 * reads what is there. Linux only. Nothing else should run meanwhile; processor time suffers less from that than throughput.
 *
 *   npm run build && node bench/scaling-inputs.mjs [--bytes 118] [kafka redis bullmq http]
 */

const args = process.argv.slice(2);
const at = args.indexOf('--bytes');
const bytes = at === -1 ? 118 : Number(args.splice(at, 2)[1]);
const wanted = args.length > 0 ? args : ['kafka', 'redis', 'bullmq', 'http'];
const EVENT = '{"device":"sensor-{{int 10000 99999}}","temperature":{{int 10 50}},"pad":"{{pad}}"}';
/** The first part of what is read is left out: code is not compiled yet, connections are being made. */
const WARM = 0.3;
/** Metrics cost something too. */
const LOOK_MS = 100;
/** As many as are read in some seconds, in which the code that is compiled meanwhile no longer counts; larger events are fewer. */
const KAFKA_EVENTS = bytes > 500 ? 800_000 : 2_000_000;
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'millrace-scaling-'));
writeFileSync(join(folder, 'm.asl.json'), JSON.stringify(definition));

async function serve(name, sections) {
  const config = join(folder, `${name}.json`);
  writeFileSync(config, JSON.stringify({ dataDir: join(folder, name), workers: 2, server: { port: 0 }, machines: { m: './m.asl.json' }, ...sections }));
  return serverProcess([CLI, 'start', '--config', config]);
}

/** Sends so many events; answers what `millrace load --json` does. */
async function send(...flags) {
  const { stdout } = await run(process.execPath, [CLI, 'load', ...flags, '--event', EVENT, '--bytes', String(bytes), '--seed', '1', '--json', '--plain'], { maxBuffer: 1e8 });
  return JSON.parse(stdout);
}

/** Microseconds of processor for each event, while `work` handles as many as it answers. */
async function cost(processes, work) {
  const now = () => Object.fromEntries(Object.entries(processes).map(([name, read]) => [name, read()]));
  const before = now();
  const count = await work();
  const after = now();
  return Object.fromEntries(Object.keys(processes).map((name) => [name, round(((after[name] - before[name]) * 1000) / count)]));
}

/** Says what is known already: the whole takes minutes. */
function note(name, figure) {
  process.stderr.write(`${name} ${JSON.stringify(figure)}\n`);
  return figure;
}

const round = (number) => Math.round(number * 100) / 100;
const threads = (server) => ({ main: () => server.mainThreadMs(), workers: () => server.cpuMs() - server.mainThreadMs() });

const counter = async (server, name) => {
  const text = await (await fetch(`${server.address}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
};

/** Bytes of a topic's records on the broker's disk. */
const logBytes = (broker, topic) =>
  readdirSync(broker.folder, { recursive: true })
    .filter((file) => file.endsWith('.log') && basename(dirname(file)).replace(/-\d+$/, '') === topic)
    .reduce((sum, file) => sum + statSync(join(broker.folder, file)).size, 0);

/** What it costs to read `count` events that are there, without the first of them. */
async function reading(server, processes, count) {
  const until = async (wantedCount) => {
    for (;;) {
      const seen = await counter(server, 'millrace_executions_ended_total');
      if (seen >= wantedCount) return seen;
      await pause(LOOK_MS);
    }
  };
  const first = await until(count * WARM);
  const begin = performance.now();
  const measured = await cost({ ...threads(server), ...processes }, async () => (await until(count)) - first);
  return { ...measured, perSecond: Math.round(((count - first) * 1000) / (performance.now() - begin)) };
}

const SUITES = {
  async kafka() {
    const broker = await startKafka({ heapMb: 1024 });
    const kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const brokers = broker.brokers.join(',');
    const source = (topic, groupId) => ({ kafka: { brokers: broker.brokers, topics: [topic], groupId, from: 'earliest' }, machine: 'm' });
    const figures = {};
    // The broker compiles its own code during the first of the two.
    for (const [topic, count] of [['warm', KAFKA_EVENTS / 4], ['events', KAFKA_EVENTS]]) {
      const results = `${topic}-results`;
      await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 4 }, { topic: results, numPartitions: 4 }] });
      const brokerMs = { broker: () => cpuMs(broker.pid) };
      figures.produce = note('produce', await cost(brokerMs, async () => (await send('kafka', '--brokers', brokers, '--topic', topic, '--count', String(count))).ok));
      figures.recordBytes = round(logBytes(broker, topic) / count);
      const server = await serve(`${topic}-consume`, { sources: { s: source(topic, 'plain') } });
      figures.consume = note('consume', await reading(server, brokerMs, count));
      await server.close();
      // Slower by far: a quarter is enough, and the rest is left.
      const writing = await serve(`${topic}-write`, { sources: { s: source(topic, 'writing') }, outputs: { results: { kafka: { brokers: broker.brokers, topic: results } } } });
      figures.consumeAndProduce = note('consumeAndProduce', await reading(writing, brokerMs, count / 4));
      figures.resultBytes = round(logBytes(broker, results) / (await counter(writing, 'millrace_output_records_total')));
      await writing.close();
    }
    await admin.disconnect();
    await broker.remove();
    return figures;
  },
  async redis() {
    const redis = await startRedis({ aof: false });
    const client = new Redis(redis.url);
    const append = await cost({ redis: () => cpuMs(redis.pid) }, async () => (await send('redis', '--url', redis.url, '--stream', 's', '--count', '400000')).ok);
    const bytesEach = round((await client.memory('USAGE', 's', 'SAMPLES', 0)) / (await client.xlen('s')));
    const server = await serve('redis', { sources: { s: { redisStream: { url: redis.url, stream: 's', group: 'g', from: '0' }, machine: 'm' } } });
    const read = await reading(server, { redis: () => cpuMs(redis.pid) }, 400_000);
    await server.close();
    client.disconnect();
    await redis.remove();
    return { append, read, bytesEach };
  },
  async bullmq() {
    const redis = await startRedis({ aof: false });
    const client = new Redis(redis.url);
    const memory = async () => Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))[1]);
    const before = await memory();
    const add = await cost({ redis: () => cpuMs(redis.pid) }, async () => (await send('bullmq', '--url', redis.url, '--queue', 'q', '--count', '60000')).ok);
    const bytesEach = round(((await memory()) - before) / 60_000);
    client.disconnect();
    const server = await serve('bullmq', { sources: { s: { bullmq: { url: redis.url, queue: 'q' }, machine: 'm' } } });
    const work = await reading(server, { redis: () => cpuMs(redis.pid) }, 60_000);
    await server.close();
    await redis.remove();
    return { add, work, bytesEach };
  },
  async http() {
    const figures = {};
    for (const [mode, count] of [['async', 60_000], ['sync', 60_000], ['bulk', 600_000]]) {
      const server = await serve(`http-${mode}`, {});
      await send('http', '--url', server.address, '--mode', mode, '--count', String(count / 3));
      const begin = performance.now();
      figures[mode] = await cost(threads(server), async () => {
        const { ok } = await send('http', '--url', server.address, '--mode', mode, '--count', String(count));
        while ((await counter(server, 'millrace_in_flight')) > 0) await pause(LOOK_MS);
        return ok;
      });
      figures[mode].perSecond = Math.round((count * 1000) / (performance.now() - begin));
      await server.close();
    }
    return figures;
  },
};

try {
  const figures = { node: process.version, bytes };
  for (const name of wanted) {
    figures[name] = note(name, await SUITES[name]());
  }
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
