import { kafkaHeaders, textOf } from '../delivery/kafka-headers.ts';
import { type EventDetails, NONE } from '../delivery/source.ts';
import type { Arena } from './wire.ts';

/*
 * The details of one slice, behind its names; they begin at a multiple of 8.
 *
 *   details := sharedLength idMemberLength flags idsLength firstId:f64 time{count}:f64 id-end{count} place{count} text
 *   flags   := 1 the ids are listed | 2 times, keys and headers are there | 4 headers are in Kafka's encoding | 8 listed ids are numbers
 *   place   := keyAt keyLength headersAt headersLength     counted from the details' beginning; a length of -1: none
 *   text    := shared idMember ids, then the keys and headers that the places lead to
 *
 * What a flag says is not there takes no room.
 */
const IDS_LISTED = 1;
const EVERYTHING = 2;
const KAFKA_HEADERS = 4;
const NUMBERS_LISTED = 8;
const HEAD_BYTES = 16;
const PLACE_WORDS = 4;

/** Bytes that the details of some events need at the most. */
export function detailsBytes(details: EventDetails, from: number, count: number): number {
  const { shared, idMember, ids, keys, headers } = details;
  let bytes = 8 + HEAD_BYTES + 8 + 3 * (shared.length + idMember.length);
  if (typeof ids !== 'number') for (let i = from; i < from + count; i++) bytes += 4 + 3 * String(ids[i]).length;
  if (!holdsEverything(details)) return bytes;
  bytes += count * (8 + 4 * PLACE_WORDS);
  for (let i = from; i < from + count; i++) bytes += lengthOf(keys, i) + lengthOf(headers, i);
  return bytes;
}

const holdsEverything = ({ keys, headers, timestamps }: EventDetails): boolean => keys !== undefined || headers !== undefined || timestamps !== undefined;

function lengthOf(spans: Uint32Array | undefined, i: number): number {
  const length = spans === undefined ? NONE : (spans[2 * i + 1] as number);
  return length === NONE ? 0 : length;
}

/** Writes them at `at`, a multiple of 8; answers where they end. */
export function packDetails(arena: Arena, at: number, bytes: Uint8Array, details: EventDetails, from: number, count: number): number {
  const { words, floats, data } = arena;
  const { shared, idMember, ids, keys, headers, timestamps } = details;
  const everything = holdsEverything(details);
  const listed = typeof ids !== 'number';
  const head = (data.byteOffset + at) >>> 2;
  let float = (head + HEAD_BYTES / 4) >>> 1;
  floats[float++] = listed ? 0 : ids + from;
  if (everything) for (let i = from; i < from + count; i++) floats[float++] = timestamps === undefined ? NaN : (timestamps[i] as number);
  const idEnds = float << 1;
  const places = idEnds + (listed ? count : 0);
  let end = 4 * (places + (everything ? PLACE_WORDS * count : 0)) - data.byteOffset;
  const write = (text: string): number => {
    const length = data.write(text, end);
    end += length;
    return length;
  };
  words[head] = write(shared);
  words[head + 1] = write(idMember);
  words[head + 2] = (listed ? IDS_LISTED : 0) | (listed && typeof ids[from] === 'number' ? NUMBERS_LISTED : 0) | (everything ? EVERYTHING : 0) | (details.headersFormat === 'kafka' ? KAFKA_HEADERS : 0);
  let idsLength = 0;
  if (listed) for (let i = 0; i < count; i++) words[idEnds + i] = idsLength += write(String(ids[from + i]));
  words[head + 3] = idsLength;
  if (!everything) return end;
  const copy = (spans: Uint32Array | undefined, i: number, place: number): void => {
    const length = spans === undefined ? NONE : (spans[2 * i + 1] as number);
    words[place] = end - at;
    words[place + 1] = length === NONE ? -1 : length;
    if (length === NONE || length === 0) return;
    const start = (spans as Uint32Array)[2 * i] as number;
    data.set(bytes.subarray(start, start + length), end);
    end += length;
  };
  for (let i = 0; i < count; i++) {
    copy(keys, from + i, places + PLACE_WORDS * i);
    copy(headers, from + i, places + PLACE_WORDS * i + 2);
  }
  return end;
}

type Members = Record<string, unknown>;

/** Reads the details of one slice, as they are asked for; valid until the arena is used again. */
export class DetailsView {
  readonly #arena: Arena;
  readonly #at: number;
  readonly #head: number;
  readonly #floats: number;
  readonly #idEnds: number;
  readonly #places: number;
  readonly #flags: number;
  readonly #textAt: number;
  #shared: Members | null = null;
  #idMember = '';

  constructor(arena: Arena, at: number, count: number) {
    const { words, data } = arena;
    const head = (data.byteOffset + at) >>> 2;
    this.#arena = arena;
    this.#at = at;
    this.#head = head;
    this.#flags = words[head + 2] as number;
    const everything = (this.#flags & EVERYTHING) !== 0;
    this.#floats = (head + HEAD_BYTES / 4) >>> 1;
    this.#idEnds = (this.#floats + 1 + (everything ? count : 0)) << 1;
    this.#places = this.#idEnds + (this.#flags & IDS_LISTED ? count : 0);
    this.#textAt = 4 * (this.#places + (everything ? PLACE_WORDS * count : 0)) - data.byteOffset;
  }

  /**
   * What is known of event i besides its value: {topic, partition, offset, key, headers, timestamp}. `key` and `headers` are
   * there when the source has such things; a key that is not UTF-8 is given in base64.
   */
  event(i: number): Members {
    const { data, words, floats } = this.#arena;
    this.#shared ??= this.#readShared();
    const event: Members = { ...this.#shared };
    event[this.#idMember] = this.#id(i);
    if ((this.#flags & EVERYTHING) === 0) return event;
    const place = this.#places + PLACE_WORDS * i;
    event['key'] = this.key(i);
    const length = words[place + 3] as number;
    const from = this.#at + (words[place + 2] as number);
    if (length >= 0) event['headers'] = this.#flags & KAFKA_HEADERS ? kafkaHeaders(data, from) : (JSON.parse(data.toString('utf8', from, from + length)) as unknown);
    const timestamp = floats[this.#floats + 1 + i] as number;
    if (!Number.isNaN(timestamp)) event['timestamp'] = timestamp;
    return event;
  }

  /** The key of event i as text; null when it has none. */
  key(i: number): string | null {
    if ((this.#flags & EVERYTHING) === 0) return null;
    const { data, words } = this.#arena;
    const place = this.#places + PLACE_WORDS * i;
    const length = words[place + 1] as number;
    if (length < 0) return null;
    const from = this.#at + (words[place] as number);
    return textOf(data, from, from + length);
  }

  /** What the events have in common, as text: names the partition that they are in. */
  get partition(): string {
    return this.#arena.data.toString('utf8', this.#textAt, this.#textAt + (this.#arena.words[this.#head] as number));
  }

  #id(i: number): number | string {
    const { data, words, floats } = this.#arena;
    if ((this.#flags & IDS_LISTED) === 0) return (floats[this.#floats] as number) + i;
    const ids = this.#textAt + (words[this.#head] as number) + (words[this.#head + 1] as number);
    const id = data.toString('utf8', ids + (i === 0 ? 0 : (words[this.#idEnds + i - 1] as number)), ids + (words[this.#idEnds + i] as number));
    return (this.#flags & NUMBERS_LISTED) === 0 ? id : Number(id);
  }

  #readShared(): Members {
    const { data, words } = this.#arena;
    const shared = this.#textAt + (words[this.#head] as number);
    this.#idMember = data.toString('utf8', shared, shared + (words[this.#head + 1] as number));
    return JSON.parse(this.partition) as Members;
  }
}
