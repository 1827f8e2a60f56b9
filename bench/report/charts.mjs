/** Which charts a page has, as data: what client.js draws. A chart without anything to show is left out. */
export function chartsOf(rows) {
  return [ratios(rows), latencies(rows), processor(rows), series(rows)].filter(({ panels }) => panels.length > 0);
}

const label = ({ suite, case: name }) => [suite, name];

function ratios(rows) {
  const shown = rows.filter(({ better, unit }) => better === 'higher' && unit.endsWith('/s'));
  const panel = (title, some) => {
    const points = some.map((row) => ({ label: label(row), value: row.ratio, low: row.ratioSpread[0], high: row.ratioSpread[1], text: `${row.ratio.toPrecision(3)} of ${row.baseline.name}` }));
    return points.length === 0 ? [] : [{ kind: 'ratios', title, points, lines: points.length + 2.5 }];
  };
  return {
    id: 'ratios',
    title: 'Throughput against the baseline',
    note: 'Times the baseline’s own rate, on a logarithmic scale. The dot is the median of the rounds, the line their smallest and largest. Right of the upright line at 1 is faster than the baseline.',
    wide: true,
    panels: [...panel('Against the platform and other software', shown.filter(({ baseline }) => !baseline.isOwn)), ...panel('Against Millrace itself, in other circumstances', shown.filter(({ baseline }) => baseline.isOwn))],
  };
}

function latencies(rows) {
  const shown = rows.filter(({ latencyMs }) => latencyMs !== undefined);
  const curve = (name, latency) => ({ name, points: latency.curve.filter(([percentile]) => percentile < 100 || latency.count < 10).concat([[lastPercentile(latency.count), latency.max]]) });
  return {
    id: 'latencies',
    title: 'Latency by percentile',
    note: 'How long all but the slowest took, in milliseconds, both axes logarithmic. Corrected for coordinated omission: what was not asked while something was slow is counted too.',
    panels: shown.map((row) => ({
      kind: 'percentiles',
      title: label(row).join(': '),
      curves: [curve('Millrace', row.latencyMs), ...(row.baseline.latencyMs === undefined ? [] : [curve(row.baseline.name, row.baseline.latencyMs)])],
    })),
  };
}

/** The slowest of a thousand is the percentile 99.9. */
const lastPercentile = (count) => Math.min(99.999, 100 * (1 - 1 / Math.max(2, count)));

function processor(rows) {
  const shown = rows.filter(({ cpuMsPer1000, baseline }) => cpuMsPer1000 > 0 && baseline.cpuMsPer1000 > 0);
  const points = shown.map((row) => ({ label: label(row), ours: row.cpuMsPer1000, baseline: row.baseline.cpuMsPer1000, baselineName: row.baseline.name }));
  return {
    id: 'processor',
    title: 'Processor time',
    note: 'Milliseconds of processor time, of all threads, for 1,000 executions, on a logarithmic scale. Less is better.',
    panels: points.length === 0 ? [] : [{ kind: 'pairs', points, lines: 1.6 * points.length + 3 }],
  };
}

function series(rows) {
  return {
    id: 'series',
    title: 'Over time, and as things grow',
    note: 'What was sampled while a suite ran, and what a figure does as its input grows.',
    panels: rows.flatMap(({ suite, case: name, series = [] }) => series.map((one) => Object.assign({ kind: 'series' }, one, { title: `${suite}: ${one.title ?? name}` }))),
  };
}
