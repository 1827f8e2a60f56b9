import { isDeepStrictEqual } from 'node:util';
import jsonata from 'jsonata';
import { compileJsonata } from '../dist/asl/jsonata/expression.js';
import { jsonataCases } from './jsonata-cases.mjs';
import { race, row } from './lib/measure.mjs';

/** Plain copies, so that the library's hidden marks and prototypes do not count as differences. */
const plain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** Compiled expressions against the jsonata library: proves that both answer the same, then times both on the same values. */
export async function* run(options = {}) {
  const pairs = jsonataCases.map((given) => ({ given, ours: compileJsonata(given.expr), library: jsonata(given.expr) }));
  for (const { given, ours, library } of pairs) {
    if (ours.path !== 'compiled') throw new Error(`${given.expr} is not compiled`);
    const [mine, theirs] = [ours.evaluate(given.input, given.bindings), await library.evaluate(given.input, given.bindings)];
    if (mine === undefined || !isDeepStrictEqual(plain(mine), plain(theirs))) {
      throw new Error(`${given.expr} answers ${JSON.stringify(mine)}, with the library ${JSON.stringify(theirs)}`);
    }
  }
  for (const { given, ours, library } of pairs) {
    const { mine, theirs } = await race(
      {
        mine: (count) => {
          for (let i = 0; i < count; i++) ours.evaluate(given.input, given.bindings);
        },
        theirs: async (count) => {
          for (let i = 0; i < count; i++) await library.evaluate(given.input, given.bindings);
        },
      },
      { ...options, name: given.name },
    );
    yield row({ suite: 'jsonata', case: given.name, unit: 'ops/s', ours: mine, baseline: theirs, baselineName: 'jsonata library' });
  }
}
