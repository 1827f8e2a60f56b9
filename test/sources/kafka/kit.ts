import { Kafka, logLevel, Partitioners, type CompressionTypes, type IHeaders } from 'kafkajs';
import type { KafkaSourceSettings } from '../../../src/config/settings.ts';
import type { EventDetails, Lease, Line, Order, Settlement, Source, SourceEvents, SourceMeter, Wants } from '../../../src/delivery/source.ts';
import { createKafkaSource } from '../../../src/sources/kafka/source.ts';
import { silentLog, type Log } from '../../../src/telemetry/log.ts';
import { uniqueName } from '../../lib/services.ts';

/** Settings with which things happen fast enough for a test. */
export const settingsFor = (brokers: readonly string[], topics: readonly string[], more: Partial<KafkaSourceSettings> = {}): KafkaSourceSettings => ({
  brokers,
  topics,
  clientId: 'millrace-test',
  connectionTimeoutMs: 1000,
  requestTimeoutMs: 10_000,
  groupId: uniqueName('group'),
  from: 'earliest',
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 300,
  rebalanceTimeoutMs: 10_000,
  commitIntervalMs: 100,
  minBytes: 1,
  maxBytes: 10_000_000,
  maxBytesPerPartition: 1_000_000,
  maxWaitMs: 200,
  readUncommitted: false,
  ...more,
});

/** An event as it was offered. */
export interface Event {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly name: string;
  readonly value: string;
  readonly events: SourceEvents;
  readonly index: number;
  readonly lease: TestLease;
}

export class TestLease implements Lease {
  readonly line: TestLine;
  readonly settlement: Settlement;
  released = false;
  inFlight = 0;
  waiting = 0;

  constructor(line: TestLine, settlement: Settlement) {
    this.line = line;
    this.settlement = settlement;
  }

  offer(events: SourceEvents): void {
    this.inFlight += events.count;
    this.line.offered(this, events);
  }

  withdraw(): void {
    // Everything that is offered here has begun.
  }

  release(): void {
    this.released = true;
    this.line.dropped(this);
    this.inFlight = 0;
  }
}

/** A line that settles at once, or holds what it was offered until it is told to settle. */
export class TestLine implements Line {
  readonly source = 'test';
  readonly order: Order;
  readonly wants: Wants;
  readonly lanes = 2;
  readonly log: Log;
  readonly maxInFlight: number;
  readonly events: Event[] = [];
  /** Offered and neither settled nor released. */
  readonly open = new Set<Event>();
  readonly released: TestLease[] = [];
  readonly counts = { received: 0, bytes: 0, acknowledged: 0, repeated: 0, paused: [] as boolean[], lag: new Map<string, number>(), recovered: new Map<string, number>() };
  readonly meter: SourceMeter;
  holds: boolean;
  #waiting: (() => void)[] = [];

  constructor({ holds = false, wants = 'coordinate', order = 'none', maxInFlight = 100_000, log = silentLog }: { holds?: boolean; wants?: Wants; order?: Order; maxInFlight?: number; log?: Log } = {}) {
    this.holds = holds;
    this.wants = wants;
    this.order = order;
    this.maxInFlight = maxInFlight;
    this.log = log;
    const { counts } = this;
    this.meter = {
      received: (events, bytes) => {
        counts.received += events;
        counts.bytes += bytes;
      },
      acknowledged: (events) => (counts.acknowledged += events),
      repeated: (events) => (counts.repeated += events),
      recovered: (what) => counts.recovered.set(what, (counts.recovered.get(what) ?? 0) + 1),
      paused: (is) => counts.paused.push(is),
      lag: (partition, events) => counts.lag.set(partition, events),
      unassigned: (partition) => counts.lag.delete(partition),
    };
  }

  lease(settlement: Settlement): TestLease {
    return new TestLease(this, settlement);
  }

  get inFlight(): number {
    return this.open.size;
  }

  hasRoom(count: number): boolean {
    return this.open.size === 0 || this.open.size + count <= this.maxInFlight;
  }

  onRoom(callback: () => void): void {
    this.#waiting.push(callback);
  }

  offered(lease: TestLease, events: SourceEvents): void {
    const { topic, partition } = this.wants === 'nothing' ? { topic: '', partition: -1 } : (JSON.parse((events.details as EventDetails).shared) as { topic: string; partition: number });
    const names = events.names as { prefix: string; firstSerial: number };
    const data = Buffer.from(events.bytes.buffer, events.bytes.byteOffset, events.bytes.byteLength);
    for (let index = 0; index < events.count; index++) {
      const at = events.spans[2 * index]!;
      const event: Event = {
        topic,
        partition,
        offset: names.firstSerial + index,
        name: `${names.prefix}-${names.firstSerial + index}`,
        value: data.toString('utf8', at, at + events.spans[2 * index + 1]!),
        events,
        index,
        lease,
      };
      this.events.push(event);
      if (this.holds) this.open.add(event);
    }
    if (this.holds) return;
    lease.inFlight -= events.count;
    lease.settlement.settled(events, 0, events.count);
  }

  /** Settles events that are open, as they come or those that are chosen. */
  settle(chosen: (event: Event) => boolean = () => true): void {
    for (const event of this.open) {
      if (!chosen(event)) continue;
      this.open.delete(event);
      event.lease.inFlight--;
      event.lease.settlement.settled(event.events, event.index, event.index + 1);
    }
    const callbacks = this.#waiting;
    this.#waiting = [];
    for (const callback of callbacks) callback();
  }

  dropped(lease: TestLease): void {
    this.released.push(lease);
    for (const event of this.open) if (event.lease === lease) this.open.delete(event);
  }

  get values(): string[] {
    return this.events.map(({ value }) => value);
  }
}

const open: Source[] = [];

/** Starts a source that is closed at the end of the test, should the test not have closed it. */
export async function startSource(settings: KafkaSourceSettings, line: Line): Promise<Source> {
  const source = createKafkaSource(settings, line);
  open.push(source);
  await source.start();
  return source;
}

export async function closeSources(): Promise<void> {
  await Promise.all(open.splice(0).map((source) => source.close()));
}

export async function end(source: Source): Promise<void> {
  await source.stop();
  await source.close();
}

export interface Produced {
  key?: string | Buffer | null;
  value: string | Buffer | null;
  partition?: number;
  headers?: IHeaders;
  timestamp?: string;
}

export const kafkaOf = (brokers: readonly string[]): Kafka => new Kafka({ clientId: 'millrace-test-producer', brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 1000 } });

/** Produces messages, a batch for each partition and call. */
export async function produce(brokers: readonly string[], topic: string, messages: readonly Produced[], compression?: CompressionTypes): Promise<void> {
  const producer = kafkaOf(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [...messages], ...(compression === undefined ? {} : { compression }) });
  } finally {
    await producer.disconnect();
  }
}

/** What a group has committed, by partition; partitions without a commit are left out. */
export async function committed(brokers: readonly string[], groupId: string, topic: string): Promise<Record<number, { offset: number; metadata: string | null }>> {
  const admin = kafkaOf(brokers).admin();
  await admin.connect();
  try {
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return Object.fromEntries(offsets!.partitions.filter(({ offset }) => Number(offset) >= 0).map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata }]));
  } finally {
    await admin.disconnect();
  }
}
