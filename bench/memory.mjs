import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createEngine } from '../dist/index.js';
import { events } from './lib/machine.mjs';
import { median } from './lib/measure.mjs';

const PARKED = 100_000;
const WAIT_SECONDS = 25;
const definition = JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: WAIT_SECONDS, Next: 'P' }, P: { Type: 'Pass', End: true } } });
const quick = JSON.stringify({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });

async function settledRss() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await pause(200);
  }
  return process.memoryUsage().rss;
}

/** 100,000 journaled executions parked in a Wait: resident bytes of the whole process for each, ends on time, others served meanwhile. */
export async function run() {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-memory-'));
  const engine = await createEngine({ machines: { wait: { definition }, quick: { definition: quick } }, dataDir, limits: { maxInFlight: 200_000 } });
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
    await fill('quick', PARKED);
    const before = await settledRss();
    const begin = performance.now();
    await fill('wait', PARKED);
    const parkedAfterMs = performance.now() - begin;
    const during = await settledRss();
    if (engine.dispatch.inFlight !== PARKED) throw new Error(`${engine.dispatch.inFlight} are parked, not ${PARKED}`);
    const latencies = [];
    while (performance.now() - begin < (WAIT_SECONDS - 4) * 1000) {
      const asked = performance.now();
      const answer = await engine.startSync('quick', Buffer.from(texts[latencies.length % 1000]));
      if (answer.status !== 'SUCCEEDED') throw new Error(`a synchronous start ended as ${answer.status}`);
      latencies.push(performance.now() - asked);
      if (latencies.length % 200 === 0) await pause(1);
    }
    const deadline = performance.now() + 60_000;
    while (engine.dispatch.inFlight > 0 && performance.now() < deadline) await pause(5);
    const lastEndMs = performance.now() - begin;
    if (engine.dispatch.inFlight > 0) throw new Error(`${engine.dispatch.inFlight} have not ended`);
    const slowest = latencies.reduce((a, b) => Math.max(a, b), 0);
    const each = (during - before) / PARKED;
    const late = lastEndMs - WAIT_SECONDS * 1000;
    return [
      { suite: 'memory', case: 'parked in a Wait, bytes each', value: each, unit: 'bytes', baseline: { name: 'payload bytes', value: 145 }, ratio: each / 145 },
      { suite: 'memory', case: 'last end after it was due', value: late, unit: 'ms', baseline: { name: 'time to park them all, ms', value: parkedAfterMs }, ratio: late / parkedAfterMs },
      { suite: 'memory', case: 'sync start meanwhile, median µs', value: median(latencies) * 1000, unit: 'µs', baseline: { name: 'slowest µs', value: slowest * 1000 }, ratio: median(latencies) / slowest },
    ];
  } finally {
    await engine.close(0);
    rmSync(dataDir, { recursive: true, force: true });
  }
}
