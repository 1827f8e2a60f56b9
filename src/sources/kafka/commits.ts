import type { Line } from '../../delivery/source.ts';
import { brokerErrorType } from './errors.ts';
import type { Membership } from './group-consumer.ts';
import { MOST_METADATA } from './commit-metadata.ts';
import type { CommitPart, Partition } from './partition.ts';

/** The group has moved on: what we know is committed in the next generation, if the partition is still ours then. */
const OUTDATED: ReadonlySet<string | undefined> = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']);
/** The coordinator is another broker now, or not there for a moment: the next attempt finds out. */
const PASSING: ReadonlySet<string | undefined> = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS', 'REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION']);

/**
 * Commits what partitions have settled. A commit carries member and generation of the assignment that it was gathered for, in
 * one synchronous block: a broker refuses it once the group has moved on, so that nothing is ever committed for an assignment
 * that is gone, however late a commit goes out.
 */
export class Commits {
  readonly #line: Line;
  readonly #groupId: string;
  #mostMetadata = MOST_METADATA;
  /** When commits began to fail, of performance.now, and why. */
  #failingSince: number | undefined;
  #failure = '';

  constructor(line: Line, groupId: string) {
    this.#line = line;
    this.#groupId = groupId;
  }

  /** Why nothing has been committed for so many milliseconds; undefined when it has. */
  troubleAfter(ms: number): string | undefined {
    return this.#failingSince !== undefined && performance.now() - this.#failingSince > ms ? `offsets cannot be committed: ${this.#failure}` : undefined;
  }

  /** Resolves when the broker has answered; a failure is kept for the next attempt. True when all that could be said has been. */
  async commit(partitions: Iterable<Partition>, { coordinator, memberId, generationId }: Membership): Promise<boolean> {
    const parts: { partition: Partition; part: CommitPart }[] = [];
    for (const partition of partitions) {
      const part = partition.commit(this.#mostMetadata);
      if (part !== undefined) parts.push({ partition, part });
    }
    if (parts.length === 0) return true;
    try {
      await coordinator.offsetCommit({ groupId: this.#groupId, memberId, groupGenerationId: generationId, topics: byTopic(parts.map(({ part }) => part)) });
    } catch (error) {
      this.#failed(error);
      return false;
    }
    this.#failingSince = undefined;
    for (const { partition, part } of parts) partition.committed(part);
    return true;
  }

  #failed(error: unknown): void {
    const type = brokerErrorType(error);
    if (type === 'OFFSET_METADATA_TOO_LARGE') {
      this.#mostMetadata = Math.floor(this.#mostMetadata / 2);
      return;
    }
    this.#line.meter.recovered('commit_failed');
    if (OUTDATED.has(type)) return;
    this.#failure = error instanceof Error ? error.message : String(error);
    this.#failingSince ??= performance.now();
    if (!PASSING.has(type)) this.#line.log.warn('Offsets could not be committed; it is tried again', { source: this.#line.source, error });
  }
}

function byTopic(parts: readonly CommitPart[]): { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[] {
  const topics = new Map<string, { partition: number; offset: string; metadata: string }[]>();
  for (const { topic, partition, offset, metadata } of parts) {
    const known = topics.get(topic) ?? [];
    topics.set(topic, known);
    known.push({ partition, offset: String(offset), metadata });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
