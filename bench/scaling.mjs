import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { COSTS, MEASURED } from './scaling-costs.mjs';
import { simulate } from './scaling-simulation.mjs';

/*
 * How many pods, partitions, brokers and shards a rate of starts takes, and what limits each: arithmetic over what was measured
 * (scaling-costs.mjs) and what is chosen (below). docs/scaling.md quotes what this prints; a test holds it to that.
 *
 *   node bench/scaling.mjs --rate 1000000 --event-bytes 200
 *   node bench/scaling.mjs --page docs/scaling.md          # writes the page's tables anew
 */

/** What is chosen and not measured: option, default, unit, what it is. */
const CHOICES = {
  rate: [1_000_000, 'events/s', 'starts in the busiest second'],
  'event-bytes': [200, 'bytes', 'of one event, JSON'],
  'own-us': [0, 'µs', 'of processor that an execution of yours takes beyond Choice → Pass → Succeed, in a worker'],
  cores: [2, 'processors', 'of a pod: the main thread has one at the most, workers have what it leaves'],
  utilisation: [0.6, '', 'of its limit that a pod, broker or shard is planned for: the rest is for bursts, and for what a lost one leaves'],
  'partitions-per-pod': [4, '', 'so that those of a lost pod go to four others'],
  replication: [3, '', 'copies of a topic'],
  'broker-cores': [8, 'processors', 'of a broker'],
  'nic-gbit': [10, 'Gbit/s', 'of a broker, each way'],
  'backlog-minutes': [10, 'minutes', 'of events that Redis is to hold when nobody reads'],
  'bulk-events': [1000, 'events', 'of one bulk request'],
  'commit-interval-ms': [1000, 'ms', '`commitIntervalMs` of a Kafka source'],
  'session-timeout-ms': [30_000, 'ms', '`sessionTimeoutMs` of a Kafka source'],
};

/** Ethernet, IP and TCP around 1,448 bytes: 1,538 on the wire, by their definitions. */
const WIRE_FACTOR = 1538 / 1448;

const defaults = () => Object.fromEntries(Object.entries(CHOICES).map(([name, [value]]) => [name, value]));

/** What an event of so many bytes costs, along the line through the two sizes that were measured. */
export function costAt([small, large], bytes) {
  const slope = (large - small) / (MEASURED.largeBytes - MEASURED.smallBytes);
  return Math.max(small / 2, small + slope * (bytes - MEASURED.smallBytes));
}

/** How many events a second a pod takes at its limit, and what that limit is. */
export function podLimit({ main, workers }, bytes, cores, ownUs = 0) {
  const mainUs = costAt(main, bytes);
  const allUs = mainUs + costAt(workers, bytes) + ownUs;
  const byMain = 1e6 / mainUs;
  const byAll = (cores * 1e6) / allUs;
  return byMain < byAll ? { rate: byMain, limit: 'main thread' } : { rate: byAll, limit: 'processors' };
}

/** What one way in takes at a rate. */
export function plan(path, choices = {}) {
  const chosen = { ...defaults(), ...choices };
  const { rate, cores, utilisation, replication } = chosen;
  const bytes = chosen['event-bytes'];
  const cost = COSTS[path];
  const { rate: podRate, limit } = podLimit(cost, bytes, cores, chosen['own-us']);
  // Two at the least, so that one can be lost.
  const pods = Math.max(2, Math.ceil(rate / (podRate * utilisation)));
  const gbit = (perSecond, each = bytes) => (perSecond * each * WIRE_FACTOR * 8) / 1e9;
  const common = { path, rate, pods, limit, podRate, perPod: rate / pods };
  if (path.startsWith('kafka')) {
    const results = path === 'kafkaResults';
    const recordBytes = bytes + MEASURED.recordOverheadBytes;
    const resultBytes = results ? bytes + MEASURED.resultOverheadBytes : 0;
    const partitions = pods * chosen['partitions-per-pod'];
    // Copies of the event, and of the result, are fetched by followers as by consumers.
    const copiesUs = (replication - 1) * costAt(COSTS.kafka.broker, bytes) * (results ? 2 : 1);
    const brokerUs = costAt(cost.produce, bytes) + costAt(cost.broker, bytes) + copiesUs;
    const inGbit = gbit(rate, recordBytes + resultBytes) * replication;
    const outGbit = gbit(rate, recordBytes + resultBytes) * (replication - 1) + gbit(rate, recordBytes);
    const byProcessor = (rate * brokerUs) / 1e6 / (chosen['broker-cores'] * utilisation);
    const byNetwork = Math.max(inGbit, outGbit) / (chosen['nic-gbit'] * utilisation);
    const needed = Math.max(byProcessor, byNetwork);
    return {
      ...common,
      partitions,
      perPartition: rate / partitions,
      brokers: Math.max(replication, Math.ceil(needed)),
      brokerLimit: needed <= replication ? 'copies' : byProcessor > byNetwork ? 'processors' : 'network',
      brokerCores: (rate * brokerUs) / 1e6,
      gbit: inGbit,
      podGbit: gbit(rate / pods, recordBytes),
      commits: (pods * 1000) / chosen['commit-interval-ms'],
    };
  }
  if (cost.shard !== undefined) {
    const shardUs = costAt(cost.append, bytes) + costAt(cost.shard, bytes);
    const held = rate * 60 * chosen['backlog-minutes'] * (bytes + costAt(MEASURED.entryOverheadBytes[path], bytes));
    return { ...common, shards: Math.ceil((rate * shardUs) / 1e6 / utilisation), shardRate: 1e6 / shardUs, gbit: gbit(rate), heldGb: held / 1e9 };
  }
  return { ...common, requests: path === 'httpBulk' ? rate / chosen['bulk-events'] : rate, journalMb: path === 'httpSync' ? 0 : (rate * bytes) / 1e6, gbit: gbit(rate) };
}

const number = (value) => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value >= 10 ? String(Math.round(value)) : String(Number(value.toPrecision(2))));
const table = (head, rows) => [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

const NAMES = { kafka: 'Kafka, no output', kafkaResults: 'Kafka, results to a topic', redis: 'Redis streams', bullmq: 'BullMQ', httpBulk: 'HTTP, NDJSON in bulk', httpAsync: 'HTTP, one request each, journaled', httpSync: 'HTTP, one request each, sync' };
const RATES = [10_000, 100_000, 1_000_000];
/** What executions of their own take, for the column that says so: some steps more, a schema, a JSONata expression. */
const OWN_US = 20;

function inputsTable(choices) {
  const measured = Object.entries(COSTS).flatMap(([path, parts]) =>
    Object.entries(parts).map(([part, [small, large]]) => [NAMES[path], PARTS[part], number(small), number(large)]),
  );
  return `${table(['path', 'who', `µs at ${MEASURED.smallBytes} bytes`, `at ${MEASURED.largeBytes} bytes`], measured)}\n\n${table(['option', 'value', 'unit', 'what'], Object.entries(CHOICES).map(([name, [, unit, what]]) => [`\`--${name}\``, choices[name].toLocaleString('en-US'), unit, what]))}`;
}

const PARTS = { main: 'main thread of a pod', workers: 'its other threads', produce: 'broker, to take it', broker: 'broker, to give it (and to take its result)', append: 'Redis, to take it', shard: 'Redis, to give it and to be told of its end' };

function podsTable(choices) {
  const podsFor = (path, rate, ownUs = choices['own-us']) => number(plan(path, { ...choices, rate, 'own-us': ownUs }).pods);
  const rows = [];
  for (const path of Object.keys(COSTS)) {
    const { podRate, limit } = plan(path, choices);
    rows.push([NAMES[path], number(podRate), limit, ...RATES.map((rate) => podsFor(path, rate)), podsFor(path, RATES.at(-1), OWN_US)]);
  }
  return table(['path', 'a pod at its limit, events/s', 'which is', ...RATES.map((rate) => `pods for ${number(rate)}/s`), `the same with ${OWN_US} µs of your own`], rows);
}

function kafkaTable(choices) {
  const rates = [...new Set([...RATES, choices.rate])];
  const rows = ['kafka', 'kafkaResults'].flatMap((path) =>
    rates.map((rate) => {
      const made = plan(path, { ...choices, rate });
      return [NAMES[path], number(rate), number(made.pods), number(made.partitions), number(made.perPartition), `${number(made.brokers)} (${made.brokerLimit})`, number(made.brokerCores), number(made.gbit), number(made.podGbit), number(made.commits)];
    }),
  );
  return table(['path', 'events/s', 'pods', 'partitions', 'events/s of each', 'brokers (why)', 'broker processors in use', 'Gbit/s into brokers, copies included', 'into each pod', 'commits/s'], rows);
}

function redisTable(choices) {
  const rows = ['redis', 'bullmq'].flatMap((path) =>
    RATES.map((rate) => {
      const made = plan(path, { ...choices, rate });
      return [NAMES[path], number(rate), number(made.pods), number(made.shardRate), number(made.shards), number(made.heldGb), number(made.gbit)];
    }),
  );
  return table(['path', 'events/s', 'pods', 'one shard at its limit, events/s', 'shards', `GB for ${choices['backlog-minutes']} minutes unread`, 'Gbit/s'], rows);
}

function httpTable(choices) {
  const rows = ['httpBulk', 'httpAsync', 'httpSync'].flatMap((path) =>
    RATES.map((rate) => {
      const made = plan(path, { ...choices, rate });
      return [NAMES[path], number(rate), number(made.pods), number(made.requests), number(made.perPod), made.journalMb === 0 ? 'none' : number(made.journalMb / made.pods), number(made.gbit)];
    }),
  );
  return table(['path', 'events/s', 'pods', 'requests/s', 'events/s of a pod', 'MB/s of journal in a pod', 'Gbit/s'], rows);
}

/** Losses of one pod, whose place nobody takes unless it says so, at the rate of the choices, on the plan for it. */
export const LOSSES = [
  { name: 'a crash', noticed: 'session', replacedAfter: Infinity },
  { name: 'a crash, session time-out 10 s', noticed: 10, replacedAfter: Infinity },
  { name: 'SIGTERM: it commits and leaves', noticed: 0, replacedAfter: Infinity },
  { name: 'a crash, planned for 85 % of the limit', noticed: 'session', replacedAfter: Infinity, utilisation: 0.85 },
  { name: 'the same, and a new pod is there after 60 s', noticed: 'session', replacedAfter: 60, utilisation: 0.85 },
];
/** Seconds in which the group is formed anew: an assumption between what the faults suite sees and what large groups take. */
const REBALANCE_SECONDS = 3;

export function loss({ noticed, replacedAfter, utilisation }, choices = {}) {
  const chosen = { ...defaults(), ...choices, ...(utilisation === undefined ? {} : { utilisation }) };
  const { rate, pods, partitions, podRate } = plan('kafka', { ...chosen, 'own-us': OWN_US });
  const noticedAfter = noticed === 'session' ? chosen['session-timeout-ms'] / 1000 : noticed;
  return { pods, partitions, ...simulate({ rate, partitions, pods, podRate, lostAt: 10, noticedAfter, rebalance: REBALANCE_SECONDS, uncommitted: noticedAfter === 0 ? 0 : chosen['commit-interval-ms'] / 1000, replacedAfter, seconds: 400 }) };
}

function lossTable(choices) {
  const rows = LOSSES.map((one) => {
    const { pods, partitions, peakLag, worstDelay, recovery, repeated } = loss(one, choices);
    return [one.name, `${pods}, ${partitions}`, number(Math.round(peakLag / 1000) * 1000), `${number(worstDelay)} s`, Number.isFinite(recovery) ? `${number(recovery)} s` : 'not within 390 s', number(repeated)];
  });
  return table(['what happens', 'pods, partitions', 'most events waiting', 'longest wait', 'until all is as before', 'events read again'], rows);
}

/** The blocks of the page, by the names between their marks. */
export function blocks(choices = {}) {
  const chosen = { ...defaults(), ...choices };
  return { inputs: inputsTable(chosen), pods: podsTable(chosen), kafka: kafkaTable(chosen), redis: redisTable(chosen), http: httpTable(chosen), loss: lossTable(chosen) };
}

/** A page with its blocks as they are now. */
export function renewed(page) {
  let text = page;
  for (const [name, block] of Object.entries(blocks())) {
    const [open, close] = [`<!-- scaling: ${name} -->`, '<!-- end -->'];
    const from = text.indexOf(open);
    if (from === -1) throw new Error(`The page has no block ${name}: ${open} … ${close}`);
    text = `${text.slice(0, from + open.length)}\n${block}\n${text.slice(text.indexOf(close, from))}`;
  }
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { page: { type: 'string' }, ...Object.fromEntries(Object.keys(CHOICES).map((name) => [name, { type: 'string' }])) } });
  const { page, ...given } = values;
  const choices = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, Number(text)]));
  const wrong = Object.entries(choices).find(([, value]) => !(value >= 0));
  if (wrong !== undefined) {
    process.stderr.write(`--${wrong[0]} takes a number.\n`);
    process.exitCode = 2;
  } else if (page !== undefined) writeFileSync(page, renewed(readFileSync(page, 'utf8')));
  else process.stdout.write(`${Object.entries(blocks(choices)).map(([name, block]) => `## ${name}\n\n${block}\n`).join('\n')}`);
}
