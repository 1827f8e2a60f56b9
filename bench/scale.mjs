import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { metricsOf, startServers } from './lib/cli-servers.mjs';
import { sumOf } from './lib/exposition.mjs';
import { eventOf, fill, newName, withKafka } from './lib/kafka.mjs';
import { byHand, definition } from './lib/machine.mjs';
import { contest, row } from './lib/measure.mjs';

/*
 * One, two and four processes of the command line in one consumer group, on a topic of four partitions: events a second of all
 * together, and the processor time of all of them, between the moment when each has its partitions and is warm and the moment when
 * the first of them runs short. On two cores two processes cannot do twice as much; but nothing should be lost by sharing.
 */

const PARTITIONS = 4;
const EVENTS = Number(process.env.BENCH_SCALE_EVENTS ?? 3_000_000);
const PROOF_EVENTS = 20_000;
const SAMPLE_MS = 200;
const PATIENCE_MS = 120_000;
/** So many events make a process warm: what it runs is compiled. */
const WARM_UP = 100_000;
/** The part of the topic after which a process may be about to run short. */
const ENOUGH = 0.8;

export async function* run({ smoke = false, ...options } = {}) {
  const counts = smoke ? [1, 2] : [1, 2, 4];
  const events = smoke ? 40_000 : EVENTS;
  const figures = await withKafka(async ({ kafka, brokers, createTopic }) => {
    const [proof, topic] = [await createTopic('proof'), await createTopic('scale')];
    await fill(kafka, proof, PROOF_EVENTS);
    await prove(brokers, proof, counts.at(-1));
    options.progress?.(`fills a topic with ${events} events`);
    await fill(kafka, topic, events);
    const contestants = Object.fromEntries(counts.map((count) => [count, () => readWith(count, brokers, topic, events)]));
    return contest(contestants, { ...options, name: 'processes' });
  });
  for (const count of counts.slice(1)) {
    const [cpu, alone] = [figures[count].cpuMsPer1000, figures[1].cpuMsPer1000];
    yield row({ suite: 'scale', case: `${count} processes on one topic`, unit: 'events/s', ours: figures[count], baseline: figures[1], baselineName: 'one process', isOwn: true, details: { 'processor time against one process, ratio': cpu / alone } });
  }
}

const configOf = (brokers, topic, groupId, outputs = {}) => ({
  machines: { level: definition },
  sources: { readings: { kafka: { brokers, topics: [topic], groupId, from: 'earliest' }, machine: 'level' } },
  outputs,
});

const ended = (text) => sumOf(text, 'millrace_executions_ended_total', { status: 'SUCCEEDED' });
/** Every partition that a process has been assigned has a lag. */
const partitionsOf = (text) => text.split('\n').filter((line) => line.startsWith('millrace_source_lag{')).length;

/** Wall and processor time, and the executions that have ended, of all processes together. */
async function sample(servers, warmUp) {
  const texts = await Promise.all(servers.map(metricsOf));
  return {
    ms: performance.now(),
    cpuMs: servers.reduce((sum, server) => sum + server.cpuMs(), 0),
    rssBytes: servers.reduce((sum, server) => sum + server.rssBytes(), 0),
    done: texts.reduce((sum, text) => sum + ended(text), 0),
    shared: texts.every((text) => partitionsOf(text) === PARTITIONS / servers.length && ended(text) >= warmUp),
  };
}

async function readWith(count, brokers, topic, events) {
  const started = { done: 0, ms: performance.now(), cpuMs: 0 };
  const { servers, close } = await startServers(count, configOf(brokers, topic, newName('scale')));
  try {
    const deadline = performance.now() + PATIENCE_MS;
    let begin;
    for (;;) {
      const now = await sample(servers, Math.min(WARM_UP, events / 10 / count));
      if (now.shared) begin ??= now;
      const isOver = now.done >= events;
      if (begin !== undefined && (now.done >= ENOUGH * events || isOver) && now.done > begin.done) return between(begin, now);
      // All was read before each had its share, as in a smoke run.
      if (isOver) return between(started, now);
      if (now.ms > deadline) throw new Error(`${count} processes have read ${now.done} of ${events} events in ${PATIENCE_MS / 1000} s`);
      await pause(SAMPLE_MS);
    }
  } finally {
    await close();
  }
}

const between = (begin, end) => ({ count: end.done - begin.done, ms: end.ms - begin.ms, cpuMs: end.cpuMs - begin.cpuMs, rssBytes: end.rssBytes });

/** What as many processes write out is what hand-written code makes of the same events; an event may come twice when a partition moves. */
async function prove(brokers, topic, count) {
  const config = configOf(brokers, topic, newName('proof'), { results: { file: { path: './results.ndjson' } } });
  const { servers, folder, close } = await startServers(count, config);
  try {
    const expected = new Set(Array.from({ length: PROOF_EVENTS }, (_, i) => JSON.stringify(byHand(JSON.parse(eventOf(i))))));
    const files = [...servers.keys()].map((i) => join(folder, String(i), 'results.ndjson'));
    const results = () => new Set(files.flatMap((file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [])).map((line) => JSON.stringify(JSON.parse(line).value)));
    const until = performance.now() + PATIENCE_MS;
    let values = results();
    for (; values.size < expected.size; values = results()) {
      if (performance.now() > until) throw new Error(`${count} processes have written ${values.size} different results of ${PROOF_EVENTS}`);
      await pause(SAMPLE_MS);
    }
    for (const value of values) assert.ok(expected.has(value), `${value} is no result`);
  } finally {
    await close();
  }
}
