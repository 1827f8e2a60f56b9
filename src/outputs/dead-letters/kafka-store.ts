import { randomUUID } from 'node:crypto';
import type { Batch, Consumer, KafkaMessage } from 'kafkajs';
import { readDeadLetter } from '../../delivery/dead-letter.ts';
import { createKafkaClient } from '../../kafka/client.ts';
import { encodeMetadata, restoreMetadata } from '../../sources/kafka/commit-metadata.ts';
import { Ledger } from '../../sources/kafka/ledger.ts';
import type { KafkaOutputSettings } from '../kafka.ts';
import { kafkaUnavailable } from '../kafka-fault.ts';
import type { DeadLetterStore, Stored, StoreParts } from './contract.ts';

/** The consumer group whose committed offsets say which dead letters of a topic are done with. */
export const redriveGroup = (output: string): string => `millrace-redrive-${output}`;

const LOT = 200;
const HEARTBEAT_MS = 2000;

/** A partition while it is read. */
interface Partition {
  /** What is removed, and what never was a dead letter. */
  readonly ledger: Ledger;
  /** The first offset that does not belong to this reading. */
  readonly end: number;
  /** The next offset to be read. */
  next: number;
}

interface Lot {
  readonly letters: readonly Stored[];
  /** The consumer goes on. */
  readonly release: () => void;
}

/**
 * The records of a topic. Kafka removes none of them: what is to be removed is committed to a consumer group of its own, and
 * is not read again; what is kept in between stays unread through the metadata of the commit, as with a source.
 */
export function createKafkaStore(settings: KafkaOutputSettings, { name, readOnly, log }: StoreParts): DeadLetterStore {
  const { topic, brokers } = settings;
  const group = redriveGroup(name);
  const partitions = new Map<number, Partition>();
  const notes: string[] = [];
  const client = createKafkaClient(settings, log);
  const lots = new Handover();
  /** The partitions that the group has given us. */
  let own: ReadonlySet<number> = new Set();
  let consumer: Consumer | undefined;
  let removing = false;

  /** Where the group stands, and up to where there is something. */
  const look = async (): Promise<void> => {
    const admin = (await client).kafka.admin();
    await admin.connect();
    try {
      const ends = await admin.fetchTopicOffsets(topic);
      const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      for (const { partition, low, high } of ends) {
        const { offset = '-1', metadata = null } = committed?.partitions.find((one) => one.partition === partition) ?? {};
        const start = Math.max(Number(low), Number(offset));
        const ledger = new Ledger(start);
        if (Number(offset) >= 0) restoreMetadata(ledger, Number(offset), metadata);
        partitions.set(partition, { ledger, end: Number(high), next: start });
      }
    } finally {
      await admin.disconnect();
    }
  };

  const commit = async (): Promise<void> => {
    const topics = [...partitions].filter(([partition]) => own.has(partition));
    await consumer?.commitOffsets(topics.map(([partition, { ledger }]) => ({ topic, partition, offset: String(ledger.watermark), metadata: encodeMetadata(ledger) })));
  };

  return {
    async *read() {
      try {
        await look();
        const open = new Set([...partitions].filter(([, { next, end }]) => next < end).map(([partition]) => partition));
        if (open.size === 0) return;
        consumer = (await client).kafka.consumer({ groupId: readOnly ? `millrace-dead-letters-${randomUUID()}` : group, sessionTimeout: 30_000, maxWaitTimeInMs: 100, retry: { retries: 3 } });
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        consumer.on(consumer.events.CRASH, ({ payload }) => lots.fail(payload.error));
        consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
          const assigned = new Set(payload.memberAssignment[topic] ?? []);
          own = assigned;
          const others = [...open].filter((partition) => !assigned.has(partition));
          if (others.length === 0) return;
          notes.push(`The partitions ${others.join(', ')} of the topic ${topic} are being read by another process.`);
          for (const partition of others) open.delete(partition);
          if (open.size === 0) lots.end();
        });
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: true,
          eachBatch: async ({ batch, heartbeat }) => {
            const state = partitions.get(batch.partition);
            if (state === undefined || !open.has(batch.partition)) return;
            const beating = setInterval(() => void heartbeat().catch(() => undefined), HEARTBEAT_MS);
            try {
              for (const letters of lotsOf(batch, state)) await lots.offer(letters);
            } finally {
              clearInterval(beating);
            }
            pass(state, Number(batch.lastOffset()) + 1);
            if (state.next < state.end) return;
            open.delete(batch.partition);
            if (open.size === 0) lots.end();
          },
        });
        for (const [partition, { next }] of partitions) consumer.seek({ topic, partition, offset: String(next) });
        for (;;) {
          const lot = await lots.next();
          if (lot === null) break;
          try {
            yield lot.letters;
          } finally {
            lot.release();
          }
        }
      } catch (error) {
        throw kafkaUnavailable(error, brokers, topic);
      }
    },
    async remove(letters) {
      removing = true;
      for (const { id } of letters) {
        const [partition, offset] = id.split('/').map(Number) as [number, number];
        partitions.get(partition)?.ledger.settle(offset, offset + 1);
      }
      try {
        await commit();
      } catch (error) {
        throw kafkaUnavailable(error, brokers, topic);
      }
    },
    async close() {
      if (removing) {
        const lost = [...partitions.values()].reduce((sum, { ledger }) => sum + forgotten(ledger), 0);
        notes.push(`Kafka removes nothing: that these are done with is kept in the offsets of the group ${group}, so that the next redrive goes on after them.`);
        if (lost > 0) notes.push(`${lost} of them, far behind others that were kept, did not fit there and will come up again.`);
      }
      lots.abandon();
      await consumer?.disconnect().catch(() => undefined);
      await client.then(({ destroy }) => destroy());
    },
    notes,
  };

  function* lotsOf(batch: Batch, state: Partition): Generator<readonly Stored[]> {
    const { ledger, end } = state;
    let lot: Stored[] = [];
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      if (offset >= end) break;
      if (offset < state.next) continue;
      pass(state, offset);
      state.next = offset + 1;
      if (ledger.isSettled(offset)) continue;
      const letter = letterOf(message);
      // A result in the same topic: it is passed by for good.
      if (letter === null) ledger.settle(offset, offset + 1);
      else lot.push({ id: `${batch.partition}/${offset}`, letter });
      if (lot.length < LOT) continue;
      yield lot;
      lot = [];
    }
    if (lot.length > 0) yield lot;
  }
}

/** Offsets that the log does not hold, of transactions or after compaction, are nobody's dead letters. */
function pass(state: Partition, to: number): void {
  if (to <= state.next) return;
  state.ledger.settle(state.next, to);
  state.next = to;
}

function letterOf({ key, value, headers }: KafkaMessage): Stored['letter'] | null {
  const texts = Object.fromEntries(Object.entries(headers ?? {}).map(([name, header]) => [name, String(Array.isArray(header) ? header[0] : (header ?? ''))]));
  return readDeadLetter({ key, value: value ?? Buffer.alloc(0), headers: texts });
}

/** How many settled offsets the metadata of a commit has no room for. */
function forgotten(ledger: Ledger): number {
  const kept = new Ledger(ledger.watermark);
  restoreMetadata(kept, ledger.watermark, encodeMetadata(ledger));
  let count = 0;
  ledger.eachBeyond((from, to) => {
    for (let offset = from; offset < to; offset++) if (!kept.isSettled(offset)) count += 1;
    return true;
  });
  return count;
}

/** Hands lots from the consumer, which is called, to whoever asks for them one by one. */
class Handover {
  readonly #lots: Lot[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #abandoned = false;
  #fault: unknown;

  /** Resolves when the lot has been worked on. */
  offer(letters: readonly Stored[]): Promise<void> {
    if (this.#abandoned) return Promise.resolve();
    return new Promise((release) => {
      this.#lots.push({ letters, release });
      this.#wake?.();
    });
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#fault = error;
    this.#wake?.();
  }

  /** Nobody asks for lots any more: whoever waits for that is let go. */
  abandon(): void {
    this.#abandoned = true;
    for (const { release } of this.#lots.splice(0)) release();
  }

  /** Null after the last one. */
  async next(): Promise<Lot | null> {
    for (;;) {
      if (this.#fault !== undefined) throw this.#fault;
      const lot = this.#lots.shift();
      if (lot !== undefined) return lot;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
