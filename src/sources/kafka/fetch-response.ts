import { isRecordBatch, readBatches, readInt64, type RecordBatch } from './record-batch.ts';
import { visibleBatches, type AbortedTransaction } from './transactions.ts';

/*
 *   FetchResponse => throttleTime(int32) [errorCode(int16) sessionId(int32): from version 7] [topics]
 *   topic         => name(string) [partitions]
 *   partition     => index(int32) errorCode(int16) highWatermark(int64) lastStableOffset(int64)
 *                    [logStartOffset(int64): from version 5] [abortedTransactions: producerId(int64) firstOffset(int64)]
 *                    [preferredReadReplica(int32): version 11] recordSet(bytes)
 */

/** The versions that look like that. kafkajs knows no later one, and decodes earlier ones itself. */
const FIRST_VERSION = 4;
const LAST_VERSION = 11;

/**
 * What stands in kafkajs's way for a whole record batch: it goes by the offset of a message and passes the rest through.
 */
export interface BatchMessage {
  /** Told once by each partition of a response that has been gone through; undefined where nobody waits for it. */
  readonly gone: (() => void) | undefined;
  /** The last of the batch, so that kafkajs goes on after it. */
  readonly offset: string;
  readonly isControlRecord: false;
  readonly batch: RecordBatch;
  /** False for markers, and for what was written by a transaction that was aborted. */
  readonly visible: boolean;
}

/** A partition of a response, in the form that kafkajs's own decoder gives it, but for the messages. */
export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  /** Empty: what they say is in `visible` already. */
  readonly abortedTransactions: readonly never[];
  readonly preferredReadReplica?: number;
  readonly messages: readonly BatchMessage[];
}

export interface FetchResponse {
  readonly throttleTime: number;
  readonly clientSideThrottleTime?: number;
  readonly errorCode?: number;
  readonly sessionId?: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

/**
 * Reads a fetch response without its records; undefined when it is of a version or holds a format that kafkajs has to read.
 *
 * @param gone told when every partition with records has been gone through, if that is ever so
 */
export function decodeFetchResponse(version: number, payload: Buffer, gone?: () => void): FetchResponse | undefined {
  if (version < FIRST_VERSION || version > LAST_VERSION) return undefined;
  const reader = new Reader(payload);
  const throttle = reader.int32();
  const session = version < 7 ? {} : { errorCode: reader.int16(), sessionId: reader.int32() };
  let understood = true;
  let open = 0;
  const oneGone = (): void => {
    if (--open === 0) gone?.();
  };
  const responses = reader.array(() => ({
    topicName: reader.string(),
    partitions: reader.array(() => {
      const partition = readPartition(reader, version, gone === undefined ? undefined : oneGone);
      if (partition !== undefined && partition.messages.length > 0) open++;
      understood &&= partition !== undefined;
      return partition as FetchedPartition;
    }),
  }));
  if (!understood) return undefined;
  // From version 8 on the broker expects its clients to hold back by themselves (KIP-219).
  return { ...(version < 8 ? { throttleTime: throttle } : { throttleTime: 0, clientSideThrottleTime: throttle }), ...session, responses };
}

function readPartition(reader: Reader, version: number, gone: (() => void) | undefined): FetchedPartition | undefined {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  if (version >= 5) reader.int64();
  const aborted = reader.array((): AbortedTransaction => ({ producerId: reader.bigInt64(), firstOffset: reader.int64() }));
  const replica = version >= 11 ? { preferredReadReplica: reader.int32() } : {};
  const set = reader.bytes();
  if (set.length > 0 && !isRecordBatch(set)) return undefined;
  const batches = readBatches(set);
  const visible = visibleBatches(batches, aborted);
  const messages = batches.map((batch, i): BatchMessage => ({ offset: String(batch.lastOffset), isControlRecord: false, batch, visible: visible[i] === true, gone }));
  return { partition, errorCode, highWatermark: String(highWatermark), lastStableOffset: String(lastStableOffset), abortedTransactions: [], ...replica, messages };
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  int16(): number {
    return this.#buffer.readInt16BE((this.#at += 2) - 2);
  }

  int32(): number {
    return this.#buffer.readInt32BE((this.#at += 4) - 4);
  }

  int64(): number {
    return readInt64(this.#buffer, (this.#at += 8) - 8);
  }

  bigInt64(): bigint {
    return this.#buffer.readBigInt64BE((this.#at += 8) - 8);
  }

  string(): string {
    const length = this.int16();
    return this.#buffer.toString('utf8', this.#at, (this.#at += length));
  }

  /** Not copied; a length of -1 is none, and the last one may be cut off. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    return this.#buffer.subarray(this.#at, (this.#at += length));
  }

  array<T>(read: () => T): T[] {
    const length = Math.max(0, this.int32());
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }
}
