import type { KafkaMessage } from 'kafkajs';
import type { RecordBatch } from './record-batch.ts';
import type { Section } from './record-walk.ts';
import { pushVarint } from './varint.ts';

/**
 * Writes messages that kafkajs has decoded as records again, so that there is one way from here on. That is for formats which
 * only kafkajs reads: those before Kafka 0.11, and brokers of that age.
 */
export function sectionOf(messages: readonly KafkaMessage[]): Section {
  const firstOffset = Number(messages[0]?.offset ?? 0);
  const timestampMs = Number(messages[0]?.timestamp ?? 0);
  const parts: Buffer[] = [];
  for (const message of messages) {
    const head: number[] = [0];
    pushVarint(head, Number(message.timestamp) - timestampMs);
    pushVarint(head, Number(message.offset) - firstOffset);
    const record = [Buffer.from(head), ...bytesOf(message.key), ...bytesOf(message.value), ...headersOf(message.headers)];
    const length: number[] = [];
    pushVarint(length, record.reduce((sum, part) => sum + part.length, 0));
    parts.push(Buffer.from(length), ...record);
  }
  const bytes = Buffer.concat(parts);
  const batch: RecordBatch = {
    buffer: bytes,
    start: 0,
    end: bytes.length,
    firstOffset,
    lastOffset: Number(messages.at(-1)?.offset ?? firstOffset),
    count: messages.length,
    compression: 0,
    timestampMs,
    appendTime: false,
    transactional: false,
    control: false,
    producerId: 0n,
  };
  return { bytes, start: 0, end: bytes.length, batch };
}

function bytesOf(bytes: Buffer | string | null | undefined): Buffer[] {
  const length: number[] = [];
  if (bytes === null || bytes === undefined) {
    pushVarint(length, -1);
    return [Buffer.from(length)];
  }
  const buffer = Buffer.from(bytes);
  pushVarint(length, buffer.length);
  return [Buffer.from(length), buffer];
}

function headersOf(headers: KafkaMessage['headers']): Buffer[] {
  const parts: Buffer[] = [];
  let count = 0;
  for (const [name, value] of Object.entries(headers ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      count++;
      parts.push(...bytesOf(name), ...bytesOf(one));
    }
  }
  const head: number[] = [];
  pushVarint(head, count);
  return [Buffer.from(head), ...parts];
}
