import { createRequire } from 'node:module';
import type { Message } from 'kafkajs';
import { sealBatch } from './record-batch.ts';

/*
 * kafkajs encodes a produce request record by record, with several objects and copies for each, and groups the messages of a
 * request by partition in a time that grows with their square: some 20,000 records a second with headers. Here each partition's
 * records are encoded beforehand, and travel through kafkajs as one pseudo-message. Only the function that encodes a produce
 * request is replaced; finding leaders, connections, retries and the producer's id stay kafkajs's, and so does the encoding
 * of a request without pseudo-messages.
 */

/** All records of a write for one partition. */
export interface PackedRecords {
  readonly records: Uint8Array;
  readonly count: number;
  readonly compression: number;
  readonly timeMs: number;
  /** The producer's own count of the partition's records: kafkajs would count pseudo-messages. */
  readonly baseSequence: number;
}

const PACKED = Symbol('packed records');

type PackedMessage = Message & { readonly [PACKED]: PackedRecords };

interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: unknown;
  readonly producerEpoch?: number;
  readonly topicData: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly messages: readonly object[] }[] }[];
}

interface BuiltRequest {
  readonly request: { readonly apiVersion: number; readonly encode: () => unknown };
  readonly response: unknown;
}

interface ProduceDefinition {
  readonly versions: readonly string[];
  protocol(definition: { readonly version: number }): (request: ProduceArguments) => BuiltRequest;
}

/** From this version on a produce request holds record batches of version 2. */
const FIRST_VERSION = 3;

let installed: boolean | undefined;

/** True when records can be packed: kafkajs is as it was when this was written. Otherwise messages go as kafkajs has them. */
export function installPackedProduce(): boolean {
  installed ??= install();
  return installed;
}

/** A pseudo-message for `producer.send`. One for each partition of a send, and nothing else besides them. */
export function packedMessage(partition: number, packed: PackedRecords): Message {
  const message: PackedMessage = { partition, key: null, value: Buffer.alloc(0), [PACKED]: packed };
  return message;
}

function install(): boolean {
  const produce = findDefinition();
  if (produce === undefined) return false;
  const original = produce.protocol.bind(produce);
  produce.protocol = (definition) => {
    const build = original(definition);
    return (request) => {
      const built = build(request);
      if (built.request.apiVersion < FIRST_VERSION || !isPacked(request)) return built;
      return { ...built, request: { ...built.request, encode: () => Promise.resolve(encode(request)) } };
    };
  };
  return true;
}

/** kafkajs's own table entry for produce requests, if it looks as expected. */
function findDefinition(): ProduceDefinition | undefined {
  try {
    const require = createRequire(import.meta.url);
    const { requests } = require('kafkajs/src/protocol/requests') as { requests?: { Produce?: ProduceDefinition } };
    const Produce = requests?.Produce;
    const build = Produce?.protocol({ version: FIRST_VERSION });
    const built = build?.({ acks: -1, timeout: 1, producerId: '1', producerEpoch: 0, topicData: [] });
    return typeof built?.request.encode === 'function' && built.request.apiVersion === FIRST_VERSION ? Produce : undefined;
  } catch {
    return undefined;
  }
}

const packedOf = (messages: readonly object[]): PackedRecords | undefined => (messages[0] as PackedMessage | undefined)?.[PACKED];

const isPacked = ({ topicData }: ProduceArguments): boolean => topicData.some(({ partitions }) => partitions.some(({ messages }) => packedOf(messages) !== undefined));

/** transactionalId(string) acks(int16) timeout(int32) [topic(string) [partition(int32) size(int32) batch]] */
function encode({ acks, timeout, transactionalId = null, producerId, producerEpoch = 0, topicData }: ProduceArguments): { buf: Buffer; buffer: Buffer; size: () => number } {
  const parts: Uint8Array[] = [stringOf(transactionalId ?? null), int16Of(acks), int32Of(timeout, topicData.length)];
  for (const { topic, partitions } of topicData) {
    parts.push(stringOf(topic), int32Of(partitions.length));
    for (const { partition, messages } of partitions) {
      const packed = packedOf(messages);
      if (packed === undefined || messages.length !== 1) throw new TypeError('A send holds one packed message for each partition, and no others.');
      const batch = sealBatch(packed.records, { ...packed, producerId: BigInt(String(producerId ?? -1)), producerEpoch });
      parts.push(int32Of(partition, batch.length), batch);
    }
  }
  const buffer = Buffer.concat(parts);
  return { buf: buffer, buffer, size: () => buffer.length };
}

function stringOf(value: string | null): Buffer {
  if (value === null) return int16Of(-1);
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([int16Of(bytes.length), bytes]);
}

function int16Of(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32Of(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value, 4 * i);
  return bytes;
}
