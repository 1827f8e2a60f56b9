import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createEngine } from '../../src/engine.ts';

it('every worker runs on reloaded functions and on what they import; a reload with a mistake changes nothing', async () => {
  const at = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-reload-')));
  const put = (name: string, text: string): void => writeFileSync(join(at, name), text);
  put('n.mjs', 'import { n } from "./_n.mjs"; import { threadId } from "node:worker_threads"; export const handler = () => ({ n, threadId });');
  put('_n.mjs', 'export const n = 0;');
  const definition = JSON.stringify({ StartAt: 'N', States: { N: { Type: 'Task', Resource: 'n', End: true } } });
  const engine = await createEngine({ machines: { m: { definition }, other: { definition } }, functions: at, workers: 2, dataDir: null });
  try {
    const answers = async (): Promise<unknown[]> => {
      const ends = await Promise.all(Array.from({ length: 40 }, (_, i) => engine.startSync(i % 2 === 0 ? 'm' : 'other', Buffer.from('{}'))));
      return ends.map((end) => JSON.parse(String((end as { output?: string }).output)) as unknown);
    };
    const numbers = async (): Promise<number[]> => [...new Set((await answers()).map((answer) => (answer as { n: number }).n))];
    expect(await numbers()).toEqual([0]);
    for (const n of [1, 2, 3]) {
      put('_n.mjs', `export const n = ${n};`);
      await engine.reloadFunctions();
      expect(await numbers()).toEqual([n]);
    }
    put('_n.mjs', 'export const n = ;');
    await expect(engine.reloadFunctions()).rejects.toMatchObject({ code: 'INVALID_FUNCTION' });
    expect(await numbers()).toEqual([3]);
    put('_n.mjs', 'export const n = 4;');
    await engine.reloadFunctions();
    expect(await numbers()).toEqual([4]);
  } finally {
    await engine.close(1000);
    rmSync(at, { recursive: true, force: true });
  }
});
