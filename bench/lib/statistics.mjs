/** The median of a list of numbers; NaN of none. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Smallest and largest. */
export const rangeOf = (numbers) => [Math.min(...numbers), Math.max(...numbers)];

/**
 * The probability, if both lists came from one distribution, that `lower` stands at least as far below `upper` as it does: the
 * one-sided rank test of Mann, Whitney and Wilcoxon. Exact for any size, equal values included: all ways to deal the ranks out
 * are counted, by the sum that they give.
 */
export function rankTest(lower, upper) {
  if (lower.length === 0 || upper.length === 0) return 1;
  const ranks = doubledRanks([...lower, ...upper]);
  const observed = ranks.slice(0, lower.length).reduce((a, b) => a + b, 0);
  const total = ranks.reduce((a, b) => a + b, 0);
  // ways[k][s]: how many choices of k of the ranks looked at so far sum up to s.
  const ways = Array.from({ length: lower.length + 1 }, () => new Float64Array(total + 1));
  ways[0][0] = 1;
  for (const rank of ranks) {
    for (let k = lower.length; k > 0; k--) {
      for (let sum = total; sum >= rank; sum--) ways[k][sum] += ways[k - 1][sum - rank];
    }
  }
  const choices = ways[lower.length];
  return choices.subarray(0, observed + 1).reduce((a, b) => a + b, 0) / choices.reduce((a, b) => a + b, 0);
}

/** Ranks from 1, twice as large so that the mean rank of equal values is whole. */
function doubledRanks(values) {
  const order = values.map((_, i) => i).toSorted((a, b) => values[a] - values[b]);
  const ranks = Array.from({ length: values.length }, () => 0);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) ranks[order[i]] = from + to + 1;
    from = to;
  }
  return ranks;
}

/** The straight line of least squares through [x, y] points: y = intercept + slope * x, and the part of the variance that it explains. */
export function lineThrough(points) {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  const slope = xx === 0 ? 0 : xy / xx;
  const explained = yy === 0 || xx === 0 ? 1 : xy ** 2 / (xx * yy);
  const residual = Math.max(0, yy - slope * xy);
  return { slope, intercept: meanY - slope * meanX, explained, slopeError: count > 2 && xx > 0 ? Math.sqrt(residual / (count - 2) / xx) : Number.POSITIVE_INFINITY };
}

/** Two-sided 95 % bounds of Student's distribution by degrees of freedom; what stands between takes the wider one. */
const STUDENT = [[1, 12.706], [2, 4.303], [3, 3.182], [4, 2.776], [5, 2.571], [6, 2.447], [8, 2.306], [10, 2.228], [15, 2.131], [20, 2.086], [30, 2.042], [60, 2], [120, 1.98]];
const studentBound = (freedom) => STUDENT.findLast(([least]) => least <= freedom)?.[1] ?? Number.POSITIVE_INFINITY;

/**
 * The slope of a series with its 95 % bound. Samples that follow each other closely are not independent, so the line is laid
 * through the means of `blocks` stretches of the series and not through its samples.
 */
export function trendOf(points, blocks = 20) {
  const size = Math.max(1, Math.ceil(points.length / blocks));
  const means = [];
  for (let from = 0; from < points.length; from += size) {
    const block = points.slice(from, from + size);
    means.push([0, 1].map((at) => block.reduce((sum, point) => sum + point[at], 0) / block.length));
  }
  const { slope, slopeError, intercept } = lineThrough(means);
  const bound = slopeError * studentBound(means.length - 2);
  return { slope, intercept, bound: Number.isNaN(bound) ? Number.POSITIVE_INFINITY : bound };
}
