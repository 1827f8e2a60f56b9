import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../src/engine.ts';
import { keepLog } from '../lib/keep-log.ts';
import { ask, freePort, ServerProcess } from '../lib/server-process.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { until } from '../lib/until.ts';
import { startRedis } from '../services/redis.mjs';

const ECHO = JSON.stringify({ StartAt: 'E', States: { E: { Type: 'Pass', End: true } } });

await describeWith(['redis'], 'schedules of an engine', ({ redis }) => {
  let folder: string;
  let engine: Engine | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-schedules-'));
  });
  afterEach(async () => {
    await engine?.close(0);
    engine = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const written = (): Record<string, unknown>[] => {
    try {
      return readFileSync(join(folder, 'out.ndjson'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    } catch {
      return [];
    }
  };

  it('start machines, whose outputs know the schedule, and tell of inputs that are refused', async () => {
    const log = keepLog();
    const at = { machine: 'echo', timeZone: 'UTC', atMs: 0, input: '{"run":1}' };
    engine = await createEngine({
      machines: { echo: { definition: ECHO }, strict: { definition: ECHO, inputSchema: '{"required":["due"]}' } },
      workers: 1,
      outputs: [{ name: 'out', kind: { file: { path: join(folder, 'out.ndjson') } }, when: { sources: ['launch'] } }],
      schedules: { redis: { url: redis.url }, prefix: `{${uniqueName('millrace')}}`, schedules: [{ ...at, name: 'launch' }, { ...at, name: 'other' }, { ...at, name: 'refused', machine: 'strict' }] },
      log,
    });
    expect(engine.unready()).toEqual(['source (schedules): it has not started']);
    await engine.startSources();
    expect(engine.unready()).toEqual([]);
    await until(() => written().length === 1, 'the output');
    expect(written()[0]).toMatchObject({ execution: 'launch-19700101T000000Z', machine: 'echo', source: 'launch', status: 'SUCCEEDED', value: { run: 1 } });
    await until(() => log.lines.some(({ level }) => level === 'error'), 'the refusal');
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([{ level: 'error', message: 'a start of a schedule failed for good', fields: expect.objectContaining({ schedule: 'refused', machine: 'strict', error: expect.stringContaining('INPUT_REJECTED: ') }) }]);
    const acknowledged = async (): Promise<string[]> => [...(await engine!.metrics()).body.matchAll(/^millrace_source_acknowledged_total\{source="(\w+)"\} 1$/gm)].map((match) => match[1]!).toSorted();
    await until(async () => (await acknowledged()).length === 2, 'both executions to be settled');
    expect(await acknowledged()).toEqual(['launch', 'other']);
  });

  it('of a configuration are started once by several processes, and go on when one is killed', async () => {
    const server = await startRedis({ aof: 'always' });
    const processes: ServerProcess[] = [];
    const serve = async (name: string): Promise<ServerProcess> => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'echo.asl.json'), ECHO);
      // Each process has its own file; they are read together.
      writeFileSync(
        join(folder, name, 'millrace.yaml'),
        JSON.stringify({ workers: 1, machines: { echo: './echo.asl.json' }, redis: { url: server.url }, outputs: { out: { file: { path: './out.ndjson' } } }, schedules: { tick: { machine: 'echo', every: '1s', input: { by: 'clock' } } } }),
      );
      const process = new ServerProcess(['--config', join(folder, name, 'millrace.yaml')], await freePort());
      processes.push(process);
      return process.ready();
    };
    const started = (): string[] =>
      ['a', 'b'].flatMap((name) => {
        try {
          return readFileSync(join(folder, name, 'out.ndjson'), 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as { execution: string }).execution);
        } catch {
          return [];
        }
      });
    try {
      const [a, b] = await Promise.all([serve('a'), serve('b')]);
      await until(() => started().length >= 3, 'three ticks');
      expect((await ask(b.port, 'GET', '/readyz')).status).toBe(200);
      expect(new Set(started()).size).toBe(started().length);
      await a.end('SIGKILL');
      const before = started().length;
      await until(() => started().length >= before + 2, 'two more ticks', 60_000);
      expect(await b.end('SIGTERM')).toBe(0);
    } finally {
      for (const process of processes) if (process.child.exitCode === null && process.child.signalCode === null) await process.end('SIGKILL');
      await server.remove();
    }
  }, 120_000);
});
