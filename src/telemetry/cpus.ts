import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, posix } from 'node:path';

/** Where the kernel's files are looked for and how many CPUs the scheduler offers; other than the real ones in tests. */
export interface CpuSources {
  readonly root?: string;
  readonly parallelism?: number;
}

/**
 * CPUs that this process may use: those of its affinity mask, within the CPU quota of its cgroup and of every cgroup around
 * it, rounded up; at least 1. A container with a limit of 1.5 CPUs on a host of 64 has 2.
 */
export function availableCpus({ root = '/', parallelism = availableParallelism() }: CpuSources = {}): number {
  return Math.max(1, Math.min(parallelism, Math.ceil(quota(root))));
}

/**
 * Worker threads for a setting. auto: one for each CPU, although the main thread needs some of one: it only carries bytes
 * and sleeps while workers are busy. On 2 cores the figures of the design page are those of 2 workers.
 */
export const workerCount = (setting: number | 'auto', sources?: CpuSources): number => (setting === 'auto' ? availableCpus(sources) : setting);

/** The least quota, in CPUs, that holds for the process; Infinity where there is none, as outside Linux. */
function quota(root: string): number {
  let least = Infinity;
  for (const line of read(join(root, 'proc/self/cgroup')).split('\n')) {
    // hierarchy:controllers:path; version 2 is hierarchy 0 and names no controllers.
    const [, hierarchy, controllers = '', path = '/'] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (hierarchy === '0' && controllers === '') least = Math.min(least, leastAlong(join(root, 'sys/fs/cgroup'), path, quotaV2), leastAlong(join(root, 'sys/fs/cgroup/unified'), path, quotaV2));
    else if (controllers.split(',').includes('cpu')) for (const mount of new Set(['cpu', controllers])) least = Math.min(least, leastAlong(join(root, 'sys/fs/cgroup', mount), path, quotaV1));
  }
  return least;
}

/**
 * The least of a cgroup and those around it. In a container the path may be the host's, which is not there: then what holds
 * is found at the mount itself.
 */
function leastAlong(mount: string, path: string, quotaOf: (folder: string) => number): number {
  let least = Infinity;
  // Normalised from the root, so that a path that leaves a cgroup namespace (/../..) stays below the mount.
  for (let at = posix.normalize(`/${path}`); ; at = dirname(at)) {
    least = Math.min(least, quotaOf(join(mount, at)));
    if (at === '/') return least;
  }
}

/** cpu.max: "max 100000" or "150000 100000". */
function quotaV2(folder: string): number {
  const [micros = '', period = ''] = read(join(folder, 'cpu.max')).trim().split(' ');
  return share(Number(micros), Number(period));
}

/** A quota of -1 is none. */
const quotaV1 = (folder: string): number => share(Number(read(join(folder, 'cpu.cfs_quota_us'))), Number(read(join(folder, 'cpu.cfs_period_us'))));

const share = (micros: number, period: number): number => (micros > 0 && period > 0 ? micros / period : Infinity);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
