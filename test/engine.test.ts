import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type EngineOptions } from '../src/engine.ts';
import type { MillraceError } from '../src/errors.ts';
import { eventually } from './lib/server-process.ts';

const echo = JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Pass', End: true } } });
const wait = (seconds: number): string => JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Wait', Seconds: seconds, End: true } } });
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const fault = async (promise: Promise<unknown>): Promise<MillraceError> => promise.then(() => Promise.reject(new Error('it did not fail')), (error: unknown) => error as MillraceError);

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-engine-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let engine: Engine;
afterEach(async () => void (await engine.close(0)));
const create = async (machines: EngineOptions['machines'], more: Partial<EngineOptions> = {}): Promise<Engine> => (engine = await createEngine({ machines, workers: 1, dataDir: null, ...more }));

describe('starts', () => {
  it('answers a synchronous start with its output, error or time-out', async () => {
    await create({ echo: { definition: echo }, fail: { definition: JSON.stringify({ StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E', Cause: 'C' } } }) }, late: { definition: wait(5), timeoutSeconds: 1 } });
    const ended = await engine.startSync('echo', bytes({ a: 1 }), 'mine');
    expect(ended).toMatchObject({ name: 'mine', status: 'SUCCEEDED', output: '{"a":1}' });
    // Steps of 100 ms, of which the first has begun even if no time has passed.
    expect(ended.billedDurationMs).toBe(100 * Math.max(1, Math.ceil((ended.stopTimeMs - ended.startTimeMs) / 100)));
    expect(await engine.startSync('fail', bytes({}))).toMatchObject({ status: 'FAILED', error: 'E', cause: 'C' });
    const late = await engine.startSync('late', bytes({}));
    expect(late.status).toBe('TIMED_OUT');
    expect(late).not.toHaveProperty('error');
  });

  it('remembers an asynchronous start and its end under its ARN', async () => {
    await create({ wait: { definition: wait(1) } });
    const { executionArn } = await engine.start('wait', bytes({ a: 1 }), 'later');
    expect(engine.describe(executionArn)).toMatchObject({ status: 'RUNNING', input: '{"a":1}', name: 'later' });
    await eventually(() => engine.describe(executionArn)?.status === 'SUCCEEDED', 'the end of the execution');
    expect(engine.describe(executionArn)).toMatchObject({ output: '{"a":1}' });
    expect(engine.describe(`${executionArn}x`)).toBeUndefined();
  });

  it('gives many starts of one turn their own names, inputs and ARNs', async () => {
    const definition = JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Pass', Parameters: { 'input.$': '$', 'name.$': '$$.Execution.Name', 'arn.$': '$$.Execution.Id' }, End: true } } });
    await create({ who: { definition } });
    const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => engine.startSync('who', bytes(i), `n${i}`)));
    for (const [i, { output, executionArn }] of answers.entries()) expect(JSON.parse(output!)).toEqual({ input: i, name: `n${i}`, arn: executionArn });
  });

  it('refuses what it cannot take, and says why', async () => {
    await create({ echo: { definition: echo, inputSchema: '{"type":"object","required":["id"]}' } });
    expect(await fault(engine.startSync('ehco', bytes({})))).toMatchObject({ code: 'NO_SUCH_MACHINE', message: expect.stringContaining('echo') as string });
    expect(await fault(engine.start('echo', bytes({ no: 1 })))).toMatchObject({ code: 'INPUT_REJECTED', message: expect.stringContaining('id') as string });
    expect(await fault(engine.startSync('echo', bytes({ no: 1 })))).toMatchObject({ code: 'INPUT_REJECTED' });
    expect(await fault(engine.startSync('echo', bytes('{"broken')))).toMatchObject({ code: 'INVALID_JSON' });
  });

  it('is full at the in-flight limit of all and of one machine, and has room again later', async () => {
    await create({ wait: { definition: wait(1), maxInFlight: 2 }, echo: { definition: echo } }, { limits: { maxInFlight: 3 } });
    const running = [engine.startSync('wait', bytes({})), engine.startSync('wait', bytes({}))];
    expect(await fault(engine.startSync('wait', bytes({})))).toMatchObject({ code: 'AT_CAPACITY', retryable: true });
    expect((await engine.startSync('echo', bytes({}))).status).toBe('SUCCEEDED');
    await Promise.all(running);
    expect((await engine.startSync('wait', bytes({}))).status).toBe('SUCCEEDED');
  });
});

describe('bulk starts', () => {
  const add = async (bulk: ReturnType<Engine['startMany']>, ...events: string[]): Promise<void> => {
    const text = events.join('\n');
    const spans: number[] = [];
    for (let i = 0, at = 0; i < events.length; at += events[i]!.length + 1, i++) spans.push(at, events[i]!.length);
    await bulk.add(bytes(text), Uint32Array.from(spans));
  };

  it('speaks on every event: ended, parked, refused by framing or by intake', async () => {
    await create({ m: { definition: JSON.stringify({ StartAt: 'C', States: { C: { Type: 'Choice', Choices: [{ Variable: '$.wait', IsPresent: true, Next: 'W' }], Default: 'P' }, W: { Type: 'Wait', Seconds: 250, End: true }, P: { Type: 'Pass', End: true } } }) } });
    const bulk = engine.startMany('m');
    await add(bulk, '{"a":1}', 'nonsense', '{"wait":true}');
    bulk.reject('PAYLOAD_TOO_LARGE', 'too large');
    await add(bulk, '{"a":2}');
    expect(await bulk.finish()).toMatchObject({ accepted: 3, rejected: [{ index: 1, code: 'INVALID_JSON' }, { index: 3, code: 'PAYLOAD_TOO_LARGE' }], rejectedCount: 2 });
    // The answer does not wait for an execution that is parked.
    expect(engine.dispatch.inFlight).toBe(1);
  });

  it('waits for room instead of exceeding the limit', async () => {
    await create({ wait: { definition: wait(1) } }, { limits: { maxInFlight: 10 } });
    const bulk = engine.startMany('wait');
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, engine.dispatch.inFlight)), 5);
    await add(bulk, ...Array.from({ length: 25 }, (_, i) => String(i)));
    const result = await bulk.finish();
    clearInterval(watch);
    expect(result).toMatchObject({ accepted: 25, rejectedCount: 0 });
    expect(most).toBeLessThanOrEqual(10);
  });
});

describe('the journal', () => {
  it('runs again what an earlier engine left, under the same name and start time, and nothing else', async () => {
    const dataDir = join(folder, 'again');
    const definition = JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'F' }, F: { Type: 'Task', Resource: 'note', End: true } } });
    const ledger = join(folder, 'ledger.txt');
    const functions = join(folder, 'functions');
    mkdirSync(functions, { recursive: true });
    writeFileSync(join(functions, 'note.mjs'), `import { appendFileSync } from 'node:fs'; export const handler = (event, context) => appendFileSync(${JSON.stringify(ledger)}, JSON.stringify([context.executionName, context.executionArn]) + '\\n');`);
    await create({ m: { definition } }, { dataDir, functions });
    const short = await engine.start('m', bytes({ seconds: 0 }), 'short');
    await eventually(() => engine.describe(short.executionArn)?.status === 'SUCCEEDED', 'the short one');
    const long = await engine.start('m', bytes({ seconds: 1 }), 'long');
    expect(await engine.close(0)).toBe(1);
    await create({ m: { definition } }, { dataDir, functions });
    await eventually(() => engine.dispatch.inFlight === 0, 'the journal to be worked off');
    const { readFileSync } = await import('node:fs');
    const lines = readFileSync(ledger, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as [string, string]);
    expect(lines).toEqual([['short', short.executionArn], ['long', long.executionArn]]);
  });

  it('keeps events of a machine that is not served any more', async () => {
    const dataDir = join(folder, 'orphans');
    await create({ gone: { definition: wait(1) } }, { dataDir });
    await engine.start('gone', bytes({}), 'orphan');
    await engine.close(0);
    await create({ other: { definition: echo } }, { dataDir });
    expect((await engine.startSync('other', bytes({}))).status).toBe('SUCCEEDED');
    await engine.close(0);
    await create({ gone: { definition: wait(1) } }, { dataDir });
    await eventually(() => engine.dispatch.inFlight === 1, 'the orphan runs');
  });
});

describe('installing', () => {
  it('raises one error with the diagnostics of every machine that is not valid', async () => {
    await create({});
    const error = await fault(createEngine({ machines: { a: { definition: '{"StartAt":"X","States":{}}', file: 'a.asl.json' }, b: { definition: '{nope', file: 'b.asl.json' }, ok: { definition: echo } }, workers: 1, dataDir: null }));
    expect(error.code).toBe('INVALID_DEFINITION');
    expect(new Set(error.diagnostics.map((diagnostic) => diagnostic.file))).toEqual(new Set(['a.asl.json', 'b.asl.json']));
  });

  it('lets an execution finish on the revision that it began with', async () => {
    const version = (n: number): string => JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1, Next: 'P' }, P: { Type: 'Pass', Result: n, End: true } } });
    await create({ m: { definition: version(1) } });
    const first = engine.startSync('m', bytes({}));
    // Starts are gathered for a turn before dispatch knows of them; until one is on a worker it takes the newest revision.
    await eventually(() => engine.dispatch.inFlight === 1 && engine.dispatch.queued === 0, 'the first to be on a worker');
    await engine.install('m', { definition: version(2) });
    const second = engine.startSync('m', bytes({}));
    expect([(await first).output, (await second).output]).toEqual(['1', '2']);
    expect(await fault(engine.install('m', { definition: '{}' }))).toMatchObject({ code: 'INVALID_DEFINITION' });
    expect((await engine.startSync('m', bytes({}))).output).toBe('2');
  });
});

it('becomes unready and refuses starts while it drains; what runs is finished', async () => {
  await create({ wait: { definition: wait(1) } });
  const running = engine.startSync('wait', bytes({}));
  engine.drain();
  expect(engine.unready()).not.toEqual([]);
  expect(await fault(engine.start('wait', bytes({})))).toMatchObject({ code: 'DRAINING' });
  expect(await engine.close(10_000)).toBe(0);
  expect((await running).status).toBe('SUCCEEDED');
});

it('finishes what was started right before its close', async () => {
  await create({ echo: { definition: echo } });
  const running = engine.startSync('echo', bytes({}));
  expect(await engine.close(10_000)).toBe(0);
  expect((await running).status).toBe('SUCCEEDED');
});
