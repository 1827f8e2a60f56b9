import { strict as assert } from 'node:assert';
import { compile, createEngine, createRuntime } from '../dist/index.js';
import { parcelOf, runDispatch } from './lib/dispatching.mjs';
import { byHand, definition, events } from './lib/machine.mjs';
import { contest, figuresOf, row } from './lib/measure.mjs';
import { lineThrough } from './lib/statistics.mjs';

/*
 * What an event costs, in microseconds of processor time of all threads, as things grow: the number of machines registered (all
 * events to one of them, and to all in turn), the size of the payload, the number of states that an execution visits. With
 * machines the cost should be flat; with bytes and states it should grow in a straight line: what one more costs among many is
 * what it costs among few.
 */

const MACHINES = [1, 10, 100, 1000];
const PAYLOAD_BYTES = [100, 1000, 10_000, 100_000];
const STATES = [1, 10, 100];
const PARCEL_EVENTS = 250;

export async function* run(options = {}) {
  yield* await machines('all events to one', () => 0, options);
  yield* await machines('in turn', (i, count) => i % count, options);
  yield await payloads(options);
  yield await states(options);
}

/** Microseconds of processor time for one, in each round: as many as milliseconds for a thousand. */
const costs = (figures) => figures.cpuRounds;

const closeAll = (engines) => Promise.all(engines.map((engine) => engine.close(0)));

async function machines(how, pick, { smoke = false, ...options }) {
  const counts = smoke ? MACHINES.slice(0, 2) : MACHINES;
  const total = smoke ? 2000 : 200_000;
  const text = JSON.stringify(definition);
  const texts = events(PARCEL_EVENTS);
  const engines = await Promise.all(counts.map((count) => createEngine({ machines: Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, { definition: text }])), workers: 2 })));
  try {
    const expected = texts.map((one) => JSON.stringify(byHand(JSON.parse(one))));
    const contestants = {};
    for (const [at, count] of counts.entries()) {
      const { dispatch } = engines[at];
      const parcels = Array.from({ length: total / PARCEL_EVENTS }, (_, i) => parcelOf(`m${pick(i, count)}`, texts));
      assert.deepEqual(await runDispatch(dispatch, [parcels.at(-1)], { wantsOutput: true, keep: true }), expected);
      // Once to warm up: every machine that is used is compiled, and hot.
      await runDispatch(dispatch, parcels);
      contestants[count] = async () => {
        await runDispatch(dispatch, parcels);
        return { count: total };
      };
    }
    const figures = await contest(contestants, { ...options, name: `machines, ${how}` });
    const points = counts.map((count) => [count, figures[count].cpuMsPer1000]);
    return counts.slice(1).map((count) =>
      row({
        suite: 'growth',
        case: `${count} machines, ${how}`,
        unit: 'µs each',
        better: 'lower',
        ours: figuresOf(costs(figures[count])),
        baseline: figuresOf(costs(figures[1])),
        baselineName: 'one machine',
        isOwn: true,
        ...(count === counts.at(-1) ? { series: [{ title: `cost of an event by machines, ${how}`, name: 'processor time', unit: 'µs', xName: 'machines', log: 'x', points }] } : {}),
      }),
    );
  } finally {
    await closeAll(engines);
  }
}

/** An event of about so many bytes: readings of a few fields each, and not one long text. */
function eventOf(bytes) {
  const event = { device: 'sensor-00001', temperature: 31, humidity: 40, readings: [], note: '' };
  while (JSON.stringify(event).length < bytes - 60) event.readings.push({ at: 1_760_000_000_000 + event.readings.length, celsius: 20.5, ok: true });
  event.note = 'x'.repeat(Math.max(0, bytes - JSON.stringify(event).length));
  return JSON.stringify(event);
}

async function payloads({ smoke = false, ...options }) {
  const engine = await createEngine({ machines: { m: { definition: JSON.stringify(definition) } }, workers: 2 });
  try {
    const contestants = {};
    for (const bytes of PAYLOAD_BYTES) {
      const text = eventOf(bytes);
      assert.equal(text.length, bytes);
      const each = Math.max(2, Math.min(1000, Math.round(1_000_000 / bytes)));
      const parcel = parcelOf('m', Array.from({ length: each }, () => text));
      const [output] = await runDispatch(engine.dispatch, [parcel], { wantsOutput: true, keep: true });
      assert.equal(output, JSON.stringify(byHand(JSON.parse(text))));
      const parcels = Array.from({ length: smoke ? 1 : Math.min(100, Math.ceil(40_000_000 / (each * bytes))) }, () => parcel);
      await runDispatch(engine.dispatch, parcels, { wantsOutput: true });
      contestants[bytes] = async () => {
        await runDispatch(engine.dispatch, parcels, { wantsOutput: true });
        return { count: parcels.length * each };
      };
    }
    const figures = await contest(contestants, { ...options, name: 'payloads' });
    return straightRow('payload of 100 B to 100 kB, output wanted', 'µs for a kB more', 1000, 'bytes', PAYLOAD_BYTES.slice(1), PAYLOAD_BYTES, figures);
  } finally {
    await engine.close(0);
  }
}

/** As many Pass states one after another, each of which writes a field. */
function chainOf(length) {
  const States = {};
  for (let i = 0; i < length; i++) States[`S${i}`] = { Type: 'Pass', Result: i, ResultPath: '$.level', ...(i === length - 1 ? { End: true } : { Next: `S${i + 1}` }) };
  return { StartAt: 'S0', States };
}

async function states({ smoke = false, ...options }) {
  const runtime = createRuntime();
  const origin = { machineName: 'bench', machineArn: '', roleArn: '', nameOf: () => '', arnOf: () => '', startTimeOf: () => 0 };
  const parsed = events(1024).map((text) => JSON.parse(text));
  const visits = smoke ? 20_000 : 10_000_000;
  const kept = Array.from({ length: 1024 });
  const contestants = {};
  for (const length of STATES) {
    const program = compile(chainOf(length));
    const count = Math.round(visits / (length + 10));
    const go = () => {
      for (let i = 0; i < count; i++) {
        if (runtime.begin(program, parsed[i & 1023], 145, origin, 0, 0) !== 0) throw new Error('an execution failed');
        kept[i & 1023] = runtime.outcome.output;
      }
      return { count };
    };
    go();
    assert.deepEqual(kept[7], { ...parsed[7], level: length - 1 });
    contestants[length] = go;
  }
  const figures = await contest(contestants, { ...options, name: 'states' });
  return straightRow('1 to 100 states visited', 'µs for one more', 1, 'states', STATES, STATES, figures);
}

/**
 * How straight a cost grows: what one more costs on the upper stretch of three sizes, against what it costs on the lower one. 1 is
 * a straight line, more is worse.
 */
function straightRow(name, unit, per, xName, [low, middle, high], sizes, figures) {
  const steps = (from, to) => costs(figures[to]).map((cost, round) => ((cost - costs(figures[from])[round]) * per) / (to - from));
  const points = sizes.map((size) => [size, figures[size].cpuMsPer1000]);
  const { explained } = lineThrough(points);
  const number = (value) => value.toLocaleString('en');
  return row({
    suite: 'growth',
    case: name,
    unit,
    better: 'lower',
    ours: figuresOf(steps(middle, high)),
    baseline: figuresOf(steps(low, middle)),
    isOwn: true,
    baselineName: `the same from ${number(low)} to ${number(middle)}`,
    details: { 'variance that a straight line explains': explained.toFixed(4), ...Object.fromEntries(points.map(([size, cost]) => [`${number(size)} ${xName}, µs`, cost])) },
    series: [{ title: `cost of an event by ${xName}`, name: 'processor time', unit: 'µs', xName, log: 'both', points }],
  });
}
