import { isDeepStrictEqual } from 'node:util';
import jsonata from 'jsonata';
import { compileJsonata } from '../dist/asl/jsonata/expression.js';
import { jsonataCases } from './jsonata-cases.mjs';

const WARM_UP_MS = 150;
const MEASURE_MS = 400;

/** Plain copies, so that the library's hidden marks and prototypes do not count as differences. */
const plain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

function measure(body) {
  let operations = 0;
  const until = (ms) => {
    const started = performance.now();
    operations = 0;
    let elapsed = 0;
    while (elapsed < ms) {
      for (let round = 0; round < 200; round++) body();
      operations += 200;
      elapsed = performance.now() - started;
    }
    return (operations * 1000) / elapsed;
  };
  until(WARM_UP_MS);
  return until(MEASURE_MS);
}

async function measureAsync(body) {
  const until = async (ms) => {
    const started = performance.now();
    let operations = 0;
    let elapsed = 0;
    while (elapsed < ms) {
      for (let round = 0; round < 50; round++) await body();
      operations += 50;
      elapsed = performance.now() - started;
    }
    return (operations * 1000) / elapsed;
  };
  await until(WARM_UP_MS);
  return until(MEASURE_MS);
}

/** Proves that both answer the same, then times both on the same values. Yields a row per case. */
export async function* run() {
  const pairs = jsonataCases.map((given) => ({ given, ours: compileJsonata(given.expr), library: jsonata(given.expr) }));
  for (const { given, ours, library } of pairs) {
    if (ours.path !== 'compiled') throw new Error(`${given.expr} is not compiled`);
    const [mine, theirs] = [ours.evaluate(given.input, given.bindings), await library.evaluate(given.input, given.bindings)];
    if (mine === undefined || !isDeepStrictEqual(plain(mine), plain(theirs))) {
      throw new Error(`${given.expr} answers ${JSON.stringify(mine)}, with the library ${JSON.stringify(theirs)}`);
    }
  }
  for (const { given, ours, library } of pairs) {
    const value = measure(() => ours.evaluate(given.input, given.bindings));
    const baseline = await measureAsync(() => library.evaluate(given.input, given.bindings));
    yield {
      suite: 'jsonata',
      case: given.name,
      value: Math.round(value),
      unit: 'ops/s',
      baseline: { name: 'jsonata library', value: Math.round(baseline) },
      ratio: Math.round((value / baseline) * 10) / 10,
    };
  }
}

if (process.argv[1] === import.meta.filename) {
  for await (const row of run()) console.log(`${row.case.padEnd(28)} ${String(row.value).padStart(12)} ${row.unit}  ${row.baseline.name} ${String(row.baseline.value).padStart(9)}  x${row.ratio}`);
}
