import type { Partition } from './partition.ts';

/** A partition that is not part of any answer for so long, while others are fetched, is not being fetched. */
const NOT_FETCHED_MS = 30_000;
/** One that is fetched, has more to be read, and brings nothing for so long, does not get on. */
const NOT_MOVED_MS = 60_000;

/**
 * Finds a partition that is assigned and makes no progress, for no reason that we have. Called every second; `lateMs` is for how
 * long before the thread was blocked. Where nothing is read at present, nothing is missed either.
 */
export function findStalled(partitions: Iterable<Partition>, reads: boolean, lateMs: number): Partition | undefined {
  const now = performance.now();
  let found: Partition | undefined;
  for (const partition of partitions) {
    partition.fetchedAt += lateMs;
    partition.movedAt += lateMs;
    if (!reads || partition.fault !== undefined) partition.touch(now);
    if (now - partition.fetchedAt > NOT_FETCHED_MS || (!partition.caughtUp && now - partition.movedAt > NOT_MOVED_MS)) found ??= partition;
  }
  return found;
}
