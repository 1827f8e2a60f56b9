import { exactTextOf, kafkaHeaders } from '../../delivery/kafka-headers.ts';
import type { EventDescription, SourceEvents } from '../../delivery/source.ts';
import { readVarint, skipVarint } from './varint.ts';

/** Bytes of a batch's header, which may lie between two records of one offer. */
const BATCH_HEADER = 61;

/**
 * Reads key and headers of one event out of the bytes of its offer. They are looked for when somebody wants them, which is for
 * dead letters and outputs, so that reading a partition need not note where they are.
 */
export function describeRecord(events: SourceEvents, index: number, coordinate: { readonly topic: string; readonly partition: number; readonly offset: number }): EventDescription {
  const { bytes, spans } = events;
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = spans[2 * index] as number;
  const start = index === 0 ? 0 : headersEnd(data, endOf(spans, index - 1));
  const key = keyOf(data, start, value) ?? keyOf(data, start + BATCH_HEADER, value) ?? null;
  const headers = endOf(spans, index);
  return {
    coordinate: JSON.stringify(coordinate),
    ...(key === null ? {} : { key }),
    ...(data[headers] === 0 ? {} : { headers: JSON.stringify(kafkaHeaders(data, headers, exactTextOf)) }),
  };
}

const endOf = (spans: Uint32Array, index: number): number => (spans[2 * index] as number) + (spans[2 * index + 1] as number);

function headersEnd(data: Buffer, at: number): number {
  let next = skipVarint(data, at);
  for (let left = readVarint(data, at); left > 0; left--) {
    for (let part = 0; part < 2; part++) {
      const length = readVarint(data, next);
      next = skipVarint(data, next) + Math.max(0, length);
    }
  }
  return next;
}

/** The key of the record that begins there, null when it has none; undefined when no record with that value begins there. */
function keyOf(data: Buffer, start: number, value: number): Uint8Array | null | undefined {
  try {
    // length, attributes, timestamp delta, offset delta
    let at = skipVarint(data, start) + 1;
    at = skipVarint(data, skipVarint(data, at));
    const length = readVarint(data, at);
    at = skipVarint(data, at);
    const end = at + Math.max(0, length);
    if (skipVarint(data, end) !== value) return undefined;
    return length < 0 ? null : data.subarray(at, end);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
