import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { banner, type Served } from '../../src/cli/start-banner.ts';
import { streamLines } from '../../src/cli/stream-lines.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace banner '));
  writeFileSync(join(folder, 'b.input.json'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const served = (machines: Served['machines']): Served => ({ version: '1.2.3', url: 'http://127.0.0.1:8080', dataDir: join(folder, 'data'), functions: null, machines, workers: 2, startupMs: 12 });
const machine = (name: string): Served['machines'][number] => ({ name, file: join(folder, `${name}.asl.json`), comment: undefined });

describe('banner', () => {
  it('names machines with their start URL, the journal and the address', () => {
    const text = banner(served([machine('a'), machine('b')]), folder, false);
    expect(text).toContain('Millrace 1.2.3 ready in 12 ms at http://127.0.0.1:8080');
    expect(text).toContain('  a  POST http://127.0.0.1:8080/v1/machines/a/executions  a.asl.json');
    expect(text).toMatch(/^Journal {4}data$/m);
  });

  it('names sources, schedules and outputs by their places, without addresses', () => {
    const url = 'redis://user:secret@127.0.0.1:6379';
    const streams = streamLines({
      sources: [{ name: 'jobs', kind: { bullmq: { url, queue: 'work', prefix: 'bull', lockDurationMs: 1 } }, machine: 'a' } as never],
      outputs: [{ name: 'lost', kind: { file: { path: '/x/lost.ndjson' } }, when: {} }],
      schedules: [{ name: 'nightly', machine: 'a', cron: '0 2 * * *', timeZone: 'Europe/Berlin', input: '{}' }],
      journal: { redis: { url, streams: ['starts'] } } as never,
    });
    const text = banner({ ...served([machine('a')]), streams }, folder, false);
    expect(text).toContain('Sources\n  jobs  bullmq work → a\n');
    expect(text).toContain('Schedules\n  nightly  0 2 * * * (Europe/Berlin) → a\n');
    expect(text).toContain('Outputs\n  lost  file /x/lost.ndjson\n');
    expect(text).toMatch(/^Journal {4}redisStream starts$/m);
    expect(text).not.toContain('secret');
  });

  it('offers a machine that has a sample input, by a path that the shell takes as one word', () => {
    const text = banner(served([machine('a'), machine('b')]), folder, false);
    expect(text).toContain("/v1/machines/b/sync-executions -H 'content-type: application/json' -d @b.input.json\n");
    expect(banner(served([machine('b')]), '/', false)).toMatch(/ -d '@[^']*millrace banner [^']*b\.input\.json'\n/);
  });

  it('sends an empty object where there is no sample, and nothing where there is no machine', () => {
    expect(banner(served([machine('a')]), folder, false)).toContain("-d '{}'\n");
    expect(banner(served([]), folder, false)).not.toContain('curl');
  });
});
