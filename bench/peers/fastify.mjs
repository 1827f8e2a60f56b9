import { strict as assert } from 'node:assert';
import { fileURLToPath } from 'node:url';
import { closedLoop, observed, post, startOurs } from '../lib/http.mjs';
import { byHand, events } from '../lib/machine.mjs';
import { contest, row } from '../lib/measure.mjs';
import { serverProcess } from '../lib/processes.mjs';

const SYNC = '/v1/machines/m/sync-executions';
export const OURS_SYNC = 'at most once, and the caller holds the retry; retries, waits and a time limit within the workflow; a worker that dies is replaced';

/** A fastify route that has the logic by hand, against our synchronous start; 64 connections. */
export async function run({ smoke = false, roundMs, ...options }) {
  const texts = events(256);
  const ours = await startOurs();
  const bare = await serverProcess([fileURLToPath(new URL('./fastify-server.mjs', import.meta.url))]);
  try {
    for (const text of texts.slice(0, 20)) {
      const expected = byHand(JSON.parse(text));
      assert.deepEqual(await post(bare, '/', text), expected);
      assert.deepEqual((await post(ours, SYNC, text)).output, expected);
    }
    const asked = (server, path) => () => observed(server, () => closedLoop(server, path, texts, roundMs, { smoke }));
    const turns = { bare: asked(bare, '/'), ours: asked(ours, SYNC) };
    if (!smoke) for (const warmUp of Object.values(turns)) await warmUp();
    const figures = await contest(turns, { ...options, name: 'a JSON route' });
    const guarantees = { ours: OURS_SYNC, baseline: 'none: a handler that throws or blocks is the programmer’s to see to' };
    return [row({ suite: 'peers', case: 'HTTP: ask and be answered', unit: 'requests/s', ours: figures.ours, baseline: figures.bare, baselineName: 'fastify, by hand', guarantees })];
  } finally {
    await ours.close();
    await bare.close();
  }
}
