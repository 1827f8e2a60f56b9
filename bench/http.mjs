import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { byHand, definition, events } from './lib/machine.mjs';
import { median, ratioOf } from './lib/measure.mjs';

const CONNECTIONS = 64;
const BULK_EVENTS = 20_000;
/** Bulk requests under way at once: while one is being cut and journaled, the next one's bytes arrive. */
const BULKS = 2;
const DIFFERENT = 256;

/**
 * The server that `millrace start` is, journal and all, against a bare node:http server that parses the same bodies and
 * serialises its answers. Both are processes of their own and are asked in turn, by the same client.
 *
 * `mainThreadUs` in a row is the processor time of each server's main thread for one request or bulk event: steadier than
 * throughput where clients, workers and other programs share the processors. Linux only.
 */
export async function run({ rounds = 5, roundMs = 400 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  writeFileSync(join(folder, 'm.asl.json'), JSON.stringify(definition));
  writeFileSync(join(folder, 'millrace.yaml'), 'machines: { m: ./m.asl.json }\n');
  const cli = fileURLToPath(new URL('../dist/bin/main.js', import.meta.url));
  const ours = await serverProcess([cli, 'start', '--config', join(folder, 'millrace.yaml'), '--port', '0', '--data-dir', join(folder, 'data')]);
  const bare = await serverProcess([fileURLToPath(new URL('./http-echo.mjs', import.meta.url))]);
  try {
    const texts = events(DIFFERENT);
    const lines = Buffer.from(`${events(BULK_EVENTS).join('\n')}\n`);
    await proveEqual(ours, bare, texts, lines);
    const single = (server, path) => () => cannon(server, path, texts, roundMs);
    const bulk = (server, path) => () => bulks(server, path, lines, roundMs);
    return [
      await compare('POST executions (journaled)', 'requests/s', ours, bare, single(ours, '/v1/machines/m/executions'), single(bare, '/'), rounds),
      await compare('POST sync-executions', 'requests/s', ours, bare, single(ours, '/v1/machines/m/sync-executions'), single(bare, '/'), rounds),
      await compare('POST events, NDJSON (journaled)', 'events/s', ours, bare, bulk(ours, '/v1/machines/m/events'), bulk(bare, '/lines'), rounds),
    ];
  } finally {
    await ours.close();
    await bare.close();
    rmSync(folder, { recursive: true });
  }
}

async function compare(name, unit, ours, bare, runOurs, runBare, rounds) {
  for (const warmUp of [runBare, runOurs]) await warmUp();
  const figures = { ours: [], bare: [], oursUs: [], bareUs: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [key, server, contestant] of [['bare', bare, runBare], ['ours', ours, runOurs]]) {
      const before = server.mainThreadMs();
      const begin = performance.now();
      const count = await contestant();
      figures[key].push((count * 1000) / (performance.now() - begin));
      figures[`${key}Us`].push(((server.mainThreadMs() - before) * 1000) / count);
    }
  }
  return {
    suite: 'http',
    case: name,
    value: median(figures.ours),
    unit,
    baseline: { name: 'node:http echo', value: median(figures.bare) },
    ratio: ratioOf({ rounds: figures.ours }, { rounds: figures.bare }),
    spread: [Math.min(...figures.ours), Math.max(...figures.ours)],
    mainThreadUs: { value: median(figures.oursUs), baseline: median(figures.bareUs) },
  };
}

/** Answers how many requests were answered with success; all must be. */
async function cannon(server, path, texts, durationMs) {
  const result = await autocannon({ url: server.address, connections: CONNECTIONS, duration: Math.max(1, durationMs / 1000), requests: texts.map((body) => ({ method: 'POST', path, body })) });
  assert.equal(result.non2xx + result.errors + result.timeouts, 0);
  return result['2xx'];
}

async function bulks(server, path, lines, durationMs) {
  const until = performance.now() + durationMs;
  let accepted = 0;
  const lane = async () => {
    do accepted += (await post(server, path, lines)).accepted;
    while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: BULKS }, lane));
  return accepted;
}

/** The outputs are those of hand-written code, journaled ones as they are remembered; every line is accepted. */
async function proveEqual(ours, bare, texts, lines) {
  for (const text of texts.slice(0, 40)) {
    const expected = byHand(await post(bare, '/', text));
    const sync = await post(ours, '/v1/machines/m/sync-executions', text);
    assert.equal(sync.status, 'SUCCEEDED');
    assert.deepEqual(sync.output, expected);
    const { executionArn } = await post(ours, '/v1/machines/m/executions', text);
    assert.deepEqual((await ended(ours, executionArn)).output, expected);
  }
  const answers = [await post(ours, '/v1/machines/m/events', lines), await post(bare, '/lines', lines)];
  assert.deepEqual(answers.map(({ accepted }) => accepted), [BULK_EVENTS, BULK_EVENTS]);
}

async function ended(server, executionArn) {
  for (const until = performance.now() + 10_000; performance.now() < until; ) {
    const execution = await (await fetch(`${server.address}/v1/executions/${encodeURIComponent(executionArn)}`)).json();
    if (execution.status !== 'RUNNING') return execution;
  }
  throw new Error(`${executionArn} does not end`);
}

const agent = new Agent({ keepAlive: true });

/** node:http's own client: fetch costs as much as the servers that are measured. */
async function post(server, path, body) {
  const sent = request(server.address + path, { agent, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } });
  if (path.endsWith('/events')) sent.setHeader('content-type', 'application/x-ndjson');
  sent.end(body);
  const [response] = await once(sent, 'response');
  const text = Buffer.concat(await response.toArray()).toString();
  assert(response.statusCode < 300, text);
  return JSON.parse(text);
}

async function serverProcess(args) {
  const child = spawn(process.execPath, [...(process.env.BENCH_SERVER_FLAGS?.split(' ') ?? []), ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const address = await new Promise((resolve, reject) => {
    let text = '';
    child.on('error', reject).on('exit', (code) => reject(new Error(`${args[0]} ended with ${code}: ${text}`)));
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const found = /http:\/\/[\d.]+:\d+/.exec(text);
      if (found !== null) resolve(found[0]);
    });
  });
  return {
    address,
    mainThreadMs: () => mainThreadMs(child.pid),
    close: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}

/** User and system time, which the kernel counts in hundredths of a second. */
function mainThreadMs(pid) {
  if (process.platform !== 'linux') return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
