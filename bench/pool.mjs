import { Piscina } from 'piscina';
import { createDispatch } from '../dist/delivery/dispatch.js';
import { createPool } from '../dist/pool/pool.js';
import { parcelOf, runDispatch } from './lib/dispatching.mjs';
import { contest, row } from './lib/measure.mjs';

/*
 * Events a second through dispatch and pool, raw bytes in: the Choice→Pass→Succeed machine on 145-byte events. The baseline
 * is the obvious way to use worker threads: one piscina task for each event, on as many workers, that parses it and runs the
 * same compiled machine. Both sides' outcomes are proved equal first.
 */

const DEFINITION = JSON.stringify({
  StartAt: 'Hot?',
  States: {
    'Hot?': { Type: 'Choice', Choices: [{ Variable: '$.temperature', NumericGreaterThan: 30, Next: 'Mark' }], Default: 'Done' },
    Mark: { Type: 'Pass', Result: 'high', ResultPath: '$.level', Next: 'Done' },
    Done: { Type: 'Succeed' },
  },
});
const PARCEL_EVENTS = 4096;
const WORKERS = 2;

function eventOf(i) {
  const event = { id: `device-${String(i % 10_000).padStart(6, '0')}`, temperature: i % 61, humidity: 40 + (i % 50), site: 'berlin-mitte-07', time: 1_760_000_000_000 + i, ok: true, note: '' };
  event.note = 'x'.repeat(145 - JSON.stringify(event).length);
  return JSON.stringify(event);
}

async function runTasks(piscina, texts) {
  const outputs = Array.from({ length: texts.length });
  let next = 0;
  const walk = async () => {
    while (next < texts.length) {
      const i = next++;
      outputs[i] = await piscina.run(texts[i]);
    }
  };
  await Promise.all(Array.from({ length: 512 }, walk));
  return outputs;
}

/** @param {{ rounds?: number, smoke?: boolean, events?: number, taskEvents?: number, maxBatchEvents?: number }} [options] */
export async function run(options = {}) {
  const events = options.events ?? (options.smoke ? 40_000 : 500_000);
  const taskEvents = options.taskEvents ?? (options.smoke ? 2000 : 50_000);
  const pool = createPool({ workers: WORKERS, ...(options.maxBatchEvents === undefined ? {} : { maxBatchEvents: options.maxBatchEvents }) });
  const piscina = new Piscina({
    filename: new URL('./pool-task.mjs', import.meta.url).href,
    workerData: DEFINITION,
    minThreads: WORKERS,
    maxThreads: WORKERS,
    concurrentTasksPerWorker: 16,
  });
  try {
    await pool.install({ machine: 'bench', definition: DEFINITION });
    const dispatch = createDispatch({ lanes: pool.lanes, machines: pool });
    const distinct = Array.from({ length: 8 }, (_, i) => parcelOf('bench', Array.from({ length: PARCEL_EVENTS }, (_, j) => eventOf(i * PARCEL_EVENTS + j))));
    const parcels = Array.from({ length: Math.ceil(events / PARCEL_EVENTS) }, (_, i) => distinct[i % distinct.length]);
    const total = parcels.length * PARCEL_EVENTS;
    const texts = Array.from({ length: taskEvents }, (_, i) => eventOf(i % (8 * PARCEL_EVENTS)));

    const ours = await runDispatch(dispatch, distinct, { wantsOutput: true, keep: true });
    const theirs = await runTasks(piscina, texts.slice(0, ours.length));
    if (theirs.some((output, i) => JSON.stringify(output) !== ours[i])) throw new Error('dispatch and piscina tasks disagree');

    const figures = await contest(
      {
        silent: async () => {
          await runDispatch(dispatch, parcels);
          return { count: total };
        },
        tasks: async () => {
          await runTasks(piscina, texts);
          return { count: texts.length };
        },
        outputs: async () => {
          await runDispatch(dispatch, parcels, { wantsOutput: true });
          return { count: total };
        },
      },
      options,
    );
    const common = { suite: 'pool', unit: 'events/s', baseline: figures.tasks, baselineName: 'one piscina task per event' };
    return [row({ ...common, case: 'choice-pass-succeed', ours: figures.silent }), row({ ...common, case: 'choice-pass-succeed, outputs wanted', ours: figures.outputs })];
  } finally {
    await pool.close();
    await piscina.destroy();
  }
}
