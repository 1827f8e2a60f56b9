import { afterEach, describe, expect, it } from 'vitest';
import type { End } from '../../src/delivery/contract.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { ECHO, pass, task, until, WAIT } from '../pool/rig.ts';
import { createLineRig, type LineRig, type LineRigOptions } from './line-rig.ts';

let at: LineRig;
afterEach(() => at.close());

const open = async (definition: unknown, options?: LineRigOptions): Promise<void> => {
  at = await createLineRig(definition, options);
};
const settled = (count: number): Promise<void> => until(() => at.settled.ends.size === count && at.lease.inFlight === 0, `${count} events are settled`);
const end = (key: string): End => at.settled.ends.get(key) as End;
const values = (...all: unknown[]): { value: unknown }[] => all.map((value) => ({ value }));

describe('settlement', () => {
  it('tells of every event once, in ranges where nothing is to be said', async () => {
    await open(ECHO, { workers: 2 });
    for (let i = 0; i < 20; i++) at.give(Array.from({ length: 100 }, (_, n) => ({ value: { n } })));
    await settled(2000);
    expect(at.settled.doubled).toBe(0);
    expect(new Set(at.settled.ends.values())).toEqual(new Set(['settled']));
    expect(at.line.hasRoom(1000, 0)).toBe(true);
  });

  it('gives the outputs to a source that asked for ends', async () => {
    await open(ECHO, { wantsEnds: true });
    at.give(values({ n: 1 }, { n: 2 }));
    await settled(2);
    expect([end('e0/0'), end('e0/1')].map(({ status, output }) => [status, output])).toEqual([['SUCCEEDED', '{"n":1}'], ['SUCCEEDED', '{"n":2}']]);
  });

  it('waits until every output has taken the outcome', async () => {
    const taken: { outcome: Outcome; done: () => void }[] = [];
    await open(ECHO, { line: { results: { wants: (status) => status === 'SUCCEEDED', take: (outcome, done) => void taken.push({ outcome, done }), full: () => false, onRoom: () => undefined } } });
    at.give([{ value: { n: 1 }, key: 'k' }]);
    await until(() => taken.length === 1, 'the output is offered');
    expect(at.settled.ends.size).toBe(0);
    expect(at.lease.inFlight).toBe(1);
    expect(taken[0]!.outcome).toMatchObject({ machine: 'm', source: 's', name: 't-3-e0-100', status: 'SUCCEEDED', output: '{"n":1}', coordinate: '{"of":"e0","index":0}', attempts: 1 });
    taken[0]!.done();
    await settled(1);
  });

  it('puts what failed or was refused into dead letters, with the original bytes', async () => {
    await open(task('pick'), { functions: { pick: "export const handler = ({ fail }) => { if (fail) throw new RangeError('no'); return 1; };" } });
    at.give([{ value: { fail: true } }, { value: {} }, { raw: '{"broken":', value: null }, { value: {} }]);
    await settled(4);
    expect(at.deadLetters.map(({ status, error, name, value }) => [status, error, name, Buffer.from(value).toString()]).toSorted()).toEqual([
      ['FAILED', 'RangeError', 't-3-e0-100', '{"fail":true}'],
      ['REJECTED', 'INVALID_JSON', 't-3-e0-102', '{"broken":'],
    ]);
    expect(end('e0/0').status).toBe('FAILED');
    expect(at.settled.ends.get('e0/1')).toBe('settled');
  });
});

describe('withdrawal', () => {
  it('takes back what no worker has, in its order, and leaves what has begun to its end', async () => {
    await open(WAIT, { wantsEnds: true });
    at.give(values({ seconds: 1 }, { seconds: 1 }));
    await until(() => at.rig.pool.parked === 2, 'both wait in the worker');
    expect(at.lease.waiting).toBe(0);
    at.give(values({ seconds: 0 }, { seconds: 0 }, { seconds: 0 }));
    expect([at.lease.waiting, at.lease.inFlight]).toEqual([3, 5]);
    at.lease.withdraw();
    expect(at.settled.withdrawnEvents).toEqual(['e1/0', 'e1/1', 'e1/2']);
    expect([at.lease.waiting, at.lease.inFlight, at.line.inFlight, at.rig.dispatch.inFlight]).toEqual([0, 2, 2, 2]);
    await settled(2);
    expect([...at.settled.ends.keys()]).toEqual(['e0/0', 'e0/1']);
  });

  it('takes back what its machine may not run yet', async () => {
    await open(WAIT, { limits: { machineMaxInFlight: () => 1 } });
    at.give(values({ seconds: 1 }, { seconds: 1 }, { seconds: 1 }));
    await until(() => at.rig.pool.parked === 1, 'the first waits in the worker');
    expect(at.lease.waiting).toBe(2);
    at.lease.withdraw();
    expect(at.settled.withdrawnEvents).toEqual(['e0/1', 'e0/2']);
    await settled(1);
  });

  it('takes back what is being gathered for a batch', async () => {
    await open(ECHO, { line: { batch: { maxEvents: 3, maxWaitMs: 60_000, maxBytes: 100_000 } } });
    at.give(values(1, 2, 3, 4, 5));
    await until(() => at.settled.ends.size === 3, 'the first batch has run');
    at.lease.withdraw();
    expect(at.settled.withdrawnEvents).toEqual(['e0/3', 'e0/4']);
    expect([at.lease.inFlight, at.line.inFlight]).toEqual([0, 0]);
  });
});

describe('limits', () => {
  it('has no room at the most in flight, and calls back when there is', async () => {
    await open(WAIT, { line: { maxInFlight: 10 } });
    at.give(Array.from({ length: 10 }, () => ({ value: { seconds: 1 } })));
    expect(at.line.hasRoom(1, 1)).toBe(false);
    let called = 0;
    at.line.onRoom(() => called++);
    await until(() => called > 0 && at.line.hasRoom(1, 1), 'there is room');
    await settled(10);
  });
});

describe('intake', () => {
  it('lets go of what the filter does not match, and checks the schema', async () => {
    await open(ECHO, { wantsEnds: true, intake: { filter: '{"kind":["a"]}', schema: '{"type":"object","required":["n"]}' } });
    at.give(values({ kind: 'a', n: 1 }, { kind: 'b' }, { kind: 'a' }));
    await settled(3);
    expect(end('e0/0').output).toBe('{"kind":"a","n":1}');
    expect(end('e0/1').status).toBe('FILTERED');
    expect(end('e0/2')).toMatchObject({ status: 'REJECTED', error: 'EVENT_REJECTED' });
    expect(end('e0/2').cause).toContain("must have required property 'n'");
    expect(at.deadLetters).toHaveLength(1);
  });

  it.each([
    ['compiled', '{"n": value.n, "key": key, "at": topic & "/" & partition & "/" & offset, "h": headers.trace, "when": timestamp}'],
    ['by the library', '{"n": value.n, "key": key, "at": topic & "/" & partition & "/" & offset, "h": headers.trace, "when": timestamp, "same": value.list#$i[$i=0]}'],
  ])('makes the input of the envelope, %s', async (_, input) => {
    await open(ECHO, { wantsEnds: true, intake: { input } });
    at.give([
      { value: { n: 1, list: [7] }, key: 'k1', headers: { trace: 'x' } },
      { value: { n: 2, list: [7] }, key: 'k2', headers: { trace: 'y' } },
    ]);
    await settled(2);
    const { same: _same, ...made } = JSON.parse(end('e0/1').output!) as Record<string, unknown>;
    expect(made).toEqual({ n: 2, key: 'k2', at: 't/3/101', h: 'y', when: 1_700_000_000_000 });
  });

  it('refuses an event on which the input expression fails, and goes on', async () => {
    await open(ECHO, { wantsEnds: true, intake: { input: '{"n": $number(value.n)}' } });
    at.give(values({ n: 'one' }, { n: '2' }));
    await settled(2);
    expect(end('e0/0')).toMatchObject({ status: 'REJECTED', error: 'EVENT_REJECTED' });
    expect(end('e0/1').output).toBe('{"n":2}');
  });

  it('says what is wrong with an expression when it is installed', async () => {
    await open(ECHO);
    const definition = JSON.stringify(ECHO);
    const intake = { source: 's', order: 'none', retry: { maxAttempts: 1, backoffMs: 1, maxBackoffMs: 1 }, tombstones: 'skip', input: '{"n": ' } as const;
    await expect(at.rig.pool.install({ machine: 'm', definition, route: { name: 's:m', intake } })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringContaining('sources.s.input') as string });
  });

  it.each([
    ['skip', { status: 'FILTERED' }],
    ['run', { status: 'SUCCEEDED', output: 'null' }],
    ['deadLetter', { status: 'REJECTED', error: 'EMPTY_EVENT' }],
  ] as const)('has a rule for tombstones: %s', async (tombstones, expected) => {
    await open(ECHO, { wantsEnds: true, intake: { tombstones } });
    at.give([{ raw: '', value: null }]);
    await settled(1);
    expect(end('e0/0')).toMatchObject(expected);
  });

  it('shows the event in the context object, also after a wait', async () => {
    await open(pass({ Wait: { Type: 'Wait', Seconds: 1, Next: 'Look' }, Look: { Type: 'Pass', Parameters: { 'event.$': '$$.Event' }, End: true } }), { wantsEnds: true });
    at.give([{ value: 1, key: 'k', headers: { a: 'b' } }]);
    await settled(1);
    expect(JSON.parse(end('e0/0').output!)).toEqual({ event: { topic: 't', partition: 3, offset: 100, key: 'k', headers: { a: 'b' }, timestamp: 1_700_000_000_000 } });
  });
});

describe('retries', () => {
  const FAILS_TWICE = 'const seen = new Map(); export const handler = ({ id }) => { const n = (seen.get(id) ?? 0) + 1; seen.set(id, n); if (n < 3) throw new Error(`try ${n}`); return n; };';

  it('tries a failing execution again, up to its attempts', async () => {
    await open(task('f'), { wantsEnds: true, functions: { f: FAILS_TWICE }, intake: { retry: { maxAttempts: 3, backoffMs: 5, maxBackoffMs: 10 } } });
    at.give(values({ id: 1 }, { id: 2 }));
    await settled(2);
    expect([end('e0/0').output, end('e0/1').output]).toEqual(['3', '3']);
    expect(at.deadLetters).toEqual([]);
  });

  it('ends as failed after the last, and says how many there were', async () => {
    await open(task('f'), { functions: { f: FAILS_TWICE }, intake: { retry: { maxAttempts: 2, backoffMs: 5, maxBackoffMs: 10 } } });
    at.give(values({ id: 1 }));
    await settled(1);
    expect(at.deadLetters).toMatchObject([{ status: 'FAILED', attempts: 2 }]);
  });
});

describe('order', () => {
  // Every handler notes when it begins and when it ends; a key's handlers must not overlap.
  const NOTES = "const log = []; export const handler = async ({ key, n, ms }) => { if (key === 'dump') return log; log.push([key, n, 'begin']); if (ms > 0) await new Promise((r) => setTimeout(r, ms)); log.push([key, n, 'end']); };";
  const dump = async (): Promise<[string, number, string][]> => {
    const { size } = at.settled.ends;
    at.give([{ value: { key: 'dump' }, key: 'dump' }], { lane: 0 });
    await settled(size + 1);
    return JSON.parse(end(at.settled.order.at(-1)!).output!) as [string, number, string][];
  };

  it('runs the events of one key after one another, and those of other keys beside them', async () => {
    await open(task('f'), { wantsEnds: true, functions: { f: NOTES }, intake: { order: 'key' } });
    at.give([0, 1, 2, 3].flatMap((n) => ['a', 'b'].map((key) => ({ value: { key, n, ms: key === 'a' ? 40 : 1 }, key }))), { lane: 0 });
    at.give([4, 5].map((n) => ({ value: { key: 'a', n, ms: 0 }, key: 'a' })), { lane: 0 });
    await settled(10);
    const log = await dump();
    const of = (key: string): [number, string][] => log.filter(([k]) => k === key).map(([, n, what]) => [n, what]);
    expect(of('a')).toEqual([0, 1, 2, 3, 4, 5].flatMap((n) => [[n, 'begin'], [n, 'end']]));
    expect(of('b')).toEqual([0, 1, 2, 3].flatMap((n) => [[n, 'begin'], [n, 'end']]));
    expect(log.findIndex(([k, n]) => k === 'b' && n === 3)).toBeLessThan(log.findIndex(([k, n]) => k === 'a' && n === 3));
  });

  it('keeps a whole partition in order where that is asked for, through failures and retries', async () => {
    const fails = "const log = []; const seen = new Set(); export const handler = async ({ key, n }) => { if (key === 'dump') return log; log.push([key, n, 'begin']); if (n % 2 && !seen.has(n)) { seen.add(n); throw new Error('once'); } log.push([key, n, 'end']); };";
    await open(task('f'), { wantsEnds: true, functions: { f: fails }, intake: { order: 'partition', retry: { maxAttempts: 2, backoffMs: 20, maxBackoffMs: 20 } } });
    at.give(Array.from({ length: 12 }, (_, n) => ({ value: { key: `k${n}`, n }, key: `k${n}` })), { lane: 0 });
    await settled(12);
    const ended = (await dump()).filter(([, , what]) => what === 'end').map(([, n]) => n);
    expect(ended).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });

  it('asks nothing of what ends at once', async () => {
    await open(ECHO, { wantsEnds: true, intake: { order: 'key' } });
    at.give(Array.from({ length: 500 }, (_, n) => ({ value: n, key: 'same' })), { lane: 0 });
    await settled(500);
    expect(at.settled.order).toEqual(Array.from({ length: 500 }, (_, n) => `e0/${n}`));
  });
});

describe('a lease that is released', () => {
  it('tells of nothing any more, and runs nothing that has not begun', async () => {
    const functions = { f: "let begun = 0; export const handler = async (event) => { if (event.dump) return begun; begun++; await new Promise((r) => setTimeout(r, 50)); };" };
    await open(task('f'), { functions, intake: { order: 'key' } });
    at.give(Array.from({ length: 10 }, (_, n) => ({ value: { n }, key: 'k' })), { lane: 0 });
    await until(() => at.rig.pool.parked === 10, 'all wait behind the first');
    at.lease.release();
    expect(at.lease.inFlight).toBe(0);
    await until(() => at.rig.dispatch.inFlight === 0, 'nothing is left');
    expect(at.settled.ends.size).toBe(0);
    expect(at.line.hasRoom(1000, 0)).toBe(true);
    at.rig.offer('m', [{ dump: true }], { wantsOutput: true });
    await until(() => at.rig.ledger.ends.size === 1, 'the function has answered');
    expect(at.rig.ledger.end('p0/0').output).toBe('1');
  });
});

describe('batches', () => {
  const COUNT = pass({ Count: { Type: 'Pass', Parameters: { 'n.$': 'States.ArrayLength($)', 'all.$': '$' }, End: true } });

  it('are the input of one execution, as full as they may be', async () => {
    await open(COUNT, { wantsEnds: true, line: { batch: { maxEvents: 4, maxWaitMs: 50, maxBytes: 100_000 } } });
    at.give(values(0, 1, 2));
    at.give(values(3, 4, 5, 6, 7, 8));
    await settled(9);
    const outputs = at.settled.order.map((key) => end(key).output).filter((output) => output !== undefined);
    expect(outputs.map((output) => JSON.parse(output) as unknown)).toEqual([
      { n: 4, all: [0, 1, 2, 3] },
      { n: 4, all: [4, 5, 6, 7] },
      { n: 1, all: [8] },
    ]);
  });

  it('leave out what is refused, which is a dead letter of its own', async () => {
    await open(COUNT, { wantsEnds: true, intake: { filter: '{"n":[{"exists":true}]}' }, line: { batch: { maxEvents: 5, maxWaitMs: 1000, maxBytes: 100_000 } } });
    at.give([{ raw: 'not json', value: null }, { value: { n: 1 } }, { value: { other: 1 } }, { value: { n: 2 } }, { raw: '{', value: null }]);
    await settled(5);
    expect(JSON.parse(end('e0/1').output!)).toEqual({ n: 2, all: [{ n: 1 }, { n: 2 }] });
    expect([0, 2, 3, 4].map((i) => end(`e0/${i}`).status)).toEqual(['REJECTED', 'FILTERED', 'SUCCEEDED', 'REJECTED']);
    expect(at.deadLetters.map(({ value }) => Buffer.from(value).toString()).toSorted()).toEqual(['not json', '{']);
  });

  it('show each event the number that it has, also where numbers are missing between them', async () => {
    await open(ECHO, { wantsEnds: true, intake: { input: 'offset' }, line: { batch: { maxEvents: 3, maxWaitMs: 1000, maxBytes: 100_000 } } });
    at.give(values(0, 1));
    at.give(values(2));
    await settled(3);
    expect(JSON.parse(end('e0/0').output!)).toEqual([100, 101, 100]);
  });

  it('fail together, and may be larger than a batch of the pool usually is', async () => {
    await open(pass({ Wait: { Type: 'Wait', Seconds: 1, Next: 'No' }, No: { Type: 'Fail', Error: 'Nope' } }), { line: { batch: { maxEvents: 1000, maxWaitMs: 1000, maxBytes: 1_000_000 } } });
    at.give(Array.from({ length: 1000 }, (_, n) => ({ value: n })));
    await settled(1000);
    expect(at.deadLetters).toHaveLength(1000);
    expect(new Set(at.deadLetters.map(({ error }) => error))).toEqual(new Set(['Nope']));
  });

  it('are cut by bytes too', async () => {
    await open(COUNT, { wantsEnds: true, line: { batch: { maxEvents: 100, maxWaitMs: 20, maxBytes: 10 } } });
    at.give(values('aaaa', 'bbbb', 'cccccccccccccccccccc', 'd'));
    await settled(4);
    const sizes = at.settled.order.flatMap((key) => end(key).output ?? []).map((output) => (JSON.parse(output) as { n: number }).n);
    expect(sizes).toEqual([1, 1, 1, 1]);
  });
});
