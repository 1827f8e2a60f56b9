import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SourceConfig } from '../../../src/config/settings.ts';
import { createEngine } from '../../../src/engine.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { connect, consumersOf, later, pendingOf, settingsOf } from './rig.ts';

/** Waits for the events that say so, and notes every one. */
const definition = JSON.stringify({
  StartAt: 'Long?',
  States: {
    'Long?': { Type: 'Choice', Choices: [{ Variable: '$.waitSeconds', NumericGreaterThan: 0, Next: 'Wait' }], Default: 'Note' },
    Wait: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'Note' },
    Note: { Type: 'Task', Resource: 'note', End: true },
  },
});

async function engineOf(url: string, stream: string, more: Partial<SourceConfig> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-redis-'));
  const file = join(folder, 'noted');
  await writeFile(file, '');
  await writeFile(join(folder, 'note.mjs'), `import { appendFileSync } from 'node:fs';\nexport const handler = (event) => { appendFileSync(${JSON.stringify(file)}, event.n + '\\n'); return event; };\n`);
  const source: SourceConfig = {
    name: 'orders',
    kind: { redisStream: settingsOf({ url, streams: [stream], keyField: 'key', takeoverMs: 2000 }) },
    machine: 'm',
    order: 'none',
    maxInFlight: 2000,
    retry: { maxAttempts: 1, backoffMs: 1, maxBackoffMs: 1 },
    deadLetters: null,
    tombstones: 'skip',
    ...more,
  };
  const engine = await createEngine({ machines: { m: { definition } }, functions: folder, workers: 2, sources: [source] });
  later(() => engine.close(1000));
  return { engine, noted: async () => (await readFile(file, 'utf8')).split('\n').filter(Boolean).map(Number) };
}

await describeWith(['redis'], 'Redis streams behind an engine', ({ redis: { url } }) => {
  it('start executions, those that wait hold nobody up, and what has not ended when the engine closes stays pending', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    const { engine, noted } = await engineOf(url, stream);
    await engine.startSources();
    const count = 5000;
    const adds = Array.from({ length: count }, (_, n) => client.xadd(stream, '*', 'key', `k-${n % 10}`, 'value', JSON.stringify({ n, waitSeconds: n === 7 ? 250 : 0 })));
    await Promise.all(adds);
    await client.xadd(stream, '*', 'value', 'no JSON');
    await until(async () => (await pendingOf(client, stream)) === 1 && (await noted()).length === count - 1, 'all but the one that waits', 60_000);
    expect((await noted()).toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n).filter((n) => n !== 7));
    expect(await engine.close(100)).toBe(1);
    expect([...(await consumersOf(client, stream)).values()]).toEqual([1]);
  }, 90_000);

  it('keep the order of a key', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    const { engine, noted } = await engineOf(url, stream, { order: 'key' });
    await engine.startSources();
    const count = 2000;
    await Promise.all(Array.from({ length: count }, (_, n) => client.xadd(stream, '*', 'key', `k-${n % 10}`, 'value', JSON.stringify({ n, waitSeconds: n === 3 ? 1 : 0 }))));
    await until(async () => (await noted()).length === count && (await pendingOf(client, stream)) === 0, 'all of it', 60_000);
    const order = await noted();
    for (let key = 0; key < 10; key++) {
      const own = order.filter((n) => n % 10 === key);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
    // The one that waited kept back its own key alone.
    expect(order.indexOf(3)).toBeGreaterThan(order.indexOf(4));
  }, 90_000);
});
