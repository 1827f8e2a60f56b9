import { strict as assert } from 'node:assert';
import { closedLoop, observed, post, proveEqual, startEcho, startOurs } from './lib/http.mjs';
import { events } from './lib/machine.mjs';
import { contest, row } from './lib/measure.mjs';
import { median } from './lib/statistics.mjs';

/** Bulk requests under way at once: while one is being cut and journaled, the next one's bytes arrive. */
const BULKS = 2;
const DIFFERENT = 256;
const PROOF = 40;

/**
 * The server that `millrace start` is, journal and all, against a bare node:http server that parses the same bodies and
 * serialises its answers. Both are processes of their own and are asked in turn, by the same client.
 */
export async function* run(options = {}) {
  const ours = await startOurs();
  const bare = await startEcho();
  try {
    const texts = events(DIFFERENT);
    const bulkEvents = options.smoke ? 2000 : 20_000;
    const lines = Buffer.from(`${events(bulkEvents).join('\n')}\n`);
    await proveEqual(ours, bare, texts.slice(0, PROOF));
    const answers = [await post(ours, '/v1/machines/m/events', lines), await post(bare, '/lines', lines)];
    assert.deepEqual(answers.map(({ accepted }) => accepted), [bulkEvents, bulkEvents]);
    const single = (server, path) => () => closedLoop(server, path, texts, options.roundMs, options);
    const bulk = (server, path) => () => bulks(server, path, lines, options.roundMs);
    const compared = (name, unit, runOurs, runBare) => compare(name, unit, { ours, bare }, { bare: runBare, ours: runOurs }, options);
    yield compared('POST executions (journaled)', 'requests/s', single(ours, '/v1/machines/m/executions'), single(bare, '/'));
    yield compared('POST sync-executions', 'requests/s', single(ours, '/v1/machines/m/sync-executions'), single(bare, '/'));
    yield compared('POST events, NDJSON (journaled)', 'events/s', bulk(ours, '/v1/machines/m/events'), bulk(bare, '/lines'));
  } finally {
    await ours.close();
    await bare.close();
  }
}

async function compare(name, unit, servers, asks, options) {
  if (!options.smoke) for (const warmUp of Object.values(asks)) await warmUp();
  const mainThreadUs = { ours: [], bare: [] };
  const turns = Object.entries(asks).map(([key, ask]) => [
    key,
    async () => {
      const done = await observed(servers[key], ask);
      mainThreadUs[key].push((done.mainThreadMs * 1000) / done.count);
      return done;
    },
  ]);
  const figures = await contest(Object.fromEntries(turns), { ...options, name });
  const details = { 'main thread, µs each': median(mainThreadUs.ours), 'main thread of the baseline, µs each': median(mainThreadUs.bare) };
  return row({ suite: 'http', case: name, unit, ours: figures.ours, baseline: figures.bare, baselineName: 'node:http echo', details });
}

async function bulks(server, path, lines, durationMs) {
  const until = performance.now() + durationMs;
  let count = 0;
  const lane = async () => {
    do count += (await post(server, path, lines)).accepted;
    while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: BULKS }, lane));
  return { count };
}
