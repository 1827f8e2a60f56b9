import type { KafkaSourceSettings } from '../../config/settings.ts';
import type { Line } from '../../delivery/source.ts';
import type { Assignment } from './assigner.ts';
import type { Coordinator } from './cluster-hooks.ts';
import type { GroupConsumer } from './group-consumer.ts';
import { Partition } from './partition.ts';
import { fetchRange, findPlaces } from './positions.ts';
import { CHUNK_BYTES } from './record-walk.ts';
import { ReusedMemory } from './reused-memory.ts';

/** Free chunks that are kept: about as many as 100,000 small events take. */
const CHUNKS_KEPT = 64;

const DELETED = 'Events were deleted by the retention of their topic before they were read';
const MADE_ANEW = 'The log ends before the offset that was read last: the topic has been made anew, or has lost its end. It is read from its beginning';

/** The partitions that an assignment has given us, through all that comes after it. */
export class OwnedPartitions {
  readonly #settings: KafkaSourceSettings;
  readonly #line: Line;
  readonly #partitions = new Map<string, Partition>();
  /** How many partitions each topic had when it was first read here. */
  readonly #first = new Map<string, number>();
  readonly #memory = new ReusedMemory(CHUNK_BYTES, CHUNKS_KEPT);

  constructor(settings: KafkaSourceSettings, line: Line) {
    this.#settings = settings;
    this.#line = line;
  }

  get(topic: string, partition: number): Partition | undefined {
    return this.#partitions.get(keyOf(topic, partition));
  }

  get all(): Iterable<Partition> {
    return this.#partitions.values();
  }

  get size(): number {
    return this.#partitions.size;
  }

  /** Those that we go on with when the group is formed anew: all, or what is under way where nothing more is read. */
  claimed(reads: boolean): Assignment {
    const owned = new Map<string, number[]>();
    for (const { topic, partition, lease } of this.#partitions.values()) {
      if (reads || lease.inFlight > 0) owned.set(topic, [...(owned.get(topic) ?? []), partition]);
    }
    return Object.fromEntries(owned);
  }

  /** Lets go, at once, of what an assignment does not give us again; what it does goes on after what was read last. */
  keep(assignment: Assignment, consumer: GroupConsumer | undefined): void {
    const ours = new Set(Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => keyOf(topic, partition))));
    for (const [key, partition] of this.#partitions) {
      if (ours.has(key)) {
        consumer?.seek(partition.topic, partition.partition, partition.next);
        // It may be readable by now.
        partition.fault = undefined;
      } else {
        partition.release();
        this.#partitions.delete(key);
      }
    }
  }

  /** Puts every partition of an assignment where it goes on. Does nothing once the assignment is outdated. */
  async place(assignment: Assignment, coordinator: Coordinator, consumer: GroupConsumer, isCurrent: () => boolean): Promise<void> {
    for (const topic of this.#settings.topics) if (!this.#first.has(topic)) this.#first.set(topic, consumer.cluster.findTopicPartitionMetadata(topic).length);
    if (Object.keys(assignment).length === 0) return;
    const places = await findPlaces(this.#settings, coordinator, consumer.cluster, assignment, {
      isOurs: (topic, partition) => this.get(topic, partition) !== undefined,
      isNew: (topic, partition) => partition >= (this.#first.get(topic) ?? Infinity),
    });
    if (!isCurrent()) return;
    for (const { topic, partition: number, committed, start } of places) {
      const before = this.get(topic, number);
      // Where kafkajs goes on by itself: it was told of what was ours, and has asked for what is committed.
      const goesOn = before?.next ?? committed.offset;
      const partition = before ?? new Partition(this.#line, this.#memory, topic, number, start);
      this.#partitions.set(keyOf(topic, number), partition);
      partition.restore(committed);
      partition.touch(performance.now());
      consumer.resume(topic, number);
      if (partition.next !== goesOn) consumer.seek(topic, number, partition.next);
    }
  }

  /** What we wanted to read of a partition is not there: it was deleted before we came to it, or the topic has been made anew. */
  async rangeRefused(topic: string, number: number, consumer: GroupConsumer, isCurrent: () => boolean): Promise<void> {
    const partition = this.get(topic, number);
    if (partition === undefined || !isCurrent()) return;
    const { first, next } = await fetchRange(consumer.cluster, topic, number);
    if (!isCurrent() || (partition.next >= first && partition.next <= next)) return;
    const isPast = partition.next < first;
    this.#line.meter.recovered('offset_out_of_range');
    this.#line.log.error(isPast ? DELETED : MADE_ANEW, { source: this.#line.source, partition: partition.label, wanted: partition.next, first, next });
    if (isPast) {
      partition.passTo(first);
    } else {
      partition.release();
      this.#partitions.set(keyOf(topic, number), new Partition(this.#line, this.#memory, topic, number, first));
    }
    consumer.seek(topic, number, first);
  }

  releaseAll(): void {
    for (const partition of this.#partitions.values()) partition.release();
    this.#partitions.clear();
  }
}

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;
