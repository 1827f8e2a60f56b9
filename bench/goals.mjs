/*
 * What is to be reached on two cores, medians of five rounds. A goal names its row by suite and case, and one measure or
 * several, of which one has to be met: `of` reads the figure, `least` or `most` is the bound. A bound may depend on the major
 * version of Node.
 */
const ratio = (least) => ({ of: (row) => row.ratio, least, unit: 'x' });
const atMost = (most, unit, of = (row) => row.value) => ({ of, most, unit });
const goal = (path, suite, name, ...measures) => ({ path, suite, case: name, measures });

export const GOALS = [
  goal('Engine, in memory, against hand-written JavaScript', 'engine', 'add a field, in memory', ratio(0.6)),
  goal('Engine, in memory, picking fields', 'engine', 'pick fields, in memory', ratio(0.6)),
  goal('Engine, JSON in and out', 'engine', 'add a field, JSON in and out', ratio(0.9)),
  goal('Engine, JSON in and out, picking fields', 'engine', 'pick fields, JSON in and out', ratio(0.9)),
  goal('Engine, against aws-local-stepfunctions', 'engine', 'add a field, in memory, against a peer', ratio(300)),
  goal('Kafka → execute → commit, against bare kafkajs', 'kafka', 'read, run Choice→Pass, commit', ratio((node) => (node >= 24 ? 2 : 1.6))),
  goal('Kafka → execute → commit, events a second', 'kafka', 'read, run Choice→Pass, commit', { of: (row) => row.value, least: 250_000, unit: '/s' }),
  goal('Kafka → execute → results to a topic', 'kafka', 'results to a topic', ratio(0.8)),
  goal('Redis stream → execute → XACK', 'redis', 'stream: choice-pass-succeed', ratio(1)),
  goal('BullMQ, concurrency 64', 'bullmq', 'concurrency 64: choice-pass-succeed', ratio(0.95)),
  goal('BullMQ, concurrency 500', 'bullmq', 'concurrency 500: choice-pass-succeed', ratio(0.95)),
  goal('HTTP, asynchronous, journaled and fsynced', 'http', 'POST executions (journaled)', ratio(0.8)),
  goal('HTTP, synchronous', 'http', 'POST sync-executions', ratio(0.7)),
  goal('HTTP, NDJSON batches, journaled', 'http', 'POST events, NDJSON (journaled)', ratio(0.6), { of: (row) => row.value, least: 250_000, unit: '/s' }),
  goal('Latency of a sync start, p99 at half of saturation, against the echo', 'latency', 'HTTP sync start, p99 at half of saturation', atMost(2, 'x', (row) => row.ratio)),
  goal('Latency from produce to end on Kafka, p99', 'latency', 'Kafka, p99 from produce to end', atMost(25, ' ms')),
  goal('… and against the bare consumer', 'latency', 'Kafka, p99 from produce to end', atMost(2, 'x', (row) => row.ratio)),
  goal('Two processes on Kafka, events a second against one', 'scale', '2 processes on one topic', ratio(0.9)),
  goal('Four processes on Kafka, events a second against one', 'scale', '4 processes on one topic', ratio(0.9)),
  goal('Four processes on Kafka, processor time against one', 'scale', '4 processes on one topic', atMost(1.15, 'x', (row) => row.cpuMsPer1000 / row.baseline.cpuMsPer1000)),
  goal('Cost of an event with 1,000 machines registered', 'growth', '1000 machines, all events to one', atMost(1.1, 'x', (row) => row.ratio)),
  goal('… with 1,000 machines used in turn', 'growth', '1000 machines, in turn', atMost(1.1, 'x', (row) => row.ratio)),
  goal('Linear in payload size', 'growth', 'payload of 100 B to 100 kB, output wanted', atMost(1.2, 'x', (row) => row.ratio)),
  goal('Linear in states visited', 'growth', '1 to 100 states visited', atMost(1.2, 'x', (row) => row.ratio)),
  goal('HTTP, synchronous, against Restate', 'peers', 'Restate: ask and be answered', ratio(25)),
  goal('HTTP, asynchronous, against Restate', 'peers', 'Restate: start without waiting', ratio(25)),
  goal('100,000 parked executions, bytes beyond the payload', 'memory', 'parked in a Wait, bytes each', atMost(1000, ' bytes', (row) => row.value - row.baseline.value)),
  goal('Soak: slope of memory, within its 95 % bound', 'soak', 'memory, slope', atMost(1, ' of the bound', (row) => row.ratio)),
  goal('Soak: open files gained', 'soak', 'open files, second half less first', atMost(0, '')),
  goal('Soak: lost events', 'soak', 'lost events', atMost(0, '')),
  goal('Start to ready with ten machines', 'startup', '10 machines, JSONPath', atMost(400, ' ms')),
];

/**
 * Holds rows against the goals.
 *
 * @param node process.version of the run
 * @returns one entry for each goal: { path, measured, bound, met, byPercent: how far beyond the bound (negative: short of it) }; of a
 *   goal whose row is not there only the path and the bound
 */
export function judge(rows, node, goals = GOALS) {
  const major = Number(/^v(\d+)/.exec(node)?.[1]);
  return goals.map(({ path, suite, case: name, measures }) => {
    const row = rows.find((one) => one.suite === suite && one.case === name);
    const judged = measures.map((measure) => judgeOne(measure, row, major)).toSorted((a, b) => b.byPercent - a.byPercent);
    return { path, suite, case: name, ...judged[0], bound: judged.map(({ bound }) => bound).join(' or ') };
  });
}

function judgeOne({ of, least, most, unit }, row, major) {
  const limit = typeof (least ?? most) === 'function' ? (least ?? most)(major) : (least ?? most);
  const text = (value) => `${value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 })}${unit}`;
  const bound = `${least === undefined ? '≤' : '≥'} ${text(limit)}`;
  const value = row === undefined ? undefined : of(row);
  if (value === undefined || !Number.isFinite(value)) return { bound, byPercent: Number.NEGATIVE_INFINITY };
  const margin = least === undefined ? limit - value : value - limit;
  return { bound, measured: text(value), met: margin >= 0, byPercent: (margin / (limit === 0 ? 1 : limit)) * 100 };
}

/** What a goal came to, in words. */
export function verdictOf({ met, byPercent }) {
  if (met === undefined) return 'not run';
  const by = Math.abs(byPercent);
  return met ? 'met' : `missed by ${by < 10 ? by.toFixed(1) : Math.round(by)} %`;
}
