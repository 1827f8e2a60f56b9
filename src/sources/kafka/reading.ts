import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Line } from '../../delivery/source.ts';
import type { BatchMessage } from './fetch-response.ts';
import { sectionOf } from './library-messages.ts';
import type { Partition } from './partition.ts';
import type { RecordBatch } from './record-batch.ts';
import { CHUNK_BYTES, RecordWalk, type Section } from './record-walk.ts';
import { openBatches } from './sections.ts';

/** Offered at once, at most: enough that the cost of an offer is nothing, and few enough that workers share them. */
const CHUNK_EVENTS = 2048;
/** A chunk that is smaller is copied to memory that is collected. */
const WORTH_REUSING = CHUNK_BYTES / 4;
/** No more than this part of the limit is offered at once: the limit is then kept to within as much. */
const PART_OF_LIMIT = 1 / 4;

export interface ReadingOptions {
  readonly line: Line;
  readonly partition: Partition;
  /** True as long as the partition is ours to read, in this generation. */
  readonly isOurs: () => boolean;
  /** Resolves when there may be room again, or soon enough for a heartbeat. */
  readonly untilRoom: () => Promise<void>;
}

/** What cannot be read will not become readable by trying again. */
export class UnreadableError extends Error {}

/**
 * Offers what a fetch brought of one partition, as there is room for it; heartbeats are sent meanwhile. Comes back early when
 * the partition is no longer ours.
 *
 * @throws UnreadableError at a batch that is damaged, or compressed in a way that is not to be had here; what kafkajs throws at
 *   a heartbeat when the group is formed anew
 */
export async function readBatch(payload: EachBatchPayload, options: ReadingOptions): Promise<void> {
  const { partition, isOurs } = options;
  const messages = payload.batch.messages as unknown as readonly (BatchMessage | KafkaMessage)[];
  const raw = messages.filter((message) => 'batch' in message);
  const gone = raw[0]?.gone;
  if (raw.length < messages.length) {
    const section = sectionOf(messages as readonly KafkaMessage[]);
    if (!(await offerAll([section], payload, options))) return;
  }
  const visible = raw.filter((message) => message.visible).map((message) => message.batch);
  for (let i = 0; i < visible.length; ) {
    const sections = await open(visible, i, partition);
    // What is decompressed is in memory of its own.
    const isLent = gone !== undefined && visible[i]?.compression === 0;
    if (!isOurs() || !(await offerAll(sections, payload, options, isLent))) return;
    i += sections.length;
    await payload.heartbeat();
  }
  // What is at the end may be nothing for us: a marker, or records that compaction has taken.
  const last = messages.at(-1)?.offset;
  if (last === undefined || !isOurs()) return;
  partition.passTo(Number(last) + 1);
  payload.resolveOffset(last);
  gone?.();
}

/** Answers false when the partition is no longer ours. */
async function offerAll(sections: readonly Section[], payload: EachBatchPayload, { line, partition, isOurs, untilRoom }: ReadingOptions, isLent = false): Promise<boolean> {
  let repeated = 0;
  let { wants } = line;
  let walk = walkOver(sections, line, partition, isLent);
  for (;;) {
    const chunk = readable(partition, () => walk.next());
    if (chunk === undefined) break;
    while (!line.hasRoom(chunk.count, chunk.bytes.byteLength)) {
      await untilRoom();
      await payload.heartbeat();
      if (!isOurs()) return false;
    }
    if (line.wants !== wants) {
      // The machine was loaded anew meanwhile, and reads more of an event.
      ({ wants } = line);
      repeated += walk.repeated;
      walk = walkOver(sections, line, partition, isLent);
      continue;
    }
    partition.offer(chunk);
    payload.resolveOffset(String(partition.next - 1));
  }
  repeated += walk.repeated;
  if (repeated > 0) line.meter.repeated(repeated);
  return true;
}

const walkOver = (sections: readonly Section[], line: Line, partition: Partition, isLent: boolean): RecordWalk =>
  new RecordWalk(sections, {
    from: partition.next,
    ...partition.repeats,
    everything: line.wants === 'everything',
    maxEvents: Math.max(1, Math.min(CHUNK_EVENTS, Math.floor(line.maxInFlight * PART_OF_LIMIT))),
    maxBytes: CHUNK_BYTES,
    ...(isLent ? { copy: (bytes) => copyOut(bytes, partition) } : {}),
  });

function copyOut(bytes: Uint8Array, { memory }: Partition): Uint8Array {
  if (bytes.length < WORTH_REUSING || bytes.length > CHUNK_BYTES) return new Uint8Array(bytes);
  const copy = memory.take(bytes.length);
  copy.set(bytes);
  return copy;
}

async function open(batches: readonly RecordBatch[], index: number, partition: Partition): Promise<Section[]> {
  try {
    return await openBatches(batches, index);
  } catch (cause) {
    throw unreadable(partition, cause);
  }
}

function readable<T>(partition: Partition, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(partition, cause);
  }
}

const unreadable = ({ label, next }: Partition, cause: unknown): UnreadableError =>
  new UnreadableError(`${label} cannot be read from offset ${next} on: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
