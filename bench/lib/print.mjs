/** A number for people: three digits at least, thousands apart. */
export function figure(value) {
  if (value === undefined || value === null || !Number.isFinite(value)) return 'n/a';
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const megabytes = (bytes) => `${Math.round(bytes / 1024 ** 2)} MB`;
const pair = (ours, theirs, print) => (theirs === undefined ? print(ours) : `${print(ours)} / ${print(theirs)}`);

/** A row as lines of text: the figure and its ratio; what else was measured, ours and the baseline's; what each guarantees. */
export function linesOf(row) {
  const [low, high] = row.ratioSpread.map(figure);
  const more = [];
  const latency = ({ p50, p90, p99, p999, max }) => `${[p50, p90, p99, p999, max].map(figure).join(', ')} ms`;
  if (row.latencyMs !== undefined) more.push(`latency p50, p90, p99, p99.9, max: ${pair(row.latencyMs, row.baseline.latencyMs, latency)}`);
  const costs = [];
  if (row.cpuMsPer1000 !== undefined) costs.push(`processor time of 1,000: ${pair(row.cpuMsPer1000, row.baseline.cpuMsPer1000, figure)} ms`);
  if (row.rssBytes !== undefined) costs.push(`memory: ${pair(row.rssBytes, row.baseline.rssBytes, megabytes)}`);
  if (costs.length > 0) more.push(costs.join(', '));
  if (row.guarantees !== undefined) more.push(`ours: ${row.guarantees}`, `${row.baseline.name}: ${row.baseline.guarantees}`);
  for (const [name, value] of Object.entries(row.details ?? {})) more.push(`${name}: ${typeof value === 'number' ? figure(value) : value}`);
  return [
    `${row.suite.padEnd(8)} ${row.case.padEnd(38)} ${figure(row.value).padStart(11)} ${row.unit.padEnd(12)} ratio ${figure(row.ratio)} (${low} to ${high}) to ${row.baseline.name}, ${figure(row.baseline.value)}`,
    ...more.map((line) => `${' '.repeat(9)}${line}`),
  ];
}

/** Columns as wide as what is in them; numbers to the right. */
export function table(header, rows) {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const isNumber = header.map((_, column) => rows.every((row) => typeof row[column] === 'number' || /^[-+]?[\d,.]+ ?%?$|^$/.test(row[column])));
  return cells.map((row) => row.map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ').trimEnd());
}

/** What is under way, on one line of a terminal that is written over; nothing where there is no terminal. */
export function createProgress(stream = process.stderr) {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  const clear = () => stream.write('\r\x1b[2K');
  return {
    show(text) {
      clear();
      stream.write(text.slice(0, (stream.columns ?? 80) - 1));
    },
    clear,
  };
}
