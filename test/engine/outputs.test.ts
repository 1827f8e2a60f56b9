import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type EngineOptions } from '../../src/engine.ts';
import { keepLog } from '../lib/keep-log.ts';
import { until } from '../pool/rig.ts';

const echo = JSON.stringify({ StartAt: 'E', States: { E: { Type: 'Choice', Choices: [{ Variable: '$.fail', IsPresent: true, Next: 'F' }], Default: 'P' }, P: { Type: 'Pass', End: true }, F: { Type: 'Fail', Error: 'Asked' } } });

let folder: string;
let engine: Engine | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-outputs-'));
});
afterEach(async () => {
  await engine?.close(0);
  engine = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const open = async (more: Partial<EngineOptions>): Promise<Engine> => (engine = await createEngine({ machines: { echo: { definition: echo }, other: { definition: echo } }, workers: 1, dataDir: join(folder, 'data'), ...more }));
const lines = (file: string): Record<string, unknown>[] => {
  try {
    return readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch {
    return [];
  }
};
const pending = async (): Promise<number> => Number(/^millrace_journal_pending (\d+)$/m.exec((await engine!.metrics()).body)?.[1]);

describe('outputs of starts', () => {
  it('get what came of single and bulk starts, by machine and status', async () => {
    const { start, startMany } = await open({
      outputs: [
        { name: 'good', kind: { file: { path: join(folder, 'good.ndjson') } }, when: { machines: ['echo'], status: ['SUCCEEDED'] } },
        { name: 'bad', kind: { file: { path: join(folder, 'bad.ndjson') } }, when: { status: ['FAILED', 'REJECTED'] } },
      ],
    }).then((made) => ({ start: made.start.bind(made), startMany: made.startMany.bind(made) }));
    await start('echo', Buffer.from('{"n":1}'), 'one');
    await start('other', Buffer.from('{"n":2}'), 'two');
    await start('other', Buffer.from('{"fail":1}'), 'three');
    const bulk = startMany('echo');
    const text = ['{"n":3}', '{"fail":2}', '{"n":4}'].join('');
    await bulk.add(Buffer.from(text), Uint32Array.of(0, 7, 7, 10, 17, 7));
    expect(await bulk.finish()).toMatchObject({ accepted: 3 });
    await until(() => lines('good.ndjson').length === 3 && lines('bad.ndjson').length === 2, 'both files are written');
    expect(lines('good.ndjson').map(({ value }) => value)).toEqual(expect.arrayContaining([{ n: 1 }, { n: 3 }, { n: 4 }]));
    expect(lines('bad.ndjson').map(({ execution, error, status }) => [execution, error, status])).toEqual(expect.arrayContaining([['three', undefined, 'FAILED']]));
    await expect.poll(pending, { timeout: 20_000 }).toBe(0);
  });

  it('hold the journal until they have taken the outcome, across a restart', async () => {
    const seen: string[] = [];
    let answer = 503;
    const server: Server = createServer((request, response) => {
      seen.push(String(request.headers['millrace-execution']));
      request.resume();
      response.writeHead(answer).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const outputs: EngineOptions['outputs'] = [{ name: 'hook', kind: { webhook: { url, headers: {}, timeoutMs: 5000 } }, when: {} }];
    try {
      await open({ outputs });
      await engine!.start('echo', Buffer.from('{"n":1}'), 'kept');
      await until(() => seen.length > 0, 'the webhook is called');
      expect(await pending()).toBe(1);
      await engine!.close(0);
      answer = 200;
      seen.length = 0;
      await open({ outputs });
      await until(() => seen.includes('kept'), 'the webhook is called again');
    } finally {
      server.close();
    }
  });
  it('that a webhook refuses with 5xx for ever wait, within a limit that is said, until it takes them', async () => {
    const taken: string[] = [];
    let answer = 500;
    const server: Server = createServer((request, response) => {
      if (answer === 200) taken.push(String(request.headers['millrace-execution']));
      request.resume();
      response.writeHead(answer).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const log = keepLog();
    try {
      const { start, metrics, unready } = await open({ log, limits: { maxInFlight: 50 }, outputs: [{ name: 'hook', kind: { webhook: { url, headers: {}, timeoutMs: 5000 } }, when: {} }] }).then((made) => ({ start: made.start.bind(made), metrics: made.metrics.bind(made), unready: made.unready.bind(made) }));
      for (let i = 0; i < 40; i++) await start('echo', Buffer.from('{"n":1}'), `e${i}`);
      const retries = async (): Promise<number> => Number(/^millrace_output_retries_total\{output="hook"\} (\d+)$/m.exec((await metrics()).body)?.[1]);
      await expect.poll(retries, { timeout: 20_000 }).toBeGreaterThan(3);
      await expect.poll(async () => (await metrics()).body.includes('millrace_output_queue{output="hook"} 40\n'), { timeout: 20_000 }).toBe(true);
      expect((await metrics()).body).toContain('millrace_output_trouble{output="hook"} 1\n');
      expect(unready()).toEqual([expect.stringMatching(/^output 'hook': .* 500/)]);
      expect(log.lines.filter(({ fields }) => fields?.['output'] === 'hook')).toHaveLength(1);
      answer = 200;
      await until(() => taken.length === 40, 'it takes all of them');
      await expect.poll(unready, { timeout: 20_000 }).toEqual([]);
      await expect.poll(pending, { timeout: 20_000 }).toBe(0);
      expect(new Set(taken).size).toBe(40);
    } finally {
      server.close();
    }
  });
});
