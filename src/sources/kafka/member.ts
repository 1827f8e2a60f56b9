import type { EachBatchPayload } from 'kafkajs';
import type { KafkaSourceSettings } from '../../config/settings.ts';
import type { Line } from '../../delivery/source.ts';
import type { Assignment, Claim } from './assigner.ts';
import { Commits } from './commits.ts';
import type { ConsumerEvents, GroupConsumer, Membership } from './group-consumer.ts';
import { Partition } from './partition.ts';
import { fetchCommitted, fetchRange, fetchStarts } from './positions.ts';
import { readBatch, UnreadableError } from './reading.ts';
import { Waiting } from './waiting.ts';

/** A partition that has not answered a fetch for so long, while others have, is not being fetched. */
const STALLED_MS = 30_000;
/** How long the broker may be silent before that is said: beside the time that it may hold a fetch back. */
const SILENT_MS = 10_000;

/**
 * Our part in a consumer group: the partitions that are ours, what is read of them, what is committed. It outlives consumers:
 * a partition that the next assignment gives us again goes on where it is, with its executions under way.
 */
export class Member {
  readonly #settings: KafkaSourceSettings;
  readonly #line: Line;
  readonly #commits: Commits;
  readonly #waiting: Waiting;
  readonly #partitions = new Map<string, Partition>();
  #consumer: GroupConsumer | undefined;
  #membership: Membership | undefined;
  #generation = -1;
  /** Who we are in the group, or were before the consumer was replaced. */
  #memberId: string | undefined;
  /** Rises with every assignment; what was begun for an earlier one is dropped. */
  #epoch = 0;
  /** Resolves when it is known where the partitions of the present assignment go on. */
  #positioned: Promise<void> = Promise.resolve();
  #isPositioned = false;
  /** The group is being formed anew: nothing is read until it has been. */
  #isForming = false;
  #reads = true;
  #readers = 0;
  #heardAt = performance.now();
  #fail: (error: unknown) => void = () => undefined;
  #onJoin: () => void = () => undefined;
  #resolveFirst: () => void = () => undefined;
  /** Resolves with the first assignment. */
  readonly firstJoin: Promise<void>;
  /** How often the group has been joined. */
  joins = 0;

  constructor(settings: KafkaSourceSettings, line: Line) {
    this.#settings = settings;
    this.#line = line;
    this.#commits = new Commits(line, settings.groupId);
    this.#waiting = new Waiting(line);
    this.firstJoin = new Promise((resolve) => (this.#resolveFirst = resolve));
  }

  /** What a new consumer is to tell: it has come to its end by `fail` as well, when we can do nothing with it. */
  attach(fail: (error: unknown) => void, onJoin: () => void): ConsumerEvents {
    this.#fail = fail;
    this.#onJoin = onJoin;
    this.#heardAt = performance.now();
    return {
      claim: () => this.#claim(),
      rebalancing: () => this.#rebalancing(),
      joined: (assignment, membership) => this.#joined(assignment, membership),
      formerMember: () => this.#memberId,
      formerMemberIsUnknown: () => {
        this.#memberId = undefined;
      },
      mayFetch: () => this.#mayFetch(),
      batch: (payload) => this.#read(payload),
      fetched: (topic, partition, highWatermark, lastStable) => this.#fetched(topic, partition, highWatermark, lastStable),
      outOfRange: (topic, partition) => this.#outOfRange(topic, partition),
      alive: () => {
        this.#heardAt = performance.now();
      },
      ended: fail,
    };
  }

  use(consumer: GroupConsumer): void {
    this.#consumer = consumer;
  }

  /** The consumer is gone; its partitions are kept until the next assignment says whose they are. */
  detach(): void {
    this.#epoch++;
    this.#consumer = undefined;
    this.#membership = undefined;
    this.#isForming = false;
    this.#fail = () => undefined;
    this.#waiting.wake();
  }

  async commit(): Promise<void> {
    const membership = this.#membership;
    if (membership === undefined || !this.#isPositioned) return;
    await this.#commits.commit(this.#partitions.values(), membership);
    for (const { label, lag } of this.#partitions.values()) this.#line.meter.lag(label, lag);
  }

  /** Resolves when nothing more will be offered. */
  async stopReading(): Promise<void> {
    this.#reads = false;
    this.#waiting.wake();
    while (this.#readers > 0) await this.#waiting.forMs(50);
  }

  releaseAll(): void {
    for (const partition of this.#partitions.values()) partition.release();
    this.#partitions.clear();
  }

  troubleAfter(graceMs: number): string | undefined {
    if (this.#membership === undefined && performance.now() - this.#heardAt > graceMs) return `the consumer group ${this.#settings.groupId} has not been joined yet`;
    const faults = [...this.#partitions.values()].map(({ fault }) => fault).filter((fault) => fault !== undefined);
    if (faults.length > 0) return faults.join('; ');
    const silentMs = performance.now() - this.#heardAt;
    if (this.#isForming && silentMs > 2 * graceMs) return `the consumer group ${this.#settings.groupId} has been forming anew for ${Math.round(silentMs / 1000)} s`;
    if (silentMs > SILENT_MS + this.#settings.maxWaitMs) return `Kafka at ${this.#settings.brokers.join(', ')} has not answered for ${Math.round(silentMs / 1000)} s`;
    return this.#commits.troubleAfter(Math.max(2 * graceMs, 3 * this.#settings.commitIntervalMs));
  }

  /** Called every second; late when the thread was blocked, in which time nothing could be heard. */
  watch(lateMs: number): void {
    const now = performance.now();
    this.#heardAt += lateMs;
    const { sessionTimeoutMs, rebalanceTimeoutMs, requestTimeoutMs } = this.#settings;
    if (now - this.#heardAt > Math.max(sessionTimeoutMs, requestTimeoutMs) + rebalanceTimeoutMs) {
      this.#fail(new Error('the consumer has done nothing for too long'));
      return;
    }
    const idle = this.#waiting.count > 0 || !this.#reads || !this.#isPositioned || this.#isForming || this.#membership === undefined;
    for (const partition of this.#partitions.values()) {
      partition.fetchedAt += lateMs;
      partition.movedAt += lateMs;
      if (idle || partition.fault !== undefined) {
        partition.fetchedAt = now;
        partition.movedAt = now;
      }
      const stalled = now - partition.fetchedAt > STALLED_MS || (!partition.caughtUp && now - partition.movedAt > 2 * STALLED_MS);
      if (!stalled) continue;
      this.#line.meter.recovered('stalled_partition');
      partition.fetchedAt = now;
      partition.movedAt = now;
      this.#fail(new Error(`${partition.label} is assigned and not fetched`));
      return;
    }
  }

  #claim(): Claim {
    const owned = new Map<string, number[]>();
    for (const { topic, partition, lease } of this.#partitions.values()) {
      // One that shuts down keeps what it has under way, and nothing else.
      if (this.#reads || lease.inFlight > 0) owned.set(topic, [...(owned.get(topic) ?? []), partition]);
    }
    return { owned: Object.fromEntries(owned), generation: this.#generation, leaving: !this.#reads };
  }

  #rebalancing(): void {
    this.#isForming = true;
    this.#line.meter.recovered('rebalance');
    // Goes out before the request to join does: the generation still counts.
    void this.commit();
  }

  #joined(assignment: Assignment, membership: Membership): void {
    const epoch = ++this.#epoch;
    if (this.#membership !== undefined && this.#membership.memberId !== membership.memberId) this.#line.meter.recovered('lost_session');
    this.#membership = membership;
    this.#generation = membership.generationId;
    this.#memberId = membership.memberId;
    this.#heardAt = performance.now();
    this.#isForming = false;
    this.#isPositioned = false;
    const ours = new Set(Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => keyOf(topic, partition))));
    for (const [key, partition] of this.#partitions) {
      if (ours.has(key)) {
        this.#consumer?.seek(partition.topic, partition.partition, partition.next);
        continue;
      }
      partition.release();
      this.#partitions.delete(key);
    }
    this.#positioned = this.#position(assignment, membership, epoch);
    this.#positioned.then(
      () => {
        if (epoch !== this.#epoch) return;
        this.#isPositioned = true;
        this.joins++;
        this.#onJoin();
        this.#resolveFirst();
        void this.commit();
      },
      (error: unknown) => {
        if (epoch === this.#epoch) this.#fail(error);
      },
    );
  }

  /** Finds out where the partitions of an assignment go on; of those that were ours before, too: others may have had them. */
  async #position(assignment: Assignment, { coordinator }: Membership, epoch: number): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined || Object.keys(assignment).length === 0) return;
    const committed = await fetchCommitted(coordinator, this.#settings.groupId, assignment);
    const without: Assignment = {};
    for (const [topic, partitions] of Object.entries(assignment)) {
      const none = partitions.filter((partition) => (committed.get(topic)?.get(partition)?.offset ?? -1) < 0 && !this.#partitions.has(keyOf(topic, partition)));
      if (none.length > 0) without[topic] = none;
    }
    const starts = Object.keys(without).length === 0 ? undefined : await fetchStarts(consumer.cluster, this.#settings.from, without);
    if (epoch !== this.#epoch) return;
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const number of partitions) {
        const known = committed.get(topic)?.get(number);
        const key = keyOf(topic, number);
        const start = starts?.get(topic)?.get(number) ?? known?.offset ?? 0;
        const before = this.#partitions.get(key);
        const next = before?.next;
        const partition = before ?? new Partition(this.#line, topic, number, start);
        this.#partitions.set(key, partition);
        if (known !== undefined) partition.restore(known);
        partition.fetchedAt = performance.now();
        partition.movedAt = partition.fetchedAt;
        if (partition.next !== (next ?? known?.offset)) consumer.seek(topic, number, partition.next);
      }
    }
  }

  async #mayFetch(): Promise<boolean> {
    if (this.#reads) return true;
    await this.#waiting.forMs(this.#settings.heartbeatIntervalMs);
    return false;
  }

  async #read(payload: EachBatchPayload): Promise<void> {
    const { topic, partition: number } = payload.batch;
    const epoch = this.#epoch;
    await this.#positioned;
    const partition = this.#partitions.get(keyOf(topic, number));
    const isOurs = (): boolean => this.#reads && epoch === this.#epoch && !payload.isStale() && payload.isRunning();
    if (partition === undefined || partition.fault !== undefined || !isOurs()) return;
    this.#readers++;
    try {
      await readBatch(payload, { line: this.#line, partition, isOurs, untilRoom: () => this.#waiting.forRoom(this.#settings.heartbeatIntervalMs) });
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      // Nothing is left out in silence: the partition stands still, and the others go on.
      partition.fault = error.message;
      this.#consumer?.pause(topic, number);
      this.#line.log.error('A partition cannot be read on', { source: this.#line.source, error });
    } finally {
      this.#readers--;
    }
  }

  #fetched(topic: string, number: number, highWatermark: number, lastStable: number): void {
    this.#heardAt = performance.now();
    const partition = this.#partitions.get(keyOf(topic, number));
    if (partition === undefined) return;
    partition.fetchedAt = this.#heardAt;
    partition.highWatermark = highWatermark;
    partition.lastStable = this.#settings.readUncommitted ? -1 : lastStable;
    if (partition.caughtUp) partition.movedAt = this.#heardAt;
  }

  /** What we wanted to read is not there: it was deleted before we came to it, or the topic has been made anew. */
  async #outOfRange(topic: string, number: number): Promise<void> {
    const epoch = this.#epoch;
    const consumer = this.#consumer;
    await this.#positioned;
    const key = keyOf(topic, number);
    const partition = this.#partitions.get(key);
    if (partition === undefined || consumer === undefined || epoch !== this.#epoch) return;
    const { first, next } = await fetchRange(consumer.cluster, topic, number);
    if (epoch !== this.#epoch || (partition.next >= first && partition.next <= next)) return;
    this.#line.meter.recovered('offset_out_of_range');
    this.#line.log.error(
      partition.next < first ? 'Events were deleted by the retention of their topic before they were read' : 'The log ends before the offset that was read last: the topic has been made anew, or has lost its end. It is read from its beginning',
      { source: this.#line.source, partition: partition.label, wanted: partition.next, first, next },
    );
    if (partition.next < first) {
      partition.passTo(first);
    } else {
      partition.release();
      this.#partitions.set(key, new Partition(this.#line, topic, number, first));
    }
    consumer.seek(topic, number, first);
  }
}

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;
