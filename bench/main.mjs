#!/usr/bin/env node
/**
 * npm run bench -- [suite …] [--json FILE] [--html FILE] [--rounds N] [--round-ms N] [--smoke]
 * npm run bench -- compare BASE.json NEW.json
 *
 * Runs the suites named (when none is, all but those that run only by name). Every suite proves its outputs equal to its
 * baseline's before it times anything. docs/benchmarks.md says what each does and how to read it.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compare, USAGE as COMPARE_USAGE } from './compare.mjs';
import { judge, verdictOf } from './goals.mjs';
import { differences } from './lib/comparison.mjs';
import { table } from './lib/print.mjs';
import { BUSY, envelope, loadPerCore, mergeResults, readResults, writeResults } from './lib/results.mjs';
import { runSuites } from './lib/run.mjs';
import { pageOf } from './report/page.mjs';
import { SUITES } from './suites.mjs';

const USAGE = `npm run bench -- [suite …] [--json FILE] [--html FILE] [--rounds N] [--round-ms N] [--minutes N] [--smoke]
${COMPARE_USAGE}
npm run bench -- report FILE.json … --html FILE

  --json FILE    writes every figure, for compare and report
  --html FILE    writes a page with charts, all in one file
  --rounds N     rounds of each contestant, in turn (5)
  --round-ms N   milliseconds of a round, where a suite is free to choose (400)
  --minutes N    length of the soak (30)
  --smoke        one tiny round of everything, to see that it works: the figures mean nothing

suites:
${Object.entries(SUITES).map(([name, { about, byName }]) => `  ${name.padEnd(8)} ${about}${byName ? ' (only by name)' : ''}`).join('\n')}`;

function usage(message) {
  console.error(message === undefined ? USAGE : `${message}\n\n${USAGE}`);
  return 2;
}

async function main(args) {
  if (args[0] === 'compare') return compare(args.slice(1));
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'string' }, html: { type: 'string' }, rounds: { type: 'string', default: '5' }, 'round-ms': { type: 'string', default: '400' }, minutes: { type: 'string', default: '30' }, smoke: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
  } catch (error) {
    return usage(error.message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (positionals[0] === 'report') return report(positionals.slice(1), values.html);
  const unknown = positionals.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length > 0) return usage(`There is no suite ${unknown.join(', ')}.`);
  const numbers = { rounds: Number(values.rounds), roundMs: Number(values['round-ms']), minutes: Number(values.minutes) };
  for (const [name, value] of Object.entries(numbers)) {
    if (!(value > 0) || (name === 'rounds' && !Number.isInteger(value))) return usage(`--${name.replace('Ms', '-ms')} takes a number above 0.`);
  }
  const { smoke } = values;
  const named = positionals.length > 0 ? positionals : Object.keys(SUITES).filter((name) => smoke || !SUITES[name].byName);
  const settings = { ...(smoke ? { rounds: 1, roundMs: 20, minutes: 0.1 } : numbers), smoke };
  const load = loadPerCore();
  if (load > BUSY && !smoke) console.error(`warning: The machine is busy: ${load.toFixed(1)} programs for each core want to run before the first suite has begun. Figures will be noisy.`);
  const { rows, skipped, failed } = await runSuites(Object.fromEntries(named.map((name) => [name, SUITES[name]])), settings);
  const results = envelope({ settings: { ...settings, suites: named }, rows, skipped, load });
  if (values.json !== undefined) writeResults(values.json, results);
  if (values.html !== undefined) writeFileSync(values.html, pageOf(results));
  if (smoke) console.log(`smoke: ${named.filter((name) => !failed.includes(name) && !skipped.some(({ suite }) => suite === name)).length} of ${named.length} suites ran with outputs proved equal; the figures mean nothing`);
  else printGoals(results);
  if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

function printGoals({ rows, node }) {
  const judged = judge(rows, node).filter(({ met }) => met !== undefined);
  if (judged.length === 0) return;
  console.log('');
  for (const line of table(['goal', 'bound', 'measured', ''], judged.map((goal) => [goal.path, goal.bound, goal.measured, verdictOf(goal)]))) console.log(line);
}

/** The page of runs that are over. */
function report(files, html) {
  if (files.length === 0 || html === undefined) return usage();
  try {
    const all = files.map(readResults);
    for (const other of all.slice(1)) {
      for (const difference of differences(all[0], other)) console.error(`warning: ${difference}`);
    }
    writeFileSync(html, pageOf(mergeResults(all)));
    return 0;
  } catch (error) {
    console.error(error.message);
    return 2;
  }
}

// Ending by exit, and not by the signal, lets what was started be ended too.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
// Not process.exitCode: what a suite has left open must not keep the program from ending.
process.exit(await main(process.argv.slice(2)));
