import type { Cluster } from 'kafkajs';
import type { KafkaSourceSettings } from '../../config/settings.ts';
import type { Assignment } from './assigner.ts';
import type { Coordinator } from './cluster-hooks.ts';
import type { Committed } from './partition.ts';

/** By topic, then partition. */
export type ByPartition<T> = Map<string, Map<number, T>>;

const plain = (assignment: Assignment): { topic: string; partitions: { partition: number }[] }[] =>
  Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions: partitions.map((partition) => ({ partition })) }));

/** What the group has committed for the partitions, an offset of -1 where nothing. */
export async function fetchCommitted(coordinator: Coordinator, groupId: string, assignment: Assignment): Promise<ByPartition<Committed>> {
  const { responses } = await coordinator.offsetFetch({ groupId, topics: plain(assignment) });
  return new Map(responses.map(({ topic, partitions }) => [topic, new Map(partitions.map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata: metadata ?? null }]))]));
}

/** Where partitions begin for which nothing has been committed. */
export async function fetchStarts(cluster: Cluster, from: KafkaSourceSettings['from'], assignment: Assignment): Promise<ByPartition<number>> {
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
