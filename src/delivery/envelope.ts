import { isContainer, isJsonNumber, type JsonNumber, numbersMade } from '../asl/numbers/json-number.ts';
import { parseJson } from '../asl/numbers/parse-json.ts';
import { kafkaHeaders, textOf } from './kafka-headers.ts';
import { NONE, type SourceEvents } from './source.ts';

/** {value, key, headers, topic, partition, offset, timestamp} as far as the source has such things. */
export type Envelope = Record<string, unknown>;

/**
 * Reads events on the main thread as workers do (src/pool/details.ts), to tell them apart: a whole number past 2^53, which
 * JavaScript would round to a neighbour, is its text here. A tombstone's value is null.
 */
export function createEnvelopes({ bytes, spans, details }: Pick<SourceEvents, 'bytes' | 'spans' | 'details'>): { of(i: number): Envelope } {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shared = details === undefined ? {} : (JSON.parse(details.shared) as Envelope);
  const text = (of: Uint32Array, i: number): string => textOf(data, of[2 * i] as number, (of[2 * i] as number) + (of[2 * i + 1] as number));
  const has = (of: Uint32Array | undefined, i: number): of is Uint32Array => of !== undefined && of[2 * i + 1] !== NONE;
  return {
    /** @throws SyntaxError when the value is not JSON */
    of(i) {
      const envelope: Envelope = { value: spans[2 * i + 1] === 0 ? null : parsed(text(spans, i)) };
      if (details === undefined) return envelope;
      const { idMember, ids, keys, headers, headersFormat, timestamps } = details;
      Object.assign(envelope, shared);
      envelope[idMember] = typeof ids === 'number' ? ids + i : ids[i];
      envelope['key'] = has(keys, i) ? text(keys, i) : null;
      if (has(headers, i)) envelope['headers'] = headersFormat === 'kafka' ? kafkaHeaders(data, headers[2 * i] as number) : (JSON.parse(text(headers, i)) as unknown);
      const timestamp = timestamps?.[i] ?? NaN;
      if (!Number.isNaN(timestamp)) envelope['timestamp'] = timestamp;
      return envelope;
    },
  };
}

function parsed(text: string): unknown {
  const made = numbersMade();
  const value = parseJson(text);
  return numbersMade() === made ? value : withoutJsonNumbers(value);
}

const plain = (number: JsonNumber): number | string => (Number.isInteger(number.valueOf()) && !Number.isSafeInteger(number.valueOf()) ? String(number) : number.valueOf());

/** Changes it in place: nobody else has it. Iterative: data may nest deeper than the stack reaches. */
function withoutJsonNumbers(value: unknown): unknown {
  if (!isContainer(value)) return isJsonNumber(value) ? plain(value) : value;
  const pending: object[] = [value];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const keyed = node as Record<string, unknown>; // an array's indexes are keys like any other
    for (const key of Object.keys(keyed)) {
      const child = keyed[key];
      if (isJsonNumber(child)) keyed[key] = plain(child);
      else if (isContainer(child)) pending.push(child);
    }
  }
  return value;
}
