import { describe, expect, it } from 'vitest';
import { judge } from '../../bench/goals.mjs';
import { eventOf, failsOf } from '../../bench/lib/soak-machine.mjs';
import { rowsOf, shouldFail, type Look } from '../../bench/lib/soak-rows.mjs';

/** Half an hour, looked at every five seconds, 1,000 executions a second, with noise of some megabytes. */
function soakOf(megabytesPerHour: number, { filesPerHour = 0, lost = 0 } = {}) {
  const samples = Array.from({ length: 360 }, (_, i): Look => {
    const hours = (i * 5) / 3600;
    return { ms: 1000 + i * 5000, ended: i * 5000, failed: i * 25, rssBytes: (300 + megabytesPerHour * hours + ((i * 7919) % 97) / 10) * 1024 ** 2, files: Math.round(50 + filesPerHour * hours), cpuMs: i * 2500 };
  });
  const end = samples.at(-1)!;
  return rowsOf({ samples, begin: 1000, saturated: 1400, accepted: end.ended + lost, made: { kafka: 1_795_000 }, refused: { http: 0 }, end });
}

const judged = (rows: ReturnType<typeof soakOf>) => judge(rows, 'v20.0.0').filter(({ suite }) => suite === 'soak').map(({ path, met }) => [path.replace(/^Soak: /, '').replace(/,.*/, ''), met]);

describe('the rows of a soak', () => {
  it('pass a server that stays as it is', () => {
    const rows = soakOf(0);
    expect(judged(rows)).toEqual([['slope of memory', true], ['open files gained', true], ['lost events', true]]);
    expect(rows[0]).toMatchObject({ value: 1000, cpuMsPer1000: 500 });
    expect(rows[0]?.ratio).toBeCloseTo(1000 / 1400, 6);
  });

  it('tell a leak from noise', () => {
    const rows = soakOf(60);
    expect(rows[1]?.value).toBeCloseTo(60, -1);
    expect(judged(rows)[0]).toEqual(['slope of memory', false]);
  });

  it('tell of files that stay open, and of events that have not ended', () => {
    expect(judged(soakOf(0, { filesPerHour: 100, lost: 3 }))).toEqual([['slope of memory', true], ['open files gained', false], ['lost events', false]]);
  });
});

describe('the events of a soak', () => {
  it('ask to fail as often as is counted', () => {
    for (const total of [0, 3, 7, 1000, 2004, 2999]) {
      const asked = Array.from({ length: total }, (_, i) => (JSON.parse(eventOf(i)) as { kind: string }).kind).filter((kind) => kind === 'fail').length;
      expect(failsOf(total)).toBe(asked);
    }
    expect(shouldFail({ kafka: 1000, redis: 1003 })).toBe(13);
  });
});
