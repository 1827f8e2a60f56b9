import { afterEach, describe, expect, it } from 'vitest';
import type { End } from '../../src/delivery/contract.ts';
import { createDeduplicatingLine, type DeduplicatingLine } from '../../src/delivery/deduplication.ts';
import { compileEventIds, namesAsIds } from '../../src/delivery/event-ids.ts';
import type { Line, SourceMeter } from '../../src/delivery/source.ts';
import { createMemorySeen } from '../../src/delivery/seen/memory-seen.ts';
import { keepLog } from '../lib/keep-log.ts';
import { ECHO, pass, task, until, WAIT } from '../pool/rig.ts';
import { createLineRig, type LineRig, type LineRigOptions, noMeter, Settled, sourceEvents } from './line-rig.ts';
import { GatedStore } from './seen-gate.ts';

let at: LineRig;
let store: GatedStore;
let log: ReturnType<typeof keepLog>;
let repeated = 0;
let recovered: string[] = [];
/** For how many events the line behind was asked for room. */
let asked: number[] = [];
const others: LineRig[] = [];

afterEach(async () => {
  for (const rig of [at, ...others.splice(0)]) {
    await (rig.line as DeduplicatingLine).close();
    await rig.close();
  }
});

const meter = (): SourceMeter => ({ ...noMeter, repeated: (events) => void (repeated += events), recovered: (what) => void recovered.push(what) });

function before(key: string | null, given: GatedStore) {
  return (line: Line): Line => {
    const hasRoom = line.hasRoom.bind(line);
    line.hasRoom = (count, bytes) => {
      asked.push(count);
      return hasRoom(count, bytes);
    };
    return createDeduplicatingLine(line, { store: given, ids: key === null ? namesAsIds : compileEventIds({ source: 's', key, log, meter: line.meter }), maxInFlightBytes: 1_000_000 });
  };
}

async function open(definition: unknown, { key = 'value.id', ...options }: LineRigOptions & { key?: string | null } = {}): Promise<void> {
  repeated = 0;
  recovered = [];
  asked = [];
  log = keepLog();
  store = new GatedStore(createMemorySeen({ windowMs: 3_600_000 }));
  at = await createLineRig(definition, { ...options, line: { log, meter: meter(), ...options.line }, before: before(key, store) });
}

const settled = (count: number): Promise<void> => until(() => at.settled.ends.size === count && at.lease.inFlight === 0 && at.line.inFlight === 0, `${count} events are settled`);
const end = (key: string): End => at.settled.ends.get(key) as End;
const ids = (...all: (string | number)[]): { value: unknown }[] => all.map((id) => ({ value: { id } }));
const COUNTS = { f: "let runs = 0; export const handler = async ({ fail, ms }) => { runs++; if (ms) await new Promise((r) => setTimeout(r, ms)); if (fail) throw new Error('no'); return runs; };" };

describe('events of one id', () => {
  it('run once, whether they come in one offer or in several', async () => {
    await open(task('f'), { functions: COUNTS, wantsEnds: true });
    at.give(ids('a', 'b', 'a'));
    at.give(ids('b', 'c'));
    await settled(5);
    at.give(ids('c', 'a', 'd', 'b'));
    await settled(9);
    const runs = ['e0/0', 'e0/1', 'e1/1', 'e2/2'];
    for (const [name, { status, output }] of at.settled.ends as Map<string, End>) {
      expect([name, status, output]).toEqual(runs.includes(name) ? [name, 'SUCCEEDED', String(runs.indexOf(name) + 1)] : [name, 'FILTERED', undefined]);
    }
    expect(at.settled.doubled).toBe(0);
    expect(repeated).toBe(5);
  });

  it('are settled with nothing to say where nobody asked for ends', async () => {
    await open(ECHO);
    at.give(ids(...Array.from({ length: 300 }, (_, i) => i % 100)));
    await settled(300);
    expect(new Set(at.settled.ends.values())).toEqual(new Set(['settled']));
    expect([at.settled.doubled, repeated]).toEqual([0, 200]);
  });

  it('are two events where the execution name is the id, and a redelivered one is the same', async () => {
    await open(task('f'), { functions: COUNTS, wantsEnds: true, key: null });
    const given = at.give(ids('a', 'a'));
    await settled(2);
    at.give(ids('x', 'a', 'a', 'y'), { names: ['n1', `${(given.names as { prefix: string }).prefix}-100`, `${(given.names as { prefix: string }).prefix}-101`, 'n2'] });
    await settled(6);
    expect(['e0/0', 'e0/1', 'e1/0', 'e1/1', 'e1/2', 'e1/3'].map((name) => end(name).output)).toEqual(['1', '2', '3', undefined, undefined, '4']);
  });

  it('run in the order of their offers, with what belongs to each', async () => {
    await open(ECHO, { wantsEnds: true, intake: { order: 'partition', input: '{"id": value.id, "key": key, "offset": offset, "h": headers.h, "at": timestamp}' } });
    store.holding = 'claim';
    const event = (id: number) => ({ value: { id }, key: `k${id}`, headers: { h: `h${id}` } });
    at.give([event(1), event(2), event(1), event(3)], { lane: 0 });
    await until(() => store.held.length === 1, 'the first claim is under way');
    at.give([event(3), event(4)], { lane: 0 });
    at.give([event(4), event(5), event(2), event(6), event(7)], { lane: 0 });
    store.letGo();
    await settled(11);
    const inputs = at.settled.order.map((name) => end(name).output).filter((output) => output !== undefined).map((output) => JSON.parse(output) as { id: number });
    const offsets = [100, 101, 103, 101, 101, 103, 104];
    expect(inputs).toEqual([1, 2, 3, 4, 5, 6, 7].map((id, i) => ({ id, key: `k${id}`, offset: offsets[i], h: `h${id}`, at: 1_700_000_000_000 })));
    expect(store.asked.filter(({ what }) => what === 'claim').map(({ names }) => names.length)).toEqual([4, 7]);
  });

  it('stand in one batch only once', async () => {
    await open(pass({ Count: { Type: 'Pass', Parameters: { 'n.$': 'States.ArrayLength($)' }, End: true } }), { wantsEnds: true, line: { batch: { maxEvents: 3, maxWaitMs: 2000, maxBytes: 100_000 } } });
    at.give(ids('a', 'b', 'a', 'b', 'c'));
    await settled(5);
    expect(end('e0/0').output).toBe('{"n":3}');
    expect(repeated).toBe(2);
  });
});

describe('the store', () => {
  it('knows of an end before the source does', async () => {
    await open(ECHO);
    store.holding = 'done';
    at.give(ids('a', 'b'));
    await until(() => store.held.length === 1, 'the end is being written');
    expect([at.settled.ends.size, at.lease.inFlight, at.line.inFlight]).toEqual([0, 2, 2]);
    store.letGo();
    await settled(2);
  });

  it('saves an event that ended before its acknowledgement was lost from running again', async () => {
    await open(task('f'), { functions: COUNTS, wantsEnds: true });
    store.holding = 'done';
    const given = at.give(ids('a'));
    await until(() => store.held.length === 1, 'the end is written, and the answer is on its way');
    at.lease.release();
    store.letGo();
    const next = new Settled();
    const lease = at.line.lease(next, { wantsEnds: true });
    lease.offer({ ...sourceEvents(ids('a', 'b'), 'next'), names: [`${(given.names as { prefix: string }).prefix}-100`, 'other'] });
    await until(() => next.ends.size === 2, 'both are settled');
    expect([next.ends.get('next/0'), next.ends.get('next/1')]).toMatchObject([{ status: 'FILTERED' }, { status: 'SUCCEEDED', output: '2' }]);
    expect(at.settled.ends.size).toBe(0);
  });

  it('lets an event run again whose first run may have died', async () => {
    await open(WAIT, { wantsEnds: true });
    const given = at.give([{ value: { id: 'a', seconds: 60 } }]);
    await until(() => at.rig.pool.parked === 1, 'it waits');
    at.lease.release();
    const next = new Settled();
    const lease = at.line.lease(next, { wantsEnds: true });
    lease.offer({ ...sourceEvents([{ value: { id: 'a', seconds: 0 } }, { value: { id: 'a', seconds: 0 } }], 'next'), names: [`${(given.names as { prefix: string }).prefix}-100`, 'other'] });
    await until(() => next.ends.size === 2, 'it has run again');
    expect([...next.ends.values()].map((end) => (end as End).status).toSorted()).toEqual(['FILTERED', 'SUCCEEDED']);
    expect((next.ends.get('next/0') as End).status).toBe('SUCCEEDED');
  });

  it('forgets an event that failed, so that it runs when it comes again', async () => {
    await open(task('f'), { functions: COUNTS, wantsEnds: true });
    at.give([{ value: { id: 'a', fail: true } }]);
    await settled(1);
    expect(at.deadLetters).toHaveLength(1);
    at.give([{ value: { id: 'a' } }]);
    await settled(2);
    at.give([{ value: { id: 'a' } }]);
    await settled(3);
    expect([end('e0/0').status, end('e1/0').status, end('e2/0').status]).toEqual(['FAILED', 'SUCCEEDED', 'FILTERED']);
  });

  it('forgets an event whose outcome an output refused, and no other', async () => {
    const take = (outcome: { name: string; output?: string }, done: () => void): void => {
      if (outcome.output === '{"id":"b"}' && at.settled.ends.size === 0) (at.line as DeduplicatingLine).refused(outcome.name);
      done();
    };
    await open(ECHO, { wantsEnds: true, line: { results: { wants: () => true, take, full: () => false, onRoom: () => undefined } } });
    at.give(ids('a', 'b', 'c'));
    await settled(3);
    at.give(ids('a', 'b', 'c', 'b'));
    await settled(7);
    expect(['e1/0', 'e1/1', 'e1/2', 'e1/3'].map((name) => end(name).status)).toEqual(['FILTERED', 'SUCCEEDED', 'FILTERED', 'FILTERED']);
  });

  it('is waited for while it is away, and nothing runs unchecked', async () => {
    await open(task('f'), { functions: COUNTS, wantsEnds: true, line: { maxInFlight: 4 } });
    store.away = true;
    at.give(ids('a', 'b'));
    at.give(ids('a'));
    const line = at.line as DeduplicatingLine;
    await until(() => line.trouble !== undefined, 'the trouble is said');
    expect(line.trouble).toBe('the store is away');
    expect([at.lease.inFlight, line.inFlight, at.rig.dispatch.inFlight]).toEqual([3, 3, 0]);
    expect([line.hasRoom(1, 10), line.hasRoom(2, 10), line.hasRoom(1, 1_000_000)]).toEqual([true, false, false]);
    let called = 0;
    line.onRoom(() => called++);
    await until(() => log.lines.length > 0, 'the log says it');
    store.away = false;
    await settled(3);
    await until(() => called === 1, 'there is room');
    expect(line.trouble).toBeUndefined();
    expect([end('e0/0').status, end('e0/1').status, end('e1/0').status]).toEqual(['SUCCEEDED', 'SUCCEEDED', 'FILTERED']);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('is waited for with ends too', async () => {
    await open(WAIT);
    at.give([{ value: { id: 'a', seconds: 1 } }]);
    await until(() => at.rig.pool.parked === 1, 'it runs');
    store.away = true;
    await until(() => (at.line as DeduplicatingLine).trouble !== undefined, 'its end cannot be written');
    expect([at.settled.ends.size, at.lease.inFlight]).toEqual([0, 1]);
    expect(log.lines[0]!.message).toContain('wait to be acknowledged');
    store.away = false;
    await settled(1);
    await (at.line as DeduplicatingLine).idle();
  });

  it('is not asked about what has been let go, and tells nobody of it', async () => {
    await open(task('f'), { functions: COUNTS });
    store.away = true;
    at.give(ids('a'));
    await until(() => (at.line as DeduplicatingLine).trouble !== undefined, 'the first claim has failed');
    for (let i = 0; i < 50; i++) {
      const lease = at.line.lease(new Settled());
      lease.offer(sourceEvents(ids(`x${i}`), `x${i}`));
      lease.release();
    }
    at.lease.release();
    expect([at.lease.inFlight, at.line.inFlight, at.line.hasRoom(900, 10)]).toEqual([0, 0, true]);
    // But for the question that is under way nothing of it is kept.
    expect(asked.at(-1)).toBe(901);
    const next = new Settled();
    const lease = at.line.lease(next);
    lease.offer(sourceEvents(ids('b'), 'next'));
    store.away = false;
    await until(() => next.ends.size === 1, 'the next lease goes on');
    expect(store.asked.filter(({ what }) => what === 'claim').flatMap(({ names }) => names)).toEqual(['t-3-next-100']);
    expect([at.settled.ends.size, at.rig.dispatch.inFlight]).toEqual([0, 0]);
    expect(() => at.lease.offer(sourceEvents(ids('c'), 'late'))).toThrow('released');
  });

  it('does not answer for an offer that was let go meanwhile', async () => {
    await open(task('f'), { functions: COUNTS });
    store.holding = 'claim';
    at.give(ids('a', 'b'));
    await until(() => store.held.length === 1, 'the claim is under way');
    at.lease.release();
    store.letGo();
    const next = new Settled();
    at.line.lease(next, { wantsEnds: true }).offer(sourceEvents(ids('a'), 'next'));
    await until(() => next.ends.size === 1, 'another event of the id has run');
    expect((next.ends.get('next/0') as End).output).toBe('1');
    expect(at.settled.ends.size).toBe(0);
  });
});

describe('events without an id', () => {
  it('run, every one of them, and need no store', async () => {
    await open(ECHO);
    at.give([{ value: {} }, { value: { id: 'a' } }, { value: {} }, { value: { id: 'a' } }, { raw: 'not json', value: null }]);
    await until(() => at.settled.ends.size === 5, 'all are settled');
    expect(at.deadLetters).toHaveLength(1);
    expect([repeated, recovered]).toEqual([1, ['not_deduplicated']]);
    store.away = true;
    at.give([{ value: {} }]);
    await settled(6);
    expect(log.lines).toHaveLength(1);
  });
});

describe('details', () => {
  it('are asked of the source where the expression may read them, and kept from workers that want none', async () => {
    await open(ECHO, { key: 'key', wantsEnds: true, line: { wants: () => 'nothing' } });
    expect(at.line.wants).toBe('everything');
    at.give([{ value: 1, key: 'a' }, { value: 2, key: 'a' }]);
    await settled(2);
    expect([end('e0/0').output, end('e0/1').status]).toEqual(['1', 'FILTERED']);
  });

  it('are asked for as before where names are the ids', async () => {
    await open(ECHO, { key: null, line: { wants: () => 'coordinate' } });
    expect(at.line.wants).toBe('coordinate');
  });
});

describe('a source that throws', () => {
  it('does not keep others from being told', async () => {
    await open(ECHO);
    const raised: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => raised.push(error));
    const broken = new Settled();
    broken.settled = () => {
      throw new Error('broken source');
    };
    at.line.lease(broken).offer(sourceEvents(ids('a'), 'broken'));
    at.give(ids('b'));
    await settled(1);
    await until(() => raised.length === 1, 'its fault is raised');
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(raised).toEqual([new Error('broken source')]);
  });
});

describe('withdrawal', () => {
  it('takes back what waits for the store, what it is asked about, and what has not begun; their ids are free', async () => {
    await open(WAIT, { wantsEnds: true, limits: { machineMaxInFlight: () => 1 } });
    const slow = (id: string) => ({ value: { id, seconds: 1 } });
    at.give([slow('a'), slow('b'), slow('a')]);
    await until(() => at.rig.pool.parked === 1, 'the first runs, and the second waits for it');
    store.holding = 'claim';
    at.give([slow('c'), slow('b')]);
    await until(() => store.held.length === 1, 'the store is asked');
    at.give([slow('d')]);
    expect([at.lease.waiting, at.lease.inFlight]).toEqual([4, 5]);
    expect((at.line as DeduplicatingLine).waiting).toBe(3);
    at.lease.withdraw();
    expect(at.settled.withdrawnEvents).toEqual(['e2/0', 'e0/1']);
    store.letGo();
    // What repeats another is settled as ever.
    await settled(3);
    expect(at.settled.withdrawnEvents).toEqual(['e2/0', 'e0/1', 'e1/0']);
    expect([...at.settled.ends].map(([name, one]) => [name, (one as End).status]).toSorted()).toEqual([['e0/0', 'SUCCEEDED'], ['e0/2', 'FILTERED'], ['e1/1', 'FILTERED']]);
    expect([at.lease.waiting, at.line.inFlight]).toEqual([0, 0]);
    expect(store.asked.filter(({ what }) => what === 'abandon').flatMap(({ names }) => names)).toEqual(['t-3-e0-101', 't-3-e1-100']);
  });
});
