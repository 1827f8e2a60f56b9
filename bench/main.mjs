#!/usr/bin/env node
/**
 * npm run bench -- [suite …] [--json FILE] [--rounds N] [--round-ms N]
 *
 * Runs the suites named (all of them when none is) and prints one line for each case: our figure, the baseline's in the same
 * run, and the ratio. Every suite proves its outputs equal to the baseline's before it times anything.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const suites = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.mjs') && file !== 'main.mjs' && !file.includes('-')).map((file) => file.slice(0, -4)).toSorted();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, rounds: { type: 'string', default: '5' }, 'round-ms': { type: 'string', default: '400' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(`npm run bench -- [suite …] [--json FILE] [--rounds N] [--round-ms N]\nsuites: ${suites.join(', ')}`);
  process.exit(0);
}
const unknown = positionals.filter((name) => !existsSync(new URL(`./${name}.mjs`, import.meta.url)));
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(', ')}; there are ${suites.join(', ')}`);
  process.exit(2);
}

const rows = [];
for (const name of positionals.length > 0 ? positionals : suites) {
  const { run } = await import(new URL(`./${name}.mjs`, import.meta.url));
  for await (const line of await run({ rounds: Number(values.rounds), roundMs: Number(values['round-ms']) })) {
    rows.push(line);
    const figure = (value) => Math.round(value).toLocaleString('en');
    console.log(`${line.suite.padEnd(8)} ${line.case.padEnd(34)} ${figure(line.value).padStart(12)} ${line.unit.padEnd(14)} ${line.baseline.name}: ${figure(line.baseline.value)}  ratio ${line.ratio.toFixed(line.ratio < 10 ? 2 : 0)}`);
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
process.exit(0);
