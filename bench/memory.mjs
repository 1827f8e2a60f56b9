import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createEngine } from '../dist/index.js';
import { events } from './lib/machine.mjs';
import { createLatency } from './lib/latency.mjs';
import { figuresOf, row } from './lib/measure.mjs';

const definitionOf = (seconds) => JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: seconds, Next: 'P' }, P: { Type: 'Pass', End: true } } });
const quick = JSON.stringify({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });

async function settledRss() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await pause(200);
  }
  return process.memoryUsage().rss;
}

/** 100,000 journaled executions parked in a Wait: resident bytes of the whole process for each, ends on time, others served meanwhile. */
export async function run({ smoke = false, progress } = {}) {
  const [parked, waitSeconds] = smoke ? [2000, 4] : [100_000, 25];
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-memory-'));
  const engine = await createEngine({ machines: { wait: { definition: definitionOf(waitSeconds) }, quick: { definition: quick } }, dataDir, limits: { maxInFlight: 200_000 } });
  try {
    const texts = events(1000);
    const payload = Buffer.from(texts.join(''));
    const spans = () => Uint32Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? (i / 2) * 145 : 145));
    const fill = async (machine, count) => {
      const bulk = engine.startMany(machine);
      for (let i = 0; i < count; i += 1000) await bulk.add(Uint8Array.from(payload), spans());
      const { accepted } = await bulk.finish();
      if (accepted !== count) throw new Error(`${accepted} of ${count} were accepted`);
    };
    // The heap grows for batches that pass through, whether they park or not: that is not the parked executions' doing.
    await fill('quick', parked);
    const before = await settledRss();
    const begin = performance.now();
    await fill('wait', parked);
    const parkedAfterMs = performance.now() - begin;
    const during = await settledRss();
    if (engine.dispatch.inFlight !== parked) throw new Error(`${engine.dispatch.inFlight} are parked, not ${parked}`);
    progress?.(`${parked} are parked for ${waitSeconds} s`);
    const latency = createLatency();
    let asks = 0;
    do {
      const asked = performance.now();
      const answer = await engine.startSync('quick', Buffer.from(texts[asks % 1000]));
      if (answer.status !== 'SUCCEEDED') throw new Error(`a synchronous start ended as ${answer.status}`);
      latency.record(performance.now() - asked);
      asks += 1;
      if (asks % 200 === 0) await pause(1);
    } while (performance.now() - begin < (waitSeconds - (smoke ? 2 : 4)) * 1000);
    latency.correctFor(latency.percentileMs(50));
    const deadline = performance.now() + 60_000;
    while (engine.dispatch.inFlight > 0 && performance.now() < deadline) await pause(5);
    const lastEndMs = performance.now() - begin;
    if (engine.dispatch.inFlight > 0) throw new Error(`${engine.dispatch.inFlight} have not ended`);
    const one = (name, unit, value, baselineName, baseline, more = {}) =>
      row({ suite: 'memory', case: name, unit, better: 'lower', ours: figuresOf([value], more), baseline: figuresOf([baseline]), baselineName });
    return [
      one('parked in a Wait, bytes each', 'bytes', (during - before) / parked, 'payload bytes', 145, { rssBytes: during }),
      one('last end after it was due', 'ms', lastEndMs - waitSeconds * 1000, 'time to park them all, ms', parkedAfterMs),
      one('sync start meanwhile, median', 'ms', latency.percentileMs(50), 'slowest', latency.percentileMs(100), { latencyMs: latency.summary() }),
    ];
  } finally {
    await engine.close(0);
    rmSync(dataDir, { recursive: true, force: true });
  }
}
