import { Worker } from 'node:worker_threads';
import { CONNECTIONS, closedLoop, observed, proveEqual, startEcho, startOurs } from './lib/http.mjs';
import { withKafka } from './lib/kafka.mjs';
import { pacedBare, pacedEngine } from './lib/kafka-latency.mjs';
import { createLatency } from './lib/latency.mjs';
import { events } from './lib/machine.mjs';
import { contest, figuresOf, row } from './lib/measure.mjs';

/*
 * How long things take under a load that does not wait: requests and events come at set times, and latencies count from the time
 * that was intended. Synchronous starts over HTTP at half of the rate at which our server is saturated, against the bare echo at
 * the same rate. Kafka at 50,000 events a second, or the half, quarter, … of it that the bare consumer keeps up with here.
 */

const SYNC = '/v1/machines/m/sync-executions';
const KAFKA_RATE = 50_000;
const KEEPS_UP_MS = 250;

export async function* run(options = {}) {
  yield* await http(options);
  yield await withKafka((context) => kafka(context, options));
}

async function http({ smoke = false, ...options }) {
  const texts = events(256);
  const [durationMs, warmUpMs] = smoke ? [300, 100] : [4000, 1000];
  const ours = await startOurs();
  const bare = await startEcho();
  try {
    await proveEqual(ours, bare, texts.slice(0, 20));
    options.progress?.('HTTP: saturation');
    if (!smoke) await closedLoop(ours, SYNC, texts, 2000);
    const saturated = await closedLoop(ours, SYNC, texts, 3000, { smoke });
    const rate = smoke ? 200 : Math.round((saturated.count / saturated.ms) * 500);
    const asked = (server, path) => () => observed(server, () => openLoop(server, path, texts, { rate, durationMs, warmUpMs }));
    const figures = await contest({ bare: asked(bare, '/'), ours: asked(ours, SYNC) }, { ...options, name: `HTTP, ${rate} requests/s` });
    return [p99Row('HTTP sync start, p99 at half of saturation', figures, 'node:http echo', { 'rate of both, requests/s': rate })];
  } finally {
    await ours.close();
    await bare.close();
  }
}

/** Its figures are the 99th percentiles of the rounds. */
function p99Row(name, { ours, bare }, baselineName, details) {
  const side = ({ p99Rounds, cpuMsPer1000, rssBytes, latencyMs }) => figuresOf(p99Rounds, { cpuMsPer1000, rssBytes, latencyMs });
  return row({ suite: 'latency', case: name, unit: 'ms', better: 'lower', ours: side(ours), baseline: side(bare), baselineName, details });
}

async function openLoop({ address }, path, bodies, pace) {
  const worker = new Worker(new URL('./http-pacer.mjs', import.meta.url), { workerData: { address, path, bodies, connections: CONNECTIONS, ...pace } });
  const { latencies, failure, total } = await new Promise((resolve, reject) => {
    worker.on('message', resolve).on('error', reject);
  });
  if (failure !== undefined) throw new Error(`${path}: ${failure}`);
  const latency = createLatency();
  for (const ms of latencies) latency.record(ms);
  return { count: total, latency };
}

async function sustained(context, rate) {
  const { latency } = await pacedBare(context, { rate, ms: 3000, warmUpMs: 2000 });
  return latency.percentileMs(50) <= KEEPS_UP_MS ? rate : sustained(context, rate / 2);
}

async function kafka(context, { smoke = false, ...options }) {
  const times = smoke ? { ms: 500, warmUpMs: 200 } : { ms: 5000, warmUpMs: 2000 };
  options.progress?.('Kafka: what the bare consumer keeps up with');
  const rate = smoke ? 1000 : await sustained(context, Number(process.env.BENCH_KAFKA_RATE ?? KAFKA_RATE));
  const late = [];
  const turn = (read) => async () => {
    const { worstMs, ...done } = await read(context, { rate, ...times });
    late.push(worstMs);
    return done;
  };
  const figures = await contest({ bare: turn(pacedBare), ours: turn(pacedEngine) }, { ...options, name: `Kafka, ${rate} events/s` });
  return p99Row('Kafka, p99 from produce to end', figures, 'kafkajs eachBatch, by hand', { 'events/s': rate, 'the producer was late by at most, ms': Math.max(...late) });
}
