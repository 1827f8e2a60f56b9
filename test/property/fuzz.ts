import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

/**
 * Fuzzing of definitions and inputs: `npm run fuzz -- --seconds 600 [--seed N] [--findings folder]`. A worker changes
 * definitions, validates, compiles and runs them; this thread watches it, so that a hang or an exhausted heap is a finding too.
 */
export interface FuzzSetup {
  readonly seed: number;
  /** Unix milliseconds at which the present step began. */
  readonly clock: SharedArrayBuffer;
  /** The present case: its length in bytes, then JSON text. */
  readonly text: SharedArrayBuffer;
}

export interface FuzzCase {
  readonly step: string;
  readonly definition: unknown;
  readonly input: unknown;
}

/** A step that takes longer hangs, or as good as: one state may compute for five seconds. */
const STEP_LIMIT_MS = 15_000;
const HEAP_LIMIT_MB = 768;
const TEXT_BYTES = 8 * 1024 * 1024;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) }, findings: { type: 'string' } } });
const seconds = Number(values.seconds);
let seed = Number(values.seed);
const until = Date.now() + 1000 * seconds;
const findings = new Map<string, { count: number; case: string }>();
const totals = { validated: 0, valid: 0, runs: 0, parked: 0 };
const ended: Record<string, number> = {};
let highestHeapMb = 0;
let slowestMs = 0;

interface Report {
  readonly finding?: string;
  readonly counts?: typeof totals & { ended: Record<string, number> };
  readonly heapMb?: number;
}

/** One worker's life: until the time is up, or it hangs, or dies. */
function work(): Promise<void> {
  return new Promise((resolve) => {
    const setup: FuzzSetup = { seed, clock: new SharedArrayBuffer(8), text: new SharedArrayBuffer(TEXT_BYTES) };
    const stepAt = new Float64Array(setup.clock);
    let last: Report['counts'];
    const present = (): string => new TextDecoder().decode(new Uint8Array(setup.text).slice(4, 4 + new DataView(setup.text).getUint32(0)));
    const note = (what: string): void => {
      // The same fault has the same first lines; what differs is the data in its message.
      const signature = what.split('\n').filter((line) => line.startsWith('    at ')).slice(0, 3).join('\n') || what.slice(0, 80);
      const known = findings.get(signature);
      if (known !== undefined) known.count++;
      else {
        findings.set(signature, { count: 1, case: present() });
        console.log(`FINDING (seed ${setup.seed}): ${what}\n  ${present().slice(0, 2000)}\n`);
        if (values.findings !== undefined) {
          mkdirSync(values.findings, { recursive: true });
          writeFileSync(`${values.findings}/${findings.size}.json`, JSON.stringify({ what, case: present() }));
        }
      }
    };
    const worker = new Worker(new URL('./fuzz-worker.js', import.meta.url), { workerData: setup, resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT_MB } });
    const finish = (): void => {
      clearInterval(watch);
      if (last !== undefined) {
        for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += last[key];
        for (const [status, count] of Object.entries(last.ended)) ended[status] = (ended[status] ?? 0) + count;
      }
      void worker.terminate().then(() => resolve());
    };
    worker.on('message', (report: Report) => {
      if (report.finding !== undefined) note(report.finding);
      if (report.counts !== undefined) last = report.counts;
      highestHeapMb = Math.max(highestHeapMb, report.heapMb ?? 0);
    });
    worker.on('error', (error: unknown) => {
      note(`the worker died: ${String((error as Error)?.stack ?? error)}`);
      finish();
    });
    const watch = setInterval(() => {
      const ms = stepAt[0]! > 0 ? Date.now() - stepAt[0]! : 0;
      if (ms > slowestMs) slowestMs = ms;
      if (ms > STEP_LIMIT_MS) {
        note(`the step '${(JSON.parse(present()) as FuzzCase).step}' was still running after ${STEP_LIMIT_MS} ms`);
        finish();
      } else if (Date.now() > until) finish();
    }, 100);
  });
}

const first = seed;
while (Date.now() < until) {
  await work();
  seed++;
}
console.log(`${seconds} s from seed ${first}: ${totals.validated} definitions, ${totals.valid} of them valid, ${totals.runs} executions (${totals.parked} parked); slowest step ${slowestMs} ms, heap at most ${highestHeapMb} MB`);
console.log(ended);
console.log(`${findings.size} findings${findings.size === 0 ? '' : `: ${[...findings.values()].map(({ count }) => count).join(' + ')} times`}`);
process.exitCode = findings.size === 0 ? 0 : 1;
