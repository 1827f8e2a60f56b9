import { figuresOf, row } from './measure.mjs';
import { failsOf } from './soak-machine.mjs';
import { median, trendOf } from './statistics.mjs';

/** What is looked at begins after a fifth of the time: until then caches fill and code is compiled. */
const SETTLING = 0.2;

/** How many of the events that were made ask to fail, by how many were made for each source. */
export const shouldFail = (made) => Object.values(made).reduce((sum, count) => sum + failsOf(count), 0);

/**
 * The rows of a soak.
 *
 * @param samples looks at the server: { ms, ended, rssBytes, files, cpuMs }; `begin` is the ms of the first load
 * @param saturated the most executions a second that it did before
 * @param accepted how many events were; `made` how many were made for each source; `refused` by source; `end` the last look
 */
export function rowsOf({ samples, begin, saturated, accepted, made, refused, end }) {
  const settled = samples.slice(Math.floor(samples.length * SETTLING));
  const seconds = (sample) => (sample.ms - begin) / 1000;
  const megabytes = (sample) => sample.rssBytes / 1024 ** 2;
  const memory = settled.map((sample) => [seconds(sample), megabytes(sample)]);
  const { slope, bound, intercept } = trendOf(memory);
  const [from, to] = [settled[0], settled.at(-1)];
  const rates = settled.slice(1).map((sample, i) => ((sample.ended - settled[i].ended) * 1000) / (sample.ms - settled[i].ms));
  const half = settled.length >> 1;
  const files = (part) => median(part.map((sample) => sample.files));
  const minutes = (list) => list.map(([s, value]) => [s / 60, value]);
  const line = [memory[0][0], memory.at(-1)[0]].map((s) => [s, intercept + slope * s]);
  const common = { suite: 'soak' };
  return [
    row({
      ...common,
      case: 'executions ended, all sources',
      unit: 'events/s',
      ours: figuresOf(rates, { cpuMsPer1000: ((to.cpuMs - from.cpuMs) * 1000) / (to.ended - from.ended), rssBytes: to.rssBytes }),
      baseline: figuresOf(rates.map(() => saturated)),
      baselineName: 'the most that it took before',
      isOwn: true,
      details: { minutes: seconds(samples.at(-1)) / 60, 'of them looked at': (seconds(to) - seconds(from)) / 60 },
    }),
    row({
      ...common,
      case: 'memory, slope',
      unit: 'MB/hour',
      better: 'lower',
      ours: figuresOf([slope * 3600]),
      baseline: figuresOf([Number.isFinite(bound) ? Math.max(bound * 3600, 1e-9) : Number.MAX_SAFE_INTEGER]),
      baselineName: 'noise: its 95 % bound',
      details: { 'at first, MB': megabytes(from), 'in the end, MB': megabytes(to) },
      series: [{ title: 'memory under load', name: 'resident memory', unit: 'MB', xName: 'minutes', points: minutes(samples.map((sample) => [seconds(sample), megabytes(sample)])), trend: { name: 'trend', points: minutes(line) } }],
    }),
    row({ ...common, case: 'open files, second half less first', unit: 'files', better: 'lower', ours: figuresOf([files(settled.slice(half)) - files(settled.slice(0, half))]), baseline: figuresOf([files(settled.slice(0, half))]), baselineName: 'open in the first half' }),
    row({
      ...common,
      case: 'lost events',
      unit: 'events',
      better: 'lower',
      ours: figuresOf([Math.max(0, accepted - end.ended)]),
      baseline: figuresOf([accepted]),
      baselineName: 'accepted',
      details: { 'ended more than once': Math.max(0, end.ended - accepted), failed: end.failed, 'failed as they should': shouldFail(made), 'refused with 429': refused.http },
    }),
  ];
}
