/** The median of a list of numbers. */
export const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * Times contestants in turn, A B A B …, so that all of them meet the same moods of the machine. Each is a function of a
 * count that does so many operations (it may answer a promise). Answers operations per second by name: every round's figure
 * and the median.
 */
export async function race(contestants, { rounds = 5, roundMs = 400 } = {}) {
  const entries = Object.entries(contestants);
  const counts = new Map();
  for (const [name, run] of entries) counts.set(name, await calibrate(run, roundMs));
  const figures = Object.fromEntries(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of entries) {
      const count = counts.get(name);
      globalThis.gc?.();
      const begin = performance.now();
      await run(count);
      figures[name].push((count / (performance.now() - begin)) * 1000);
    }
  }
  return Object.fromEntries(entries.map(([name]) => [name, { rounds: figures[name], median: median(figures[name]) }]));
}

/** Finds how many operations take about `roundMs`, warming the code up on the way. */
async function calibrate(run, roundMs) {
  let count = 1;
  for (;;) {
    const begin = performance.now();
    await run(count);
    const elapsed = performance.now() - begin;
    if (elapsed >= roundMs / 4) return Math.max(1, Math.round((count * roundMs) / elapsed));
    count = Math.max(count * 2, Math.round((count * roundMs) / (4 * Math.max(elapsed, 0.01))));
  }
}

/** The ratio of two contestants, round by round: its median is steadier than the ratio of medians. */
export const ratioOf = (ours, theirs) => median(ours.rounds.map((figure, round) => figure / theirs.rounds[round]));

/** One line of a report. */
export const row = (suite, name, ours, baselineName, theirs, unit = 'executions/s') => ({
  suite,
  case: name,
  value: ours.median,
  unit,
  baseline: { name: baselineName, value: theirs.median },
  ratio: ratioOf(ours, theirs),
  spread: [Math.min(...ours.rounds), Math.max(...ours.rounds)],
});
