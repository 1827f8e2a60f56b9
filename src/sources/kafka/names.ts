import { createHash } from 'node:crypto';

/** What a partition and an offset take of a name's 80 characters: -65535-9007199254740991 and some. */
const SLUG = 52;
const HASH = 8;

/**
 * The beginning of the execution names of a partition's events; the offset follows. A topic whose characters are not all of
 * those that a name may have, or that is too long, is shortened and told from others by a hash.
 */
export function namePrefix(topic: string, partition: number): string {
  const plain = topic.replaceAll(/[^A-Za-z0-9_-]/g, '-');
  if (plain === topic && topic.length <= SLUG) return `${topic}-${partition}`;
  const hash = createHash('sha256').update(topic).digest('hex').slice(0, HASH);
  return `${plain.slice(0, SLUG - HASH - 1)}-${hash}-${partition}`;
}

/** The lane of a partition: neighbouring partitions have neighbouring lanes, so that a few of them are spread over all workers. */
export function laneOf(topic: string, partition: number): number {
  return (createHash('sha256').update(topic).digest().readUInt16BE(0) + partition) & 0x7fff_ffff;
}
