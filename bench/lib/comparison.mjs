import { BUSY } from './results.mjs';
import { median, rankTest } from './statistics.mjs';

/** A chance of one in a hundred, for each row, that noise alone is called a change. Five rounds on both sides can fall to 0.4 %. */
export const SIGNIFICANCE = 0.01;

/**
 * What became of every row between two runs. Compared are the ratios to the baselines of the same run, round by round: raw
 * figures say as much about the machine's mood as about the program. A row is worse (or better) when its median ratio has moved
 * by at least `leastPercent`, and the rank test finds the rounds of the two runs apart beyond SIGNIFICANCE. Where there are too
 * few rounds for that to be possible, it is undecided.
 *
 * @returns rows of { suite, case, base, current, changePercent (positive: better), chance, verdict: worse, better, same,
 *   undecided, gone, new }
 */
export function compareResults(base, current, { leastPercent }) {
  const keyOf = ({ suite, case: name }) => `${suite}\n${name}`;
  const later = new Map(current.rows.map((row) => [keyOf(row), row]));
  const compared = base.rows.map((row) => {
    const other = later.get(keyOf(row));
    later.delete(keyOf(row));
    return other === undefined ? { ...nameOf(row), base: median(row.ratioRounds), verdict: 'gone' } : { ...nameOf(row), ...compareRows(row, other, leastPercent) };
  });
  return [...compared, ...[...later.values()].map(({ suite, case: name, ratioRounds }) => ({ suite, case: name, current: median(ratioRounds), verdict: 'new' }))];
}

const nameOf = ({ suite, case: name }) => ({ suite, case: name });

function compareRows(base, current, leastPercent) {
  // Turned round where lower is better, so that more is better for all.
  const merit = (row) => (row.better === 'higher' ? row.ratioRounds : row.ratioRounds.map((ratio) => 1 / ratio));
  const [before, after] = [merit(base), merit(current)];
  const changePercent = (median(after) / median(before) - 1) * 100;
  const chance = changePercent < 0 ? rankTest(after, before) : rankTest(before, after);
  return { base: median(base.ratioRounds), current: median(current.ratioRounds), changePercent, chance, verdict: verdictOf(changePercent, chance, leastPercent, [before.length, after.length]) };
}

function verdictOf(changePercent, chance, leastPercent, [before, after]) {
  if (Math.abs(changePercent) < leastPercent) return 'same';
  if (chance <= SIGNIFICANCE) return changePercent < 0 ? 'worse' : 'better';
  return leastChance(before, after) > SIGNIFICANCE ? 'undecided' : 'same';
}

/** What the rank test answers when all of one list stand above all of the other: one in the number of ways to deal them out. */
function leastChance(before, after) {
  let ways = 1;
  for (let i = 1; i <= after; i++) ways = (ways * (before + i)) / i;
  return 1 / ways;
}

/** What makes two runs hard to compare, a sentence each. */
export function differences(base, current) {
  const facts = [
    ['processors', ({ cpu }) => `${cpu.cores} x ${cpu.model}`],
    ['Node versions', ({ node }) => node],
    ['platforms', ({ platform }) => platform],
  ];
  const found = facts.filter(([, of]) => of(base) !== of(current)).map(([what, of]) => `The ${what} differ: ${of(base)} and ${of(current)}. Ratios to baselines carry over in part only.`);
  for (const [name, { settings, loadBefore }] of Object.entries({ BASE: base, NEW: current })) {
    if (loadBefore > BUSY) found.push(`${name} was made on a busy machine, ${loadBefore.toFixed(1)} programs for each core before it began: what changes from run to run may look like a change of the program.`);
    if (settings.smoke) found.push(`${name} is a smoke run: its figures mean nothing.`);
  }
  return found;
}
