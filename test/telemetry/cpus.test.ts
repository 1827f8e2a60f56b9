import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { availableCpus, workerCount } from '../../src/telemetry/cpus.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-cgroup-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function cpus(files: Record<string, string>, parallelism = 64): number {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return availableCpus({ root, parallelism });
}

describe('CPUs of cgroup version 2', () => {
  it.each([
    ['max 100000\n', 64],
    ['200000 100000\n', 2],
    ['150000 100000\n', 2],
    ['10000 100000\n', 1],
    ['6400000 50000\n', 64],
    ['', 64],
    ['nonsense\n', 64],
  ])('with cpu.max %j are %i', (text, expected) => {
    expect(cpus({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': text })).toBe(expected);
  });

  it('are the least of the process\'s own cgroup and those around it', () => {
    const files = { 'proc/self/cgroup': '0::/system.slice/millrace.service\n', 'sys/fs/cgroup/system.slice/millrace.service/cpu.max': '800000 100000\n', 'sys/fs/cgroup/other/cpu.max': '100000 100000\n' };
    expect(cpus(files)).toBe(8);
    expect(cpus({ 'sys/fs/cgroup/system.slice/cpu.max': '300000 100000\n' })).toBe(3);
  });

  it('are found at the mount when the path is the host\'s, or leaves the namespace', () => {
    expect(cpus({ 'proc/self/cgroup': '0::/kubepods/pod1/abc\n', 'sys/fs/cgroup/cpu.max': '400000 100000\n' })).toBe(4);
    expect(cpus({ 'proc/self/cgroup': '0::/../../pod1\n' })).toBe(4);
  });

  it('are found where version 2 is mounted beside version 1', () => {
    expect(cpus({ 'proc/self/cgroup': '1:cpu:/\n0::/\n', 'sys/fs/cgroup/unified/cpu.max': '500000 100000\n' })).toBe(5);
  });
});

describe('CPUs of cgroup version 1', () => {
  const own = '4:memory:/a\n3:cpu,cpuacct:/a/b\n2:cpuset:/\n';

  it.each([
    ['-1\n', '100000\n', 64],
    ['250000\n', '100000\n', 3],
    ['100000\n', '0\n', 64],
  ])('with a quota of %j in %j are %i', (quota, period, expected) => {
    expect(cpus({ 'proc/self/cgroup': own, 'sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us': quota, 'sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us': period })).toBe(expected);
  });

  it('are found under the link named cpu and at the mount of a container', () => {
    expect(cpus({ 'proc/self/cgroup': own, 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '700000\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' })).toBe(7);
  });
});

describe('CPUs without a quota', () => {
  it('are those of the affinity mask, at least 1', () => {
    expect(cpus({}, 6)).toBe(6);
    expect(cpus({}, 0)).toBe(1);
  });

  it('of this machine are a whole number within its own', () => {
    const own = availableCpus();
    expect(Number.isInteger(own)).toBe(true);
    expect(own).toBeGreaterThanOrEqual(1);
    expect(own).toBeLessThanOrEqual(availableParallelism());
  });
});

describe('worker threads', () => {
  it('are as many as asked for, or one for each CPU', () => {
    expect(workerCount(7, { root, parallelism: 4 })).toBe(7);
    expect(workerCount('auto', { root, parallelism: 4 })).toBe(4);
  });
});
