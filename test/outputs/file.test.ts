import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { open as openHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Output, OutputRecord } from '../../src/delivery/outcome.ts';
import { resultRecord } from '../../src/delivery/record.ts';
import { readRecordLine } from '../../src/delivery/record-line.ts';
import { createOutput } from '../../src/outputs/table.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { describeOutput, type OutputRig, type Taken } from '../contract/output.ts';
import { mountSmallDisk, unmountSmallDisk } from '../lib/small-disk.ts';
import { failureOf, outcomeOf } from '../delivery/outcome-kit.ts';

const fileOutput = (path: string): Promise<Output> => createOutput({ file: { path } }, { name: 'file', log: silentLog });
const record = (name: string): OutputRecord => resultRecord(outcomeOf(name));
const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
const namesOf = (path: string): string[] => linesOf(path).map((line) => (JSON.parse(line) as { execution: string }).execution);

/** The value as it stands in the line: parsed, large numbers would change. */
function takenOf(line: string): Taken {
  const { key, headers } = readRecordLine(line)!;
  return { id: headers['millrace-execution']!, key: key === null ? null : String(key), value: line.slice(line.indexOf('"value":') + '"value":'.length, -1), headers };
}

describeOutput({
  kind: 'file',
  carriesKeys: true,
  carriesHeaders: true,
  away: false,
  rig: async (): Promise<OutputRig> => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-file-'));
    const path = join(folder, 'results.ndjson');
    const create = (): Promise<Output> => fileOutput(path);
    return {
      output: await create(),
      create,
      taken: () => Promise.resolve(linesOf(path).map(takenOf)),
      stop: () => Promise.resolve(),
      start: () => Promise.resolve(),
      remove: () => Promise.resolve(rmSync(folder, { recursive: true })),
    };
  },
});

describe('the file output', () => {
  let folder = '';
  let path = '';
  const open: Output[] = [];
  const opened = async (at = path): Promise<Output> => {
    const output = await fileOutput(at);
    open.push(output);
    return output;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-file-'));
    path = join(folder, 'results.ndjson');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((output) => output.close()));
    rmSync(folder, { recursive: true });
  });

  it('says everything in one line of JSON', async () => {
    const output = await opened();
    await output.write([resultRecord(outcomeOf('a', { key: Buffer.from('k'), coordinate: '{"topic":"t","partition":3,"offset":17}', output: '{"n":1.0,\n"m":2}' })), resultRecord(failureOf('b', 'E', 'why'))]);
    expect(linesOf(path)).toEqual([
      '{"execution":"a","machine":"triage","status":"SUCCEEDED","source":"readings","coordinate":{"topic":"t","partition":3,"offset":17},"start":"2026-11-21T08:05:40.267Z","stop":"2026-11-21T08:05:40.272Z","key":"k","value":{"n":1.0, "m":2}}',
      '{"execution":"b","machine":"triage","status":"FAILED","source":"readings","start":"2026-11-21T08:05:40.267Z","stop":"2026-11-21T08:05:40.272Z","value":{"error":"E","cause":"why"}}',
    ]);
  });

  it('makes the folders that are missing, and appends to what is there', async () => {
    const deep = join(folder, 'a', 'b', 'c.ndjson');
    const output = await opened(deep);
    await output.write([record('one')]);
    await output.close();
    const again = await opened(deep);
    await again.write([record('two')]);
    expect(namesOf(deep)).toEqual(['one', 'two']);
  });

  it('begins a new file after a rotation, whether renamed or removed', async () => {
    const output = await opened();
    await output.write([record('one')]);
    renameSync(path, `${path}.1`);
    await output.write([record('two')]);
    unlinkSync(path);
    await output.write([record('three')]);
    expect(namesOf(`${path}.1`)[0]).toBe('one');
    expect(namesOf(path)).toEqual(['three']);
  });

  it('loses nothing to rotations under load: each record is in a file that was there to be read', async () => {
    const output = await opened();
    let rotations = 0;
    const found: string[] = [];
    const written = new AbortController();
    const writing = (async () => {
      for (let i = 0; i < 400; i++) await output.write([record(`r-${i}`)]);
      written.abort();
    })();
    while (!written.signal.aborted) {
      if (existsSync(path)) {
        const taken = `${path}.${rotations}`;
        renameSync(path, taken);
        rotations += 1;
        // Read once, right after the renaming: what is appended later must be written again elsewhere.
        found.push(...namesOf(taken));
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await writing;
    found.push(...namesOf(path));
    expect(rotations).toBeGreaterThan(3);
    const names = new Set(found);
    expect(Array.from({ length: 400 }, (_, i) => `r-${i}`).filter((name) => !names.has(name))).toEqual([]);
  });

  it('cuts off what a process that died left of a line, and completes a line without its break', async () => {
    writeFileSync(path, '{"execution":"a","value":1}\n{"execution":"b","val');
    const output = await opened();
    await output.write([record('c')]);
    await output.close();
    expect(namesOf(path)).toEqual(['a', 'c']);
    appendFileSync(path, '{"execution":"d","value":1}');
    const again = await opened();
    await again.write([record('e')]);
    expect(namesOf(path)).toEqual(['a', 'c', 'd', 'e']);
  });

  it('cuts off a torn line that is longer than it reads at once', async () => {
    writeFileSync(path, `{"execution":"a","value":1}\n{"execution":"b","value":"${'x'.repeat(300_000)}`);
    const output = await opened();
    await output.write([record('c')]);
    expect(namesOf(path)).toEqual(['a', 'c']);
  });

  it('says what is wrong with the path, and goes on once it is not', async () => {
    mkdirSync(path);
    const output = await opened();
    await expect(output.write([record('a')])).rejects.toMatchObject({ code: 'OUTPUT_UNAVAILABLE', retryable: true, message: `The file ${path} cannot be written: it is a folder.` });
    expect(output.trouble).toContain('it is a folder');
    rmSync(path, { recursive: true });
    await output.write([record('a')]);
    expect(output.trouble).toBeUndefined();
    expect(namesOf(path)).toEqual(['a']);
  });

  it('lets writes that come together share a sync', async () => {
    const handle = await openHandle(join(folder, 'other'), 'w');
    const syncs = vi.spyOn(Object.getPrototypeOf(handle) as { datasync(): Promise<void> }, 'datasync');
    await handle.close();
    const output = await opened();
    await output.write([record('first')]);
    expect(syncs).toHaveBeenCalledTimes(1);
    await Promise.all(Array.from({ length: 2000 }, (_, i) => output.write([record(String(i))])));
    expect(syncs.mock.calls.length).toBeLessThanOrEqual(4);
    expect(namesOf(path)).toEqual(['first', ...Array.from({ length: 2000 }, (_, i) => String(i))]);
    syncs.mockRestore();
  });
});

const mountPoint = mountSmallDisk(1);

describe.skipIf(mountPoint === undefined)('the file output on a full disk', () => {
  const mount = mountPoint!;
  const path = join(mount, 'results.ndjson');
  afterAll(() => {
    unmountSmallDisk(mount);
  });

  it('rejects, leaves no part of a line, and goes on once there is room', async () => {
    writeFileSync(join(mount, 'ballast'), Buffer.alloc(700 * 1024));
    const output = await fileOutput(path);
    const accepted: string[] = [];
    const batch = (i: number): OutputRecord[] => Array.from({ length: 20 }, (_, j) => resultRecord(outcomeOf(`r-${i}-${j}`, { output: JSON.stringify('x'.repeat(700)) })));
    let refusal: unknown;
    let i = 0;
    for (; refusal === undefined; i++) {
      try {
        await output.write(batch(i));
        accepted.push(...batch(i).map(({ id }) => id));
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({ code: 'OUTPUT_UNAVAILABLE', retryable: true, message: `The file ${path} cannot be written: the disk is full.` });
    expect(accepted.length).toBeGreaterThan(100);
    // Whole lines only, and those that were accepted.
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
    expect(namesOf(path)).toEqual(accepted);
    const size = statSync(path).size;
    await expect(output.write(batch(i))).rejects.toMatchObject({ retryable: true });
    expect(statSync(path).size).toBe(size);
    rmSync(join(mount, 'ballast'));
    await output.write(batch(i));
    expect(output.trouble).toBeUndefined();
    expect(namesOf(path)).toEqual([...accepted, ...batch(i).map(({ id }) => id)]);
    await output.close();
  });
});
