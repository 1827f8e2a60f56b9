import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { createLatency } from './latency.mjs';
import { byHand, definition } from './machine.mjs';
import { CLI, serverProcess } from './processes.mjs';

/* What the suites that ask over HTTP share: the servers, clients, and the proof that what is served is equal. */

export const CONNECTIONS = 64;
/** Of so many requests is a smoke test made. */
const FEW = 200;

/** `millrace start` with the Choice → Pass → Succeed machine as `m`, journal and all. */
export async function startOurs() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  writeFileSync(join(folder, 'm.asl.json'), JSON.stringify(definition));
  writeFileSync(join(folder, 'millrace.yaml'), 'machines: { m: ./m.asl.json }\n');
  const server = await serverProcess([CLI, 'start', '--config', join(folder, 'millrace.yaml'), '--port', '0', '--data-dir', join(folder, 'data')]);
  return {
    ...server,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The bare server that they are compared with. */
export const startEcho = () => serverProcess([fileURLToPath(new URL('../http-echo.mjs', import.meta.url))]);

/** Single and synchronous starts have the outputs of hand-written code, journaled ones as they are remembered. */
export async function proveEqual(ours, bare, texts) {
  for (const text of texts) {
    const expected = byHand(await post(bare, '/', text));
    const sync = await post(ours, '/v1/machines/m/sync-executions', text);
    assert.equal(sync.status, 'SUCCEEDED');
    assert.deepEqual(sync.output, expected);
    const { executionArn } = await post(ours, '/v1/machines/m/executions', text);
    assert.deepEqual((await ended(ours, executionArn)).output, expected);
  }
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
export async function post(server, path, body) {
  const sent = request(server.address + path, { agent, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } });
  if (path.endsWith('/events')) sent.setHeader('content-type', 'application/x-ndjson');
  sent.end(body);
  const [response] = await once(sent, 'response');
  const text = Buffer.concat(await response.toArray()).toString();
  assert(response.statusCode < 300, text);
  return JSON.parse(text);
}

/**
 * What a server's processor time, of all threads, its main thread's, and its memory were while `ask` asked it.
 *
 * @param ask answers { count, latency }
 */
export async function observed(server, ask) {
  const before = { cpuMs: server.cpuMs(), mainThreadMs: server.mainThreadMs() };
  const begin = performance.now();
  const done = await ask();
  const ms = performance.now() - begin;
  return { ms, ...done, cpuMs: server.cpuMs() - before.cpuMs, mainThreadMs: server.mainThreadMs() - before.mainThreadMs, rssBytes: server.rssBytes() };
}

/**
 * CONNECTIONS connections that each ask again once they are answered. All answers must be successes. Latencies are corrected
 * for what a connection did not ask while it waited.
 */
export async function closedLoop(server, path, texts, durationMs, { smoke = false, connections = CONNECTIONS } = {}) {
  const latency = createLatency();
  const limit = smoke ? { amount: FEW, sampleInt: 50 } : { duration: Math.max(1, durationMs / 1000) };
  const load = autocannon({ url: server.address, connections, ...limit, requests: texts.map((body) => ({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body })) });
  load.on('response', (client, status, bytes, ms) => latency.record(ms));
  const result = await load;
  assert.equal(result.non2xx + result.errors + result.timeouts, 0);
  const ms = result.duration * 1000;
  latency.correctFor((ms * connections) / result['2xx']);
  return { count: result['2xx'], ms, latency };
}
