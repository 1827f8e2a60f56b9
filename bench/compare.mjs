import { parseArgs } from 'node:util';
import { compareResults, differences } from './lib/comparison.mjs';
import { figure, table } from './lib/print.mjs';
import { BadResults, readResults } from './lib/results.mjs';

export const USAGE = 'npm run bench -- compare BASE.json NEW.json [--least-percent N]';

/** Prints what became of every row. Answers the exit code: 0, 1 when a row is worse, 2 when there is nothing to compare. */
export function compare(args, { print = console.log, warn = console.error } = {}) {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { 'least-percent': { type: 'string', default: '5' } } });
  const leastPercent = Number(values['least-percent']);
  if (positionals.length !== 2 || !(leastPercent >= 0)) {
    warn(USAGE);
    return 2;
  }
  let results;
  try {
    results = positionals.map(readResults);
  } catch (error) {
    if (!(error instanceof BadResults)) throw error;
    warn(error.message);
    return 2;
  }
  const [base, current] = results;
  for (const difference of differences(base, current)) warn(`warning: ${difference}`);
  const rows = compareResults(base, current, { leastPercent });
  if (!rows.some(({ verdict }) => verdict !== 'gone' && verdict !== 'new')) {
    warn(`The two have no case in common: ${positionals[0]} has ${suitesOf(base)}, ${positionals[1]} has ${suitesOf(current)}`);
    return 2;
  }
  const percent = (value) => (value === undefined ? '' : `${value < 0 ? '' : '+'}${value.toFixed(1)} %`);
  const ratio = (value) => (value === undefined ? '' : figure(value));
  const lines = rows.map((row) => [row.suite, row.case, ratio(row.base), ratio(row.current), percent(row.changePercent), row.chance?.toFixed(3) ?? '', row.verdict]);
  for (const line of table(['suite', 'case', 'base', 'new', 'better by', 'chance', 'verdict'], lines)) print(line);
  const of = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  print(`\n${of('worse')} worse, ${of('better')} better, ${of('same')} the same within noise or ${leastPercent} %, ${of('undecided')} undecided (too few rounds), ${of('gone')} gone, ${of('new')} new`);
  return of('worse') > 0 ? 1 : 0;
}

const suitesOf = ({ rows }) => [...new Set(rows.map(({ suite }) => suite))].join(', ') || 'no rows';
