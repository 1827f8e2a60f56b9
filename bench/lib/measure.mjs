import { createLatency } from './latency.mjs';
import { median, rangeOf } from './statistics.mjs';

/**
 * Runs contestants in turn, A B A B …, so that all of them meet the same moods of the machine. Each answers, for a round, what
 * it did: `count` operations in `ms` milliseconds (the whole call's where it does not say), `cpuMs` of processor time for
 * `cpuCount` operations (this process's, all threads, where it does not say), `rssBytes`, and a `latency`.
 *
 * @param options rounds; progress: told what is under way
 * @returns by name: every round's operations a second and their median, processor milliseconds for 1,000 operations, resident
 *   bytes, and the latencies of all rounds
 */
export async function contest(contestants, { rounds = 5, progress, name = '' } = {}) {
  const figures = Object.fromEntries(Object.keys(contestants).map((key) => [key, { rounds: [], cpu: [], rss: [], latency: createLatency(), p99: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const [key, run] of Object.entries(contestants)) {
      progress?.(`${name} round ${round + 1} of ${rounds}: ${key}`);
      globalThis.gc?.();
      take(figures[key], await timed(run, round));
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([key, figure]) => [key, finished(figure)]));
}

async function timed(run, round) {
  const before = process.cpuUsage();
  const begin = performance.now();
  const done = await run(round);
  const ms = done.ms ?? performance.now() - begin;
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, cpuCount: done.count, rssBytes: process.memoryUsage.rss(), ...done, ms };
}

function take(figure, { count, ms, cpuMs, cpuCount, rssBytes, latency }) {
  figure.rounds.push((count / ms) * 1000);
  if (cpuMs !== undefined) figure.cpu.push((cpuMs * 1000) / cpuCount);
  if (rssBytes !== undefined) figure.rss.push(rssBytes);
  if (latency === undefined) return;
  figure.latency.add(latency);
  figure.p99.push(latency.percentileMs(99));
}

const finished = ({ rounds, cpu, rss, latency, p99 }) => ({
  rounds,
  median: median(rounds),
  ...(cpu.length > 0 ? { cpuMsPer1000: median(cpu), cpuRounds: cpu } : {}),
  ...(rss.length > 0 ? { rssBytes: median(rss) } : {}),
  ...(p99.length > 0 ? { latencyMs: latency.summary(), p99Rounds: p99 } : {}),
});

/** Figures of contestants whose rounds are in the unit itself (milliseconds, bytes) and not operations a second. */
export const figuresOf = (rounds, more = {}) => ({ rounds, median: median(rounds), ...more });

/**
 * A contest of functions that do as many operations as they are told (and may answer a promise): how many take about `roundMs`
 * is found out first, which warms the code up. With `latency`, each gets a recorder of milliseconds as its second argument.
 */
export async function race(contestants, { roundMs = 400, latency = false, ...options } = {}) {
  const timed = {};
  for (const [key, run] of Object.entries(contestants)) {
    options.progress?.(`${options.name ?? ''} warms up: ${key}`);
    const count = await calibrate(run, roundMs);
    timed[key] = async () => {
      const recorder = latency ? createLatency() : undefined;
      await run(count, recorder);
      return { count, latency: recorder };
    };
  }
  return contest(timed, options);
}

async function calibrate(run, roundMs) {
  let count = 1;
  for (;;) {
    const begin = performance.now();
    await run(count, createLatency());
    const elapsed = performance.now() - begin;
    if (elapsed >= roundMs / 4) return Math.max(1, Math.round((count * roundMs) / elapsed));
    count = Math.max(count * 2, Math.round((count * roundMs) / (4 * Math.max(elapsed, 0.01))));
  }
}

/** The ratio of two contestants, round by round: its median is steadier than the ratio of medians. */
export const ratioOf = (ours, theirs) => median(ratiosOf(ours, theirs));
const ratiosOf = (ours, theirs) => ours.rounds.map((figure, round) => figure / theirs.rounds[round]);

/**
 * One line of a report.
 *
 * @param better whether a higher or a lower value is the better one
 * @param isOwn whether the baseline is Millrace itself, in other circumstances
 * @param guarantees what each side promises (delivery, durability, order): { ours, baseline }, where they differ
 * @param details further figures, by a name that says their unit
 * @param series what went on over time, or as something grew: { title, name, unit, xName, points: [[x, y]], log, trend }
 * @throws where a round of either side is no number, or the baseline's is nothing
 */
export function row({ suite, case: name, unit = 'executions/s', better = 'higher', ours, baseline, baselineName, isOwn = false, guarantees, details, series }) {
  const ratios = ratiosOf(ours, baseline);
  if (ratios.length === 0 || !ratios.every(Number.isFinite)) throw new Error(`${suite}, ${name}: a round has no ratio: ${ours.rounds.join(', ')} to ${baseline.rounds.join(', ')}`);
  const side = ({ rounds, median: value, cpuMsPer1000, rssBytes, latencyMs }) => ({ value, rounds, spread: rangeOf(rounds), cpuMsPer1000, rssBytes, latencyMs });
  return {
    suite,
    case: name,
    unit,
    better,
    ...side(ours),
    ratio: median(ratios),
    ratioRounds: ratios,
    ratioSpread: rangeOf(ratios),
    baseline: { name: baselineName, isOwn, ...side(baseline), guarantees: guarantees?.baseline },
    guarantees: guarantees?.ours,
    details,
    series,
  };
}
