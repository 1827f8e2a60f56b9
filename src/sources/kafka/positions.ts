import type { Cluster } from 'kafkajs';
import type { KafkaSourceSettings } from '../../config/settings.ts';
import type { Assignment } from './assigner.ts';
import type { Coordinator } from './cluster-hooks.ts';
import type { Committed } from './partition.ts';

/** By topic, then partition. */
type ByPartition<T> = Map<string, Map<number, T>>;

const plain = (assignment: Assignment): { topic: string; partitions: { partition: number }[] }[] =>
  Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions: partitions.map((partition) => ({ partition })) }));

/** A partition of an assignment, what the group has committed for it, and where it begins if it was not ours before. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly committed: Committed;
  readonly start: number;
}

const NOTHING: Committed = { offset: -1, metadata: null };

export interface Known {
  readonly isOurs: (topic: string, partition: number) => boolean;
  /** Was added to its topic while that was read: whatever is in it has come since. */
  readonly isNew: (topic: string, partition: number) => boolean;
}

/**
 * Finds out where the partitions of an assignment go on. Of those that were ours before the group's commit is asked for as
 * well: they may have been somebody else's meanwhile. A new partition begins at its beginning, whatever `from` says.
 */
export async function findPlaces(
  { groupId, from }: KafkaSourceSettings,
  coordinator: Coordinator,
  cluster: Cluster,
  assignment: Assignment,
  { isOurs, isNew }: Known,
): Promise<Place[]> {
  const committed = await fetchCommitted(coordinator, groupId, assignment);
  const of = (topic: string, partition: number): Committed => committed.get(topic)?.get(partition) ?? NOTHING;
  const fresh = (isIn: (topic: string, partition: number) => boolean): Assignment =>
    Object.fromEntries(
      Object.entries(assignment)
        .map(([topic, partitions]) => [topic, partitions.filter((partition) => of(topic, partition).offset < 0 && !isOurs(topic, partition) && isIn(topic, partition))] as const)
        .filter(([, partitions]) => partitions.length > 0),
    );
  const [starts, newStarts] = await Promise.all([fetchStarts(cluster, from, fresh((topic, partition) => !isNew(topic, partition))), fetchStarts(cluster, 'earliest', fresh(isNew))]);
  const startOf = (topic: string, partition: number): number => starts.get(topic)?.get(partition) ?? newStarts.get(topic)?.get(partition) ?? Math.max(0, of(topic, partition).offset);
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition, committed: of(topic, partition), start: startOf(topic, partition) })),
  );
}

async function fetchCommitted(coordinator: Coordinator, groupId: string, assignment: Assignment): Promise<ByPartition<Committed>> {
  const { responses } = await coordinator.offsetFetch({ groupId, topics: plain(assignment) });
  return new Map(responses.map(({ topic, partitions }) => [topic, new Map(partitions.map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata: metadata ?? null }]))]));
}

/** Where partitions begin for which nothing has been committed. */
async function fetchStarts(cluster: Cluster, from: KafkaSourceSettings['from'], assignment: Assignment): Promise<ByPartition<number>> {
  if (Object.keys(assignment).length === 0) return new Map();
  if (from === 'earliest') return fetchOffsets(cluster, assignment, { fromBeginning: true });
  const latest = await fetchOffsets(cluster, assignment, { fromBeginning: false });
  if (from === 'latest') return latest;
  const found = await fetchOffsets(cluster, assignment, { fromTimestamp: from.timestampMs });
  // A partition that has nothing as late as that answers -1: what comes next is.
  for (const [topic, partitions] of found) for (const [partition, offset] of partitions) if (offset < 0) partitions.set(partition, latest.get(topic)?.get(partition) ?? 0);
  return found;
}

/** The first and the next offset of a partition. */
export async function fetchRange(cluster: Cluster, topic: string, partition: number): Promise<{ first: number; next: number }> {
  const one = { [topic]: [partition] };
  const [first, next] = await Promise.all([fetchOffsets(cluster, one, { fromBeginning: true }), fetchOffsets(cluster, one, { fromBeginning: false })]);
  return { first: first.get(topic)?.get(partition) ?? 0, next: next.get(topic)?.get(partition) ?? 0 };
}

async function fetchOffsets(cluster: Cluster, assignment: Assignment, where: { fromBeginning: boolean } | { fromTimestamp: number }): Promise<ByPartition<number>> {
  const offsets = await cluster.fetchTopicsOffset(plain(assignment).map((topic) => Object.assign(topic, where)));
  return new Map(offsets.map(({ topic, partitions }) => [topic, new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]))]));
}
