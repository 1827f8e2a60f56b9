import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '../test/services/redis.mjs';
import { metricsOf, startServers } from './lib/cli-servers.mjs';
import { sumOf } from './lib/exposition.mjs';
import { newName, withKafka } from './lib/kafka.mjs';
import { definition, functions } from './lib/soak-machine.mjs';
import { rowsOf, shouldFail } from './lib/soak-rows.mjs';

/*
 * A server of the command line under a lasting load from Kafka, a Redis stream and HTTP, with executions that wait, fail and are
 * tried again. The load is 70 % of what it was seen to take before, with broker, Redis and load on the same cores. Watched are
 * memory and open files; in the end every event that was accepted must have ended.
 */

const LOAD = 0.7;
const USUAL = { sampleMs: 5000, firstRate: 20_000, stepMs: 4000, growth: 1.3 };
const SMOKE = { sampleMs: 200, firstRate: 2000, stepMs: 700, growth: 10 };
const KEEPING_UP = 0.92;
const DRAIN_MS = 120_000;
/** What a topic of the soak keeps: consumers that keep up have long read what is dropped. */
const RETENTION = [{ name: 'retention.bytes', value: String(2 ** 30) }, { name: 'segment.bytes', value: String(2 ** 26) }];

export async function* run({ minutes = 30, smoke = false, progress = () => {} } = {}) {
  const pace = smoke ? SMOKE : USUAL;
  const redis = await startRedis({ aof: false });
  try {
    yield* await withKafka(async ({ brokers, createTopic }) => {
      const topic = await createTopic('soak', 4, RETENTION);
      const { servers, close } = await startServers(1, configOf(brokers, topic, redis.url), functions);
      const load = await startLoad({ brokers, topic, redisUrl: redis.url, stream: 'soak', httpUrl: `${servers[0].address}/v1/machines/soak/executions` });
      try {
        return await soak(servers[0], load, minutes * 60_000, pace, progress);
      } finally {
        load.end();
        await close();
      }
    });
  } finally {
    await redis.remove();
  }
}

const configOf = (brokers, topic, redisUrl) => {
  const common = { machine: 'soak', retry: { maxAttempts: 2, backoffMs: 200 }, deadLetters: 'lost' };
  return {
    machines: { soak: definition },
    sources: {
      readings: { kafka: { brokers, topics: [topic], groupId: newName('soak'), from: 'earliest' }, ...common },
      orders: { redisStream: { url: redisUrl, stream: 'soak', group: 'soak', trim: 'acknowledged' }, ...common },
    },
    // Of dead letters the last are kept, or the soak would measure how a file grows.
    outputs: { lost: { redisStream: { url: redisUrl, stream: 'lost', maxLength: 10_000 } } },
  };
};

async function startLoad(targets) {
  const child = fork(fileURLToPath(new URL('./soak-load.mjs', import.meta.url)), [JSON.stringify(targets)], { execArgv: [] });
  const kill = () => child.kill();
  process.once('exit', kill);
  let last = { accepted: {} };
  let failure;
  child.on('message', (message) => {
    if (message.accepted) last = message;
    failure ??= message.failure;
  });
  await once(child, 'message');
  return {
    rate: (rate) => child.send({ rate }),
    get failure() {
      return failure;
    },
    accepted: () => Object.values(last.accepted).reduce((a, b) => a + b, 0),
    async stop() {
      child.send({ stop: true });
      await once(child, 'exit');
      if (!last.stopped) throw new Error(`the load has ended early: ${failure}`);
      return last;
    },
    end() {
      process.off('exit', kill);
      child.kill();
    },
  };
}

/** Counts of the server, and what the kernel says of it. */
async function look(server) {
  const text = await metricsOf(server);
  const ended = (status) => sumOf(text, 'millrace_executions_ended_total', status === undefined ? {} : { status });
  return { ms: performance.now(), ended: ended(), succeeded: ended('SUCCEEDED'), failed: ended('FAILED'), rssBytes: server.rssBytes(), files: server.openFiles(), cpuMs: server.cpuMs() };
}

/** Raises the rate until the server does not keep up any more; answers the most that it did, in executions a second. */
async function saturation(server, load, { firstRate, stepMs, growth }, progress) {
  let most = 0;
  for (let rate = firstRate; ; rate *= growth) {
    progress(`looks for saturation: ${Math.round(rate)} events/s`);
    load.rate(rate);
    await pause(stepMs / 2);
    const before = await look(server);
    await pause(stepMs);
    const after = await look(server);
    const done = ((after.ended - before.ended) * 1000) / (after.ms - before.ms);
    most = Math.max(most, done);
    if (done < KEEPING_UP * rate || growth > 5) break;
  }
  load.rate(0);
  await drained(server, load);
  return most;
}

/** Waits until everything that was accepted has ended, or nothing ends any more. Answers the last look. */
async function drained(server, load) {
  let last = await look(server);
  let since = performance.now();
  while (last.ended < load.accepted() || performance.now() - since < 600) {
    await pause(250);
    const now = await look(server);
    if (now.ended !== last.ended) since = performance.now();
    last = now;
    if (performance.now() - since > DRAIN_MS) break;
  }
  return last;
}

async function soak(server, load, forMs, pace, progress) {
  const saturated = await saturation(server, load, pace, progress);
  const samples = [];
  const begin = performance.now();
  load.rate(saturated * LOAD);
  while (performance.now() - begin < forMs) {
    await pause(pace.sampleMs);
    if (load.failure !== undefined) throw new Error(`the load has failed: ${load.failure}`);
    samples.push(await look(server));
    progress(`${((performance.now() - begin) / 60_000).toFixed(1)} of ${forMs / 60_000} minutes, ${Math.round(samples.at(-1).rssBytes / 1024 ** 2)} MB`);
  }
  const { made, refused } = await load.stop();
  const end = await drained(server, load);
  // In a smoke run nothing is refused, and what came of every event is known.
  if (pace === SMOKE) assert.deepEqual([end.ended, end.failed], [load.accepted(), shouldFail(made)]);
  return rowsOf({ samples, begin, saturated, accepted: load.accepted(), made, refused, end });
}
