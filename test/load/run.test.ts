import { describe, expect, it } from 'vitest';
import { type Batch, NOTHING_REJECTED, type Rejection, type Sender, type Settled } from '../../src/load/contract.ts';
import { linesFeed } from '../../src/load/feed.ts';
import { Meter } from '../../src/load/meter.ts';
import type { LoadEnd, LoadPlan } from '../../src/load/plan.ts';
import { createRandom } from '../../src/load/random.ts';
import { LoadRun } from '../../src/load/run.ts';
import { constant, ramp, sequence } from '../../src/load/shape.ts';

/** A target whose answers are in the hands of the test. */
class Target implements Sender {
  readonly target = 'a test';
  readonly maxEvents: number;
  readonly maxBytes = 1e9;
  readonly maxBatches: number;
  readonly batches: Batch[] = [];
  readonly waiting: (() => void)[] = [];
  mostInFlight = 0;
  #inFlight = 0;
  answer: (batch: Batch) => readonly Rejection[] = () => NOTHING_REJECTED;
  holds = false;

  constructor(maxEvents = 1, maxBatches = 1000) {
    this.maxEvents = maxEvents;
    this.maxBatches = maxBatches;
  }

  send(batch: Batch, settled: Settled): void {
    this.batches.push(batch);
    this.#inFlight += batch.events.length;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    const settle = (): void => {
      this.#inFlight -= batch.events.length;
      settled(batch, this.answer(batch));
    };
    if (this.holds) this.waiting.push(settle);
    else setImmediate(settle);
  }

  release(): void {
    this.holds = false;
    for (const settle of this.waiting.splice(0)) settle();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const plan = (more: Partial<LoadPlan>): LoadPlan => ({ feed: linesFeed(['{}'], undefined, createRandom(1), false), shape: undefined, lingerMs: 0, warmUp: 0, duration: Infinity, count: Infinity, maxInFlight: 1e6, graceMs: 10_000, ...more });

async function load(target: Target, more: Partial<LoadPlan>, meanwhile?: (run: LoadRun) => void): Promise<{ meter: Meter; end: LoadEnd }> {
  const meter = new Meter();
  const run = new LoadRun(target, plan(more), meter);
  meanwhile?.(run);
  return { meter, end: await run.toEnd() };
}

const dueOf = (target: Target): number[] => target.batches.flatMap(({ dueMs }) => dueMs);

describe('an open loop', () => {
  it('sends every event of its time, at the times of the shape', async () => {
    const target = new Target();
    const { meter, end } = await load(target, { shape: constant(500), duration: 0.4 });
    expect(meter.total).toMatchObject({ sent: 200, ok: 200, failed: 0, refused: 0, bytes: 400 });
    expect(dueOf(target)).toEqual(Array.from({ length: 200 }, (_, event) => event * 2));
    expect(end).toMatchObject({ unsent: 0, unanswered: 0 });
    expect(meter.seconds[0]).toMatchObject({ at: 0, target: 200 });
    expect(meter.seconds.reduce((sum, { ok }) => sum + ok, 0)).toBe(200);
    expect(meter.seconds.every(({ sent, ok }) => sent + ok > 0)).toBe(true);
  });

  it('counts latency from when an event was due, so that a stall of the target counts for all that came meanwhile', async () => {
    // As an ordinary client sees it, one request of 20 is slow; in truth every event that was due while it hung had to wait.
    const target = new Target(1, 1);
    let sent = 0;
    const send = target.send.bind(target);
    target.send = (batch, settled) => {
      target.holds = ++sent === 20;
      send(batch, settled);
    };
    const { meter } = await load(target, { shape: constant(200), duration: 0.6 }, () => setTimeout(() => target.release(), 400));
    expect(meter.total.ok).toBe(120);
    // Due at 95 ms, answered at 400 ms: a tenth of all events were due in the first 60 ms of the stall.
    expect(meter.latency!.max).toBeGreaterThanOrEqual(295);
    expect(meter.latency!.p90).toBeGreaterThanOrEqual(200);
    expect(meter.total.late).toBeGreaterThanOrEqual(50);
  });

  it('keeps what is in flight within its limit, and says what could not be sent', async () => {
    const target = new Target();
    target.holds = true;
    const { meter, end } = await load(target, { shape: constant(1000), duration: 0.2, maxInFlight: 30, graceMs: 50 });
    expect(target.mostInFlight).toBe(30);
    expect(meter.total.sent).toBe(30);
    expect(end).toMatchObject({ unsent: 170, unanswered: 30 });
    expect(meter.seconds.at(-1)).toMatchObject({ inFlight: 30 });
  });

  it('joins what is due into batches when all of them are under way', async () => {
    const target = new Target(100, 1);
    target.holds = true;
    const { meter } = await load(target, { shape: constant(1000), duration: 0.3 }, () => setTimeout(() => target.release(), 150));
    expect(meter.total.ok).toBe(300);
    expect(target.batches[0]!.events.length).toBeLessThan(100);
    expect(target.batches[1]!.events).toHaveLength(100);
  });

  it('lets events wait for others, and counts the wait', async () => {
    const target = new Target(100, 10);
    const { meter } = await load(target, { shape: constant(1000), duration: 0.5, lingerMs: 40 });
    expect(meter.total.ok).toBe(500);
    // The last batch goes at once: nothing comes after it.
    for (const { events } of target.batches.slice(0, -1)) expect(events.length).toBeGreaterThanOrEqual(40);
    expect(target.batches[1]!.dueMs[0]).toBe(target.batches[0]!.events.length);
    expect(meter.latency!.max).toBeGreaterThanOrEqual(40);
  });

  it('leaves a warm-up out of the sums, and begins the shape after it', async () => {
    const target = new Target(50, 4);
    const warm = sequence([{ shape: constant(1000), lasting: 0.2 }, { shape: ramp(1000, 0, 0.2), lasting: Infinity }]);
    const { meter } = await load(target, { shape: warm, warmUp: 0.2, duration: 0.2 });
    expect(target.batches.reduce((sum, { events }) => sum + events.length, 0)).toBe(300);
    expect(meter.total).toMatchObject({ sent: 100, ok: 100 });
    expect(meter.seconds.reduce((sum, { sent }) => sum + sent, 0)).toBe(300);
  });

  it('stops sending when it is told to, and waits for what is in flight', async () => {
    const target = new Target();
    target.holds = true;
    const { meter, end } = await load(target, { shape: constant(500) }, (run) => {
      setTimeout(() => run.stop(), 100);
      setTimeout(() => target.release(), 200);
    });
    expect(meter.total.sent).toBeGreaterThan(0);
    expect(meter.total.ok).toBe(meter.total.sent);
    expect(end.unanswered).toBe(0);
  });
});

describe('without a shape', () => {
  it('sends as fast as the target takes, as many as asked for', async () => {
    const target = new Target(7, 3);
    const { meter } = await load(target, { count: 1000 });
    expect(meter.total).toMatchObject({ sent: 1000, ok: 1000, late: 0 });
    expect(target.mostInFlight).toBe(21);
  });

  it('counts what is asked for after the warm-up', async () => {
    const target = new Target(10, 2);
    const { meter } = await load(target, { count: 500, warmUp: 0.05 });
    expect(meter.total.sent).toBe(500);
    expect(target.batches.length).toBeGreaterThan(50);
  });

  it('ends with its feed', async () => {
    const target = new Target(4, 2);
    const { meter } = await load(target, { feed: linesFeed(['1', '2', '3', '4', '5'], undefined, createRandom(1), true) });
    expect(meter.total.ok).toBe(5);
    expect(target.batches.flatMap(({ events }) => events)).toEqual(['1', '2', '3', '4', '5']);
  });
});

describe('what the target rejects', () => {
  it('is counted by kind, refusals apart from failures, the rest as taken', async () => {
    const target = new Target(10, 1);
    target.answer = () => [{ kind: '429 AT_CAPACITY', count: 3, refused: true }, { kind: 'connection lost', count: 2, refused: false }];
    const { meter } = await load(target, { count: 100 });
    expect(meter.total).toMatchObject({ sent: 100, ok: 50, refused: 30, failed: 20 });
    expect([...meter.rejections]).toEqual([['429 AT_CAPACITY', 30], ['connection lost', 20]]);
  });
});
