/**
 * The sum of a metric's samples in Prometheus text whose labels are as given; 0 where there is none.
 *
 * @param labels label names with the value asked for
 */
export function sumOf(text, metric, labels = {}) {
  const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  let sum = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(metric)) continue;
    const rest = line.slice(metric.length);
    if (rest[0] !== ' ' && rest[0] !== '{') continue;
    if (wanted.every((label) => rest.includes(label))) sum += Number(rest.slice(rest.lastIndexOf(' ')));
  }
  return sum;
}
