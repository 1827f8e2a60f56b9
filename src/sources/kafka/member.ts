import type { EachBatchPayload } from 'kafkajs';
import type { KafkaSourceSettings } from '../../config/settings.ts';
import type { Line } from '../../delivery/source.ts';
import type { Assignment } from './assigner.ts';
import { Commits } from './commits.ts';
import type { ConsumerEvents, GroupConsumer, Membership } from './group-consumer.ts';
import { OwnedPartitions } from './owned-partitions.ts';
import { readBatch, UnreadableError } from './reading.ts';
import { findStalled } from './stalled.ts';
import { Waiting } from './waiting.ts';

/** Between two attempts at the last commit. */
const RETRY_MS = 100;
/** So long at most the group is kept waiting for what is about to end here. */
const CALM_MS = 200;
const LOOK_MS = 10;
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
  readonly #owned: OwnedPartitions;
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
  #committing: Promise<boolean> | undefined;
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
    this.#owned = new OwnedPartitions(settings, line);
    this.firstJoin = new Promise((resolve) => (this.#resolveFirst = resolve));
  }

  /** What a new consumer is to tell: it has come to its end by `fail` as well, when we can do nothing with it. */
  attach(fail: (error: unknown) => void, onJoin: () => void): ConsumerEvents {
    this.#fail = fail;
    this.#onJoin = onJoin;
    this.#heardAt = performance.now();
    return {
      claim: () => ({ owned: this.#owned.claimed(this.#reads), generation: this.#generation, leaving: !this.#reads }),
      rebalancing: () => this.#rebalancing(),
      beforeJoin: () => this.#calmDown(),
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

  /** Commits what has been settled; one commit at a time, as a broker that is slow would have them pile up. */
  async commit(): Promise<boolean> {
    this.#committing ??= this.#commitNow().finally(() => (this.#committing = undefined));
    return this.#committing;
  }

  /** Commits until everything that has been settled is committed, or for so long. */
  async commitAll(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (!(await this.#commitNow()) && performance.now() < until) await this.#waiting.forMs(RETRY_MS);
  }

  /** Nothing is offered from here on. */
  stopReading(): void {
    this.#reads = false;
    this.#waiting.wake();
  }

  /** What has not been settled by now is run elsewhere, and does not begin here; what has been can still be committed. */
  letGo(): void {
    for (const { lease } of this.#owned.all) lease.release();
  }

  releaseAll(): void {
    this.#owned.releaseAll();
  }

  troubleAfter(graceMs: number): string | undefined {
    if (this.#membership === undefined && performance.now() - this.#heardAt > graceMs) return `the consumer group ${this.#settings.groupId} has not been joined yet`;
    const faults = [...this.#owned.all].map(({ fault }) => fault).filter((fault) => fault !== undefined);
    if (faults.length > 0) return faults.join('; ');
    const silentMs = performance.now() - this.#heardAt;
    if (this.#isForming && silentMs > 2 * graceMs) return `the consumer group ${this.#settings.groupId} has been forming anew for ${Math.round(silentMs / 1000)} s`;
    if (silentMs > Math.max(SILENT_MS + this.#settings.maxWaitMs, 3 * this.#settings.heartbeatIntervalMs)) return `Kafka at ${this.#settings.brokers.join(', ')} has not answered for ${Math.round(silentMs / 1000)} s`;
    return this.#commits.troubleAfter(Math.max(2 * graceMs, 3 * this.#settings.commitIntervalMs));
  }

  /** Called every second; late when the thread was blocked, in which time nothing could be heard. */
  watch(lateMs: number): void {
    this.#heardAt += lateMs;
    const { sessionTimeoutMs, rebalanceTimeoutMs, requestTimeoutMs } = this.#settings;
    if (performance.now() - this.#heardAt > Math.max(sessionTimeoutMs, requestTimeoutMs) + rebalanceTimeoutMs) {
      this.#fail(new Error('the consumer has done nothing for too long'));
      return;
    }
    const reads = this.#reads && this.#isPositioned && !this.#isForming && this.#membership !== undefined && this.#waiting.count === 0;
    const stalled = findStalled(this.#owned.all, reads, lateMs);
    if (stalled === undefined) return;
    this.#line.meter.recovered('stalled_partition');
    this.#fail(new Error(`${stalled.label} is assigned and not fetched`));
  }

  #rebalancing(): void {
    this.#isForming = true;
    this.#line.meter.recovered('rebalance');
    // Goes out before the request to join does: the generation still counts.
    void this.#commitNow();
  }

  /** What runs has a moment to end, and is committed while the generation still counts: whoever has the partition next need not run it again. */
  async #calmDown(): Promise<void> {
    if (!this.#isForming || this.#membership === undefined) return;
    const until = performance.now() + CALM_MS;
    while (performance.now() < until && [...this.#owned.all].some(({ lease }) => lease.inFlight > 0)) await this.#waiting.forMs(LOOK_MS);
    await Promise.race([this.#commitNow(), this.#waiting.forMs(CALM_MS)]);
  }

  async #commitNow(): Promise<boolean> {
    const membership = this.#membership;
    if (membership === undefined || !this.#isPositioned) return this.#owned.size === 0;
    const committed = await this.#commits.commit(this.#owned.all, membership);
    for (const { label, lag } of this.#owned.all) this.#line.meter.lag(label, lag);
    return committed;
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
    const consumer = this.#consumer;
    this.#owned.keep(assignment, consumer);
    this.#positioned = consumer === undefined ? Promise.resolve() : this.#owned.place(assignment, membership.coordinator, consumer, () => epoch === this.#epoch);
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

  async #mayFetch(): Promise<boolean> {
    if (this.#reads) return true;
    await this.#waiting.forMs(this.#settings.heartbeatIntervalMs);
    return false;
  }

  async #read(payload: EachBatchPayload): Promise<void> {
    const { topic, partition: number } = payload.batch;
    const epoch = this.#epoch;
    await this.#positioned;
    const partition = this.#owned.get(topic, number);
    const isOurs = (): boolean => this.#reads && !this.#isForming && epoch === this.#epoch && !payload.isStale() && payload.isRunning();
    if (partition === undefined || partition.fault !== undefined || !isOurs()) return;
    try {
      await readBatch(payload, { line: this.#line, partition, isOurs, untilRoom: () => this.#waiting.forRoom(this.#settings.heartbeatIntervalMs) });
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      // Nothing is left out in silence: the partition stands still, and the others go on.
      partition.fault = error.message;
      this.#consumer?.pause(topic, number);
      this.#line.log.error('A partition cannot be read on', { source: this.#line.source, error });
    }
  }

  #fetched(topic: string, number: number, highWatermark: number, lastStable: number): void {
    this.#heardAt = performance.now();
    const partition = this.#owned.get(topic, number);
    if (partition === undefined) return;
    partition.fetchedAt = this.#heardAt;
    partition.highWatermark = highWatermark;
    partition.lastStable = this.#settings.readUncommitted ? -1 : lastStable;
    if (partition.caughtUp) partition.movedAt = this.#heardAt;
  }

  async #outOfRange(topic: string, partition: number): Promise<void> {
    const epoch = this.#epoch;
    const consumer = this.#consumer;
    await this.#positioned;
    if (consumer !== undefined) await this.#owned.rangeRefused(topic, partition, consumer, () => epoch === this.#epoch);
  }
}
