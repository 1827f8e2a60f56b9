import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../bench/scaling-simulation.mjs';
import { blocks, costAt, loss, LOSSES, plan, podLimit, renewed } from '../../bench/scaling.mjs';
import { METRICS } from '../../src/telemetry/metrics-table.ts';

type Result = ReturnType<typeof loss>;

const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');

describe('docs/scaling.md', () => {
  it('has the tables that the script prints (else: node bench/scaling.mjs --page docs/scaling.md)', () => {
    expect(renewed(page)).toBe(page);
    expect([...page.matchAll(/<!-- scaling: (\w+) -->/g)].map((match) => match[1])).toEqual(Object.keys(blocks()));
  });

  it('names metrics that there are', () => {
    const named = [...page.matchAll(/millrace_[a-z_]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(10);
    for (const name of named) expect(Object.keys(METRICS)).toContain(name);
  });
});

describe('the arithmetic', () => {
  it('draws a line through the two sizes that were measured', () => {
    expect(costAt([1, 1.882], 118)).toBeCloseTo(1, 9);
    expect(costAt([1, 1.882], 1000)).toBeCloseTo(1.882, 9);
    expect(costAt([1, 1.882], 559)).toBeCloseTo(1.441, 9);
    // A line that falls steeply is noise: events do not become cheaper without end.
    expect(costAt([1, 0.1], 100_000)).toBe(0.5);
  });

  it('finds what limits a pod', () => {
    expect(podLimit({ main: [1, 1], workers: [3, 3] }, 118, 2)).toEqual({ rate: 500_000, limit: 'processors' });
    expect(podLimit({ main: [1, 1], workers: [3, 3] }, 118, 8)).toEqual({ rate: 1_000_000, limit: 'main thread' });
    expect(podLimit({ main: [50, 50], workers: [20, 20] }, 118, 2)).toEqual({ rate: 20_000, limit: 'main thread' });
  });

  it('grows with the rate, and never plans for what cannot be carried', () => {
    for (const path of ['kafka', 'kafkaResults', 'redis', 'bullmq', 'httpBulk', 'httpAsync', 'httpSync']) {
      const [small, large] = [plan(path, { rate: 100_000 }), plan(path, { rate: 1_000_000 })];
      expect(large.pods).toBeGreaterThanOrEqual(small.pods);
      expect(large.pods * large.podRate * 0.6).toBeGreaterThanOrEqual(1_000_000);
      if (large.pods > 2) expect((large.pods - 1) * large.podRate * 0.6).toBeLessThan(1_000_000);
      expect(large.gbit).toBeCloseTo(small.gbit * 10, 9);
      expect(plan(path, { rate: 1 }).pods).toBe(2);
    }
    expect(plan('kafka', { rate: 1e6 }).partitions).toBe(4 * plan('kafka', { rate: 1e6 }).pods);
    expect(plan('kafka', { rate: 1e7, 'nic-gbit': 1 }).brokers).toBeGreaterThan(plan('kafka', { rate: 1e7, 'nic-gbit': 100 }).brokers!);
  });

  it('is had from the command line with other inputs', () => {
    const script = fileURLToPath(new URL('../../bench/scaling.mjs', import.meta.url));
    const text = execFileSync(process.execPath, [script, '--rate', '50000', '--event-bytes', '1000'], { encoding: 'utf8' });
    expect(text).toContain('| `--rate` | 50,000 | events/s |');
    expect(text).toContain('| Kafka, no output | 50,000 |');
    expect(() => execFileSync(process.execPath, [script, '--rate', 'many'], { stdio: 'pipe' })).toThrow(/--rate takes a number/);
  });
});

describe('the simulation', () => {
  const calm = { rate: 10_000, partitions: 16, pods: 4, podRate: 4000, lostAt: 10, noticedAfter: 20, rebalance: 2, uncommitted: 1, replacedAfter: Infinity, seconds: 200 };

  it('loses nothing: what arrived, or was read again, has been worked off or still waits', () => {
    for (const more of [{}, { podRate: 2400 }, { lostAt: Infinity }, { replacedAfter: 40 }, { rate: 100 }]) {
      const { arrived, repeated, done, lag } = simulate({ ...calm, ...more });
      expect(done + lag).toBeCloseTo(arrived + repeated, 3);
      expect(arrived / (200 * ({ ...calm, ...more }).rate)).toBeCloseTo(1, 1);
    }
  });

  it('comes to what a fluid would: the outage, and the backlog divided by what is to spare', () => {
    // A pod's 4 partitions lie still for 22 s, and one second of them comes again: 23 s of 625/s each. Then one each goes to the
    // other three, and the fourth to the first of them, which has 6 partitions: 4000 - 6 * 625 = 250/s to spare for two backlogs.
    const { recovery, worstDelay } = simulate({ ...calm, seconds: 400 });
    expect(worstDelay).toBeGreaterThan(22.9);
    expect(worstDelay).toBeLessThan(23.5);
    const fluid = 22 + (2 * 23 * 625) / 250;
    expect(recovery / fluid).toBeGreaterThan(0.93);
    expect(recovery / fluid).toBeLessThan(1.05);
  });

  it('does not recover without anything to spare, and does when a pod takes the lost one\u2019s place', () => {
    expect(simulate({ ...calm, podRate: 2700 }).recovery).toBe(Infinity);
    expect(simulate({ ...calm, podRate: 2700, replacedAfter: 30, seconds: 600 }).recovery).toBeLessThan(500);
  });

  it('has a backlog of next to nothing while no pod is lost', () => {
    const { peakLag, recovery, repeated } = simulate({ ...calm, lostAt: Infinity });
    expect(peakLag).toBeLessThan(calm.rate * 0.05);
    expect([recovery, repeated]).toEqual([0, 0]);
  });

  it('repeats with its seed', () => {
    expect(simulate({ ...calm, seconds: 30 })).toEqual(simulate({ ...calm, seconds: 30 }));
    expect(simulate({ ...calm, seconds: 30, seed: 2 }).arrived).not.toBe(simulate({ ...calm, seconds: 30 }).arrived);
  });

  it('of a group without much to spare needs the new pod', () => {
    const [crash, sooner, orderly, tight, replaced] = LOSSES.map((one) => loss(one)) as [Result, Result, Result, Result, Result];
    expect(orderly.worstDelay).toBeLessThan(sooner.worstDelay);
    expect(sooner.worstDelay).toBeLessThan(crash.worstDelay);
    expect(orderly.repeated).toBe(0);
    expect(tight.recovery).toBe(Infinity);
    expect(replaced.recovery).toBeLessThan(390);
  });
});
