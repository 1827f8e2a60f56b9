import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deadLetterRecord, readDeadLetter } from '../../src/delivery/dead-letter.ts';
import { createDeadLetterStores, type DeadLetterStores, type DeadLetterStoresOptions } from '../../src/delivery/dead-letters.ts';
import { readRecordLine, recordLine } from '../../src/delivery/record-line.ts';
import { MillraceError } from '../../src/errors.ts';
import { createFileOutput } from '../../src/outputs/file.ts';
import { createLog, silentLog } from '../../src/telemetry/log.ts';
import { failureOf, outcomeOf, ScriptedOutput, settled } from './outcome-kit.ts';

const coordinate = '{"topic":"readings","partition":3,"offset":17}';
const refusal = { output: 'alerts', error: new MillraceError('OUTPUT_REFUSED', 'it is too large') };

describe('a dead letter', () => {
  it('has the bytes, key and headers of the event, and says what became of it', () => {
    const value = Buffer.from([0x7b, 0xff, 0x00]);
    const key = Buffer.from([1, 0xfe]);
    const record = deadLetterRecord(failureOf('readings-3-17', 'Some.Error', 'why', { value, key, coordinate, attempts: 3, headers: '{"trace":"t-1"}' }));
    expect(record).toMatchObject({ value, key, json: false });
    expect(record.headers).toEqual({
      'millrace-reason': 'FAILED',
      'millrace-error': 'Some.Error',
      'millrace-cause': 'why',
      'millrace-execution': 'readings-3-17',
      'millrace-machine': 'triage',
      'millrace-source': 'readings',
      'millrace-coordinate': coordinate,
      'millrace-attempts': '3',
      'millrace-time': '2026-11-21T08:05:40.272Z',
      trace: 't-1',
    });
  });

  it('is another one when the same event comes back later, and the same when it is written again', () => {
    const id = (more: object): string => deadLetterRecord(failureOf('a', 'E', '', more)).id;
    expect(id({})).toBe(id({}));
    expect(id({})).not.toBe(id({ stopTimeMs: 99 }));
  });

  it('cuts a long cause at a whole character', () => {
    const cause = deadLetterRecord(failureOf('a', 'E', `x${'ü'.repeat(5000)}`)).headers['millrace-cause']!;
    expect(Buffer.byteLength(cause)).toBe(4095);
    expect(cause).toBe(`x${'ü'.repeat(2047)}`);
  });

  it('says which output refused, and why, where that is the reason', () => {
    expect(deadLetterRecord({ ...outcomeOf('a'), refusal }).headers).toMatchObject({ 'millrace-reason': 'OUTPUT_REFUSED', 'millrace-output': 'alerts', 'millrace-error': 'OUTPUT_REFUSED', 'millrace-cause': 'it is too large' });
  });

  it('is read back as it was, whatever headers the event had', () => {
    // Of an event that was a result, and a dead letter, of another Millrace before.
    const headers = { trace: 't-1', 'millrace-execution': 'upstream', 'millrace-original-execution': 'further up', 'millrace-reason': 'X', several: ['a', null, { base64: '/w==' }], bytes: { base64: '/w==' }, none: null, event: 'e', key: 'k' };
    const outcome = failureOf('a', 'E', 'why', { value: Buffer.from([0xff]), key: Buffer.from('k'), coordinate, attempts: 2, headers: JSON.stringify(headers) });
    const expected = { reason: 'FAILED', error: 'E', cause: 'why', execution: 'a', machine: 'triage', source: 'readings', coordinate, attempts: 2, timeMs: outcome.stopTimeMs, key: Buffer.from('k'), value: Buffer.from([0xff]), headers };
    expect(readDeadLetter(deadLetterRecord(outcome))).toEqual(expected);
    // And over a line of a file.
    expect(readDeadLetter(readRecordLine(recordLine(deadLetterRecord(outcome)))!)).toEqual(expected);
  });

  it('is none where a record says nothing of a reason', () => {
    expect(readDeadLetter({ key: null, value: Buffer.from('1'), headers: { 'millrace-status': 'SUCCEEDED' } })).toBeNull();
  });
});

interface Rig {
  readonly stores: DeadLetterStores;
  readonly done: string[];
  readonly logged: string[];
  readonly files: Map<string | undefined, ScriptedOutput>;
  put(source: string, name: string): void;
}

function rigOf(stores: Record<string, ScriptedOutput>, more: Partial<DeadLetterStoresOptions> = {}): Rig {
  const done: string[] = [];
  const logged: string[] = [];
  const files = new Map<string | undefined, ScriptedOutput>();
  const made = createDeadLetterStores({
    stores: new Map(Object.entries(stores).map(([source, output]) => [source, { name: `store of ${source}`, output }])),
    dropped: new Set(['careless']),
    fallback: (source) => {
      const file = new ScriptedOutput();
      files.set(source, file);
      return file;
    },
    log: createLog({ format: 'json', stream: { write: (line) => void logged.push(line) } }),
    backoff: { firstMs: 1, maxMs: 2 },
    ...more,
  });
  return { stores: made, done, logged, files, put: (source, name) => made.of(source)!(failureOf(name, 'E', 'why', { source }), () => done.push(name)) };
}

const reasonsOf = (output: ScriptedOutput): string[] => output.writes.flatMap(({ records }) => records.map(({ headers }) => headers['millrace-reason']!));

describe('the stores of dead letters', () => {
  it('are done with a letter when its store has it, two sources sharing one', async () => {
    const shared = new ScriptedOutput();
    const { stores, put, done } = rigOf({ readings: shared, orders: shared });
    put('readings', 'a');
    put('orders', 'b');
    await settled();
    expect(shared.writes).toHaveLength(1);
    expect(done).toEqual([]);
    shared.writes[0]!.accept();
    await stores.drained();
    expect(done).toEqual(['a', 'b']);
    expect(stores.of('careless')).toBeNull();
  });

  it('try again until it has', async () => {
    const store = new ScriptedOutput();
    let failures = 0;
    store.answer = () => (failures++ < 3 ? Promise.reject(new MillraceError('OUTPUT_UNAVAILABLE', 'away')) : Promise.resolve([]));
    const { stores, put, done } = rigOf({ readings: store });
    put('readings', 'a');
    await stores.drained();
    expect(done).toEqual(['a']);
    expect(stores.figures()).toMatchObject([{ output: 'store of readings', written: 1, retries: 3 }]);
  });

  it('put into a file of the source what its store refuses, before it is done', async () => {
    const store = new ScriptedOutput();
    store.answer = (records) => Promise.resolve(records.map((_, index) => ({ index, error: refusal.error })));
    const { stores, put, done, files } = rigOf({ readings: store });
    put('readings', 'a');
    await settled();
    await settled();
    expect(done).toEqual([]);
    const file = files.get('readings')!;
    expect(file.writes[0]!.records[0]!.headers).toMatchObject({ 'millrace-execution': 'a', 'millrace-reason': 'FAILED', 'millrace-error': 'E' });
    const drained = stores.drained();
    file.writes[0]!.accept();
    await drained;
    expect(done).toEqual(['a']);
  });

  it('take what an output refused of a success, and know what they have already', async () => {
    const store = new ScriptedOutput();
    store.answer = () => Promise.resolve([]);
    const { stores, done, files } = rigOf({ readings: store });
    const { error } = refusal;
    stores.refused(outcomeOf('success'), 'alerts', error, () => done.push('success'));
    // Its failure is the reason why it is in the store.
    stores.refused(failureOf('failure', 'E', 'why'), 'alerts', error, () => done.push('failure'));
    stores.refused(outcomeOf('dropped', { source: 'careless' }), 'alerts', error, () => done.push('dropped'));
    expect(done).toEqual(['failure', 'dropped']);
    await stores.drained();
    expect(done).toEqual(['failure', 'dropped', 'success']);
    expect(reasonsOf(store)).toEqual(['OUTPUT_REFUSED']);
    const { source: _, ...start } = outcomeOf('start');
    stores.refused(start, 'alerts', error, () => done.push('start'));
    await settled();
    files.get(undefined)!.writes[0]!.accept();
    await stores.drained();
    expect(done.at(-1)).toBe('start');
  });

  it('leave a line in the log of what has no place at all', async () => {
    const store = new ScriptedOutput();
    store.answer = () => Promise.resolve([{ index: 0, error: refusal.error }]);
    const { stores, put, done, logged } = rigOf({ readings: store }, { fallback: null });
    put('readings', 'a');
    await stores.drained();
    await settled();
    expect(done).toEqual(['a']);
    expect(JSON.parse(logged.at(-1)!)).toMatchObject({ level: 'error', execution: 'a', value: Buffer.from('{"in":1}').toString('base64') });
  });

  it('say in a file what bytes came, exactly', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-letters-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'dead-letters', 'readings.ndjson');
    const output = createFileOutput({ path }, { name: 'lost', log: silentLog });
    const stores = createDeadLetterStores({ stores: new Map([['readings', { name: 'lost', output }]]), dropped: new Set(), fallback: null, log: silentLog });
    const values = [Buffer.from('{"a":1.0}\n'), Buffer.from('not JSON "ü"'), Buffer.from([0xff, 0x00, 0x0a]), Buffer.alloc(0)];
    await Promise.all(values.map((value, i) => new Promise<void>((resolve) => stores.of('readings')!(failureOf(`l-${i}`, 'E', 'line one\nline two', { value, key: value }), resolve))));
    await stores.close();
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    expect(lines.map((line) => (JSON.parse(line) as { encoding: string }).encoding)).toEqual(['utf8', 'utf8', 'base64', 'utf8']);
    expect(lines.map((line) => readDeadLetter(readRecordLine(line)!)!).map(({ value, key }) => [value, key])).toEqual(values.map((value) => [value, value]));
  });
});
