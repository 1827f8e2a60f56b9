import { afterEach, describe, expect, it } from 'vitest';
import type { End, Settler } from '../../src/delivery/contract.ts';
import { ECHO, WAIT, createRig, pass, type Rig, task, until } from '../pool/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const settled = (count: number): Promise<void> => until(() => rig.ledger.ends.size === count && rig.dispatch.inFlight === 0, `${count} events have ended (${rig.ledger.ends.size} have)`);

describe('settlement', () => {
  it('reports every event of cut and joined parcels once, over several lanes', async () => {
    rig = await createRig({ echo: ECHO }, {}, { workers: 2 });
    for (let i = 0; i < 50; i++) rig.offer('echo', Array.from({ length: 1 + ((i * 37) % 700) }, (_, n) => ({ n })));
    const total = Array.from({ length: 50 }, (_, i) => 1 + ((i * 37) % 700)).reduce((a, b) => a + b, 0);
    await settled(total);
    expect(rig.ledger.doubled).toBe(0);
    expect(rig.ledger.count('SUCCEEDED')).toBe(total);
    expect(rig.dispatch.inFlightBytes).toBe(0);
    expect(rig.dispatch.queued).toBe(0);
  });

  it('answers outputs, errors and causes where they are asked for, beside those where they are not', async () => {
    rig = await createRig({ echo: ECHO, fail: pass({ No: { Type: 'Fail', Error: 'Bad', Cause: 'It is bad.' } }), bare: pass({ No: { Type: 'Fail' } }) });
    rig.offer('echo', [{ a: 'ä€😀' }, [1, null], 'x'], { wantsOutput: true });
    rig.offer('echo', [1, 2, 3]);
    rig.offer('fail', [{}, {}], { startTimeMs: 1000 });
    rig.offer('bare', [{}]);
    await settled(9);
    expect([0, 1, 2].map((i) => rig.ledger.end(`p0/${i}`).output)).toEqual(['{"a":"ä€😀"}', '[1,null]', '"x"']);
    expect(rig.ledger.ends.get('p1/2')).toBe('SUCCEEDED');
    expect(rig.ledger.end('p2/1')).toMatchObject({ status: 'FAILED', error: 'Bad', cause: 'It is bad.', startTimeMs: 1000, redeliveries: 0 });
    expect(rig.ledger.end('p3/0')).not.toHaveProperty('error');
    expect(rig.ledger.end('p2/0').stopTimeMs).toBeGreaterThan(Date.now() - 60_000);
  });

  it('lets nothing wait for a batch-mate that is parked', async () => {
    rig = await createRig({ wait: WAIT, echo: ECHO });
    rig.offer('echo', [1]);
    rig.offer('wait', [{ seconds: 0 }, { seconds: 1 }, { seconds: 250 }, { seconds: 0 }]);
    rig.offer('echo', [2, 3]);
    await until(() => rig.ledger.ends.size === 6, 'all but the longest wait have ended');
    expect(rig.ledger.ends.has('p1/2')).toBe(false);
    expect(rig.ledger.parkedEvents.has('p1/2')).toBe(true);
    expect(rig.dispatch.inFlight).toBe(1);
    expect(await rig.dispatch.drain(50)).toBe(1);
  });

  it('settles thousands of parked executions, with and without outputs', async () => {
    rig = await createRig({ wait: WAIT }, {}, { workers: 2 });
    for (let i = 0; i < 8; i++) rig.offer('wait', Array.from({ length: 1000 }, () => ({ seconds: 1, i })), { wantsOutput: i % 2 === 0 });
    expect(await rig.dispatch.drain(20_000)).toBe(0);
    expect(rig.ledger.ends.size).toBe(8000);
    expect(rig.ledger.doubled).toBe(0);
    expect(rig.ledger.end('p2/999').output).toBe('{"seconds":1,"i":2}');
  });

  it('times an execution out at the machine\'s own limit', async () => {
    rig = await createRig({ slow: { ...(WAIT as object), TimeoutSeconds: 1 } });
    rig.offer('slow', [{ seconds: 100 }]);
    await settled(1);
    expect(rig.ledger.end('p0/0').status).toBe('TIMED_OUT');
  });
});

describe('intake', () => {
  it('rejects what is not JSON, not UTF-8 or too large, and runs the rest', async () => {
    rig = await createRig({ echo: ECHO }, {}, { payloadBytes: 100 });
    rig.raw('echo', ['{"a":1}', '{"a":}', '', Buffer.from([0x22, 0xff, 0x22]), '"\uFFFD"', `"${'x'.repeat(200)}"`, '{"__proto__":{"x":1}}'], { wantsOutput: true });
    await settled(7);
    const end = (i: number): End => rig.ledger.end(`p0/${i}`);
    expect(end(1)).toMatchObject({ status: 'REJECTED', error: 'INVALID_JSON', cause: 'The event is not JSON: unexpected "}" at position 5.' });
    expect(end(2)).toMatchObject({ status: 'REJECTED', error: 'INVALID_JSON' });
    expect(end(3)).toMatchObject({ status: 'REJECTED', error: 'INVALID_JSON' });
    expect(end(4).output).toBe('"\uFFFD"');
    expect(end(5)).toMatchObject({ status: 'REJECTED', error: 'PAYLOAD_TOO_LARGE', cause: 'The event has 202 bytes; the limit is 100.' });
    expect(end(6).output).toBe('{"__proto__":{"x":1}}');
  });

  it('checks the inputSchema and says all that is wrong', async () => {
    rig = await createRig({});
    const inputSchema = JSON.stringify({ type: 'object', required: ['id'], properties: { amount: { type: 'number', minimum: 0 } } });
    await rig.pool.install({ machine: 'invoice', definition: JSON.stringify(ECHO), inputSchema });
    rig.offer('invoice', [{ id: 1, amount: 2 }, { amount: -1 }]);
    await settled(2);
    expect(rig.ledger.end('p0/1')).toMatchObject({ status: 'REJECTED', error: 'INPUT_REJECTED' });
    expect(rig.ledger.end('p0/1').cause).toContain("must have required property 'id'");
    expect(rig.ledger.end('p0/1').cause).toContain('/amount must be >= 0');
  });

  it('carries an event that is larger than a whole arena', async () => {
    rig = await createRig({ echo: ECHO }, {}, { payloadBytes: 8_000_000, maxBatchBytes: 1000 });
    rig.offer('echo', ['x'.repeat(2_000_000), 1, 'y'.repeat(900)], { wantsOutput: true });
    await settled(3);
    // The output is over no limit here: a Pass hands its input on.
    expect(rig.ledger.end('p0/0').output?.length).toBe(2_000_002);
  });

  it('refuses events for a machine that is not there', async () => {
    rig = await createRig({});
    rig.offer('nobody', [1, 2]);
    await settled(2);
    expect(rig.ledger.end('p0/1')).toMatchObject({ status: 'REJECTED', error: 'NO_SUCH_MACHINE' });
  });
});

describe('identity', () => {
  it('derives names from sequences and lists, also once parked, and an ARN that does not change', async () => {
    const who = pass({
      Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Who' },
      Who: { Type: 'Pass', Parameters: { 'name.$': '$$.Execution.Name', 'id.$': '$$.Execution.Id', 'start.$': '$$.Execution.StartTime' }, End: true },
    });
    rig = await createRig({ who });
    const startTimeMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    rig.offer('who', [{ seconds: 0 }, { seconds: 1 }], { wantsOutput: true, startTimeMs, names: { prefix: 'readings-0', firstSerial: 41 } });
    rig.offer('who', [{ seconds: 0 }, { seconds: 1 }, { seconds: 1 }], { wantsOutput: true, startTimeMs, names: ['a', 'é', 'c'] });
    await settled(5);
    const read = (key: string): Record<string, string> => JSON.parse(rig.ledger.end(key).output as string) as Record<string, string>;
    expect(read('p0/0')['name']).toBe('readings-0-41');
    expect(read('p0/1')['name']).toBe('readings-0-42');
    expect(['p1/0', 'p1/1', 'p1/2'].map((key) => read(key)['name'])).toEqual(['a', 'é', 'c']);
    expect(read('p1/1')['start']).toBe('2026-01-02T03:04:05.678Z');
    expect(read('p1/0')['id']).toMatch(/^arn:aws:states:local:000000000000:express:who:a:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});

describe('limits', () => {
  it('says when there is no room and calls back when there is', async () => {
    rig = await createRig({ wait: WAIT }, {}, { limits: { maxInFlight: 10, maxInFlightBytes: 1000 } });
    expect(rig.dispatch.hasRoom('wait', 10, 1000)).toBe(true);
    // What is larger than the limit passes where nothing else is in flight; otherwise nobody could ever send it.
    expect(rig.dispatch.hasRoom('wait', 11, 2000)).toBe(true);
    rig.offer('wait', Array.from({ length: 10 }, () => ({ seconds: 1 })));
    expect(rig.dispatch.hasRoom('wait', 1, 1)).toBe(false);
    let room = false;
    rig.dispatch.onRoom(() => (room = rig.dispatch.hasRoom('wait', 1, 1)));
    await until(() => room, 'there is room');
  });

  it('never runs more of a machine at once than its own limit, and others meanwhile', async () => {
    const gauge = 'let now = 0; let most = 0; export const handler = async () => { most = Math.max(most, ++now); await new Promise((r) => setTimeout(r, 5)); now--; return most; };';
    rig = await createRig({ few: task('gauge'), echo: ECHO }, { gauge }, { limits: { machineMaxInFlight: (machine) => (machine === 'few' ? 3 : undefined) } });
    rig.offer('few', Array.from({ length: 40 }, () => 0), { wantsOutput: true });
    rig.offer('echo', [1, 2, 3]);
    expect(rig.dispatch.hasRoom('few', 1, 1)).toBe(false);
    expect(rig.dispatch.hasRoom('echo', 1, 1)).toBe(true);
    await settled(43);
    const most = Array.from({ length: 40 }, (_, i) => Number(rig.ledger.end(`p0/${i}`).output));
    expect(Math.max(...most)).toBe(3);
    expect(rig.ledger.order.indexOf('p1/2')).toBeLessThan(20);
  });

  it('keeps parcels of one lane number on one worker and in order', async () => {
    const where = "import { threadId } from 'node:worker_threads'; export const handler = () => threadId;";
    rig = await createRig({ where: task('where') }, { where }, { workers: 2 });
    for (let i = 0; i < 40; i++) rig.offer('where', [0, 0, 0], { lane: i % 4, wantsOutput: true });
    await settled(120);
    for (let lane = 0; lane < 4; lane++) {
      const parcels = Array.from({ length: 10 }, (_, i) => `p${lane + 4 * i}`);
      const threads = new Set(parcels.flatMap((parcel) => [0, 1, 2].map((i) => rig.ledger.end(`${parcel}/${i}`).output)));
      expect(threads.size).toBe(1);
      const order = rig.ledger.order.filter((key) => parcels.includes(key.split('/')[0] as string));
      expect(order).toEqual(parcels.flatMap((parcel) => [0, 1, 2].map((i) => `${parcel}/${i}`)));
    }
  });
});

describe('forget', () => {
  it('drops what is queued, no longer reports what runs, and frees its room', async () => {
    rig = await createRig({ wait: WAIT, echo: ECHO });
    const lost: string[] = [];
    const gone: Settler = { succeeded: () => lost.push('succeeded'), ended: () => lost.push('ended') };
    rig.offer('wait', [{ seconds: 1 }], { settler: gone });
    await until(() => rig.dispatch.queued === 0, 'it is on a worker');
    rig.offer('wait', Array.from({ length: 2000 }, () => ({ seconds: 200 })), { settler: gone });
    rig.dispatch.forget(gone);
    rig.offer('echo', [1]);
    await until(() => rig.dispatch.inFlight === 0, 'nothing is in flight');
    expect(lost).toEqual([]);
    expect(rig.ledger.count('SUCCEEDED')).toBe(1);
  });
});

describe('a halt', () => {
  it('comes after the report of everything that has ended; nothing ends or begins afterwards', async () => {
    const later = "export const handler = ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms));";
    rig = await createRig({ later: task('later'), echo: ECHO }, { later }, { workers: 2, limits: { machineMaxInFlight: (machine) => (machine === 'later' ? 400 : undefined) } });
    rig.offer('later', Array.from({ length: 500 }, (_, n) => ({ ms: n })));
    rig.offer('echo', Array.from({ length: 3000 }, (_, n) => n));
    await until(() => rig.ledger.ends.size > 3050, 'some of it has ended');
    await rig.dispatch.halt(60_000);
    const ended = rig.ledger.ends.size;
    expect(rig.dispatch.inFlight).toBe(3500 - ended);
    expect(rig.dispatch.inFlight).toBeGreaterThan(0);
    rig.offer('echo', [1]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(rig.ledger.ends.size).toBe(ended);
    expect(rig.ledger.doubled).toBe(0);
  });

  it('waits for a worker that is blocked no longer than it is told', async () => {
    const loop = 'export const handler = () => { for (;;); };';
    rig = await createRig({ loop: task('loop'), echo: ECHO }, { loop });
    rig.offer('loop', [1]);
    await rig.dispatch.halt(50);
    expect(rig.dispatch.inFlight).toBe(1);
  });
});
