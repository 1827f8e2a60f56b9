import { strict as assert } from 'node:assert';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createEngine } from '../dist/engine.js';
import { startRedis } from '../test/services/redis.mjs';
import { byHand, definition, events } from './lib/machine.mjs';
import { contest, row } from './lib/measure.mjs';

/*
 * Entries of a Redis stream a second, until the last is acknowledged: the source with the Choice→Pass→Succeed machine on two
 * workers, against a loop of XREADGROUP COUNT 256, JSON.parse and XACK that does nothing else. The loop reads on while it
 * acknowledges. Neither is timed on the first quarter: workers are new in each round, and what they run has to be compiled.
 * Redis, with no append-only file, runs on the same cores.
 */

const BATCH = 256;
const BACKLOG = 400_000;
const WARMING = 0.25;
const PROOF = 4096;

/** @param {{ rounds?: number, smoke?: boolean, backlog?: number }} [options] */
export async function run({ smoke = false, backlog = smoke ? 10_000 : BACKLOG, ...options } = {}) {
  const server = await startRedis({ aof: false });
  const redis = new Redis(server.url);
  try {
    await prove(redis, server.url);
    await fill(redis, 'bench', backlog);
    const { ours, bare } = await contest(
      {
        bare: () => inGroup((group) => bareLoop(server.url, group, backlog), redis),
        ours: () => inGroup((group) => ourSource(server.url, group, backlog, redis), redis),
      },
      options,
    );
    return [row({ suite: 'redis', case: 'stream: choice-pass-succeed', unit: 'events/s', ours, baseline: bare, baselineName: 'bare XREADGROUP, JSON.parse, XACK' })];
  } finally {
    redis.disconnect();
    await server.remove();
  }
}

let groups = 0;

/** Each contestant answers how many entries it took in which time, in a new group that has acknowledged everything in the end. */
async function inGroup(contestant, redis) {
  const group = `g${groups++}`;
  await redis.xgroup('CREATE', 'bench', group, '0');
  const figures = await contestant(group);
  const [pending] = await redis.xpending('bench', group);
  assert.equal(pending, 0);
  await redis.xgroup('DESTROY', 'bench', group);
  return figures;
}

async function bareLoop(url, group, count) {
  const client = new Redis(url);
  await client.ping();
  let hot = 0;
  let acknowledged;
  let begin;
  for (let done = 0; done < count; ) {
    const [[, entries]] = await client.xreadgroup('GROUP', group, 'bare', 'COUNT', BATCH, 'BLOCK', 1000, 'STREAMS', 'bench', '>');
    const ids = [];
    for (const [id, fields] of entries) {
      if (JSON.parse(fields[1]).temperature > 30) hot++;
      ids.push(id);
    }
    acknowledged = client.xack('bench', group, ...ids);
    done += ids.length;
    if (done >= WARMING * count) begin ??= { done, ...clocks() };
  }
  await acknowledged;
  const end = { done: count, ...clocks() };
  assert(hot > 0);
  client.disconnect();
  return between(begin, end);
}

async function ourSource(url, group, count, redis) {
  const engine = await createEngine({ machines: { bench: { definition: JSON.stringify(definition) } }, workers: 2, sources: [sourceOf(url, 'bench', group)] });
  await engine.startSources();
  const begin = await acknowledged(redis, 'bench', group, WARMING * count);
  const end = await acknowledged(redis, 'bench', group, count);
  await engine.close(5000);
  return between(begin, end);
}

/** Wall and processor time, all threads of this process. */
function clocks() {
  const { user, system } = process.cpuUsage();
  return { ms: performance.now(), cpuMs: (user + system) / 1000 };
}

const between = (begin, end) => ({ count: end.done - begin.done, ms: end.ms - begin.ms, cpuMs: end.cpuMs - begin.cpuMs });

/** Resolves once so many entries are acknowledged, with how many are. Looks seldom enough to be no load. */
async function acknowledged(redis, stream, group, count) {
  for (;;) {
    const own = (await redis.xinfo('GROUPS', stream)).find((pairs) => pairs[1] === group);
    const [pending, read] = ['pending', 'entries-read'].map((name) => own[own.indexOf(name) + 1]);
    if (read - pending >= count) return { done: read - pending, ...clocks() };
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

/** The executions that entries start have the outputs that hand-written code has. */
async function prove(redis, url) {
  await fill(redis, 'proof', PROOF);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const file = join(folder, 'outputs.ndjson');
  writeFileSync(join(folder, 'keep.mjs'), `import { appendFileSync } from 'node:fs';\nexport const handler = (event) => { appendFileSync(${JSON.stringify(file)}, JSON.stringify(event) + '\\n'); return event; };\n`);
  appendFileSync(file, '');
  const { States, StartAt } = definition;
  const keeping = { StartAt, States: { ...States, Done: { Type: 'Task', Resource: 'keep', End: true } } };
  const engine = await createEngine({ machines: { bench: { definition: JSON.stringify(keeping) } }, functions: folder, workers: 2, sources: [sourceOf(url, 'proof', 'proof')] });
  await engine.startSources();
  await acknowledged(redis, 'proof', 'proof', PROOF);
  await engine.close(5000);
  const outputs = readFileSync(file, 'utf8').trim().split('\n').toSorted();
  assert.deepEqual(outputs, events(PROOF).map((text) => JSON.stringify(byHand(JSON.parse(text)))).toSorted());
  rmSync(folder, { recursive: true });
}

const sourceOf = (url, stream, group) => ({
  name: 'bench',
  kind: { redisStream: { url, streams: [stream], group, from: '0', valueField: 'value', keyField: null, batchEvents: BATCH, blockMs: 5000, takeoverMs: 30_000, trim: 'none' } },
  machine: 'bench',
  order: 'none',
  maxInFlight: 10_000,
  retry: { maxAttempts: 1, backoffMs: 500, maxBackoffMs: 30_000 },
  deadLetters: null,
  tombstones: 'skip',
});

async function fill(redis, stream, count) {
  const texts = events(PROOF);
  for (let from = 0; from < count; from += 1000) {
    const pipeline = redis.pipeline();
    for (let i = from; i < Math.min(count, from + 1000); i++) pipeline.xadd(stream, '*', 'value', texts[i % PROOF]);
    await pipeline.exec();
  }
}
