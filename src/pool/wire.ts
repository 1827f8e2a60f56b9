import type { Batch } from '../delivery/lane.ts';
import { END_WORDS, type Report, type ReportWriter } from '../delivery/report.ts';
import { detailsBytes, packDetails } from './details.ts';
import { isSequence, namesBytes, packNames } from './packed-names.ts';

/*
 * An arena is a piece of shared memory in which one batch travels to a worker and the numbers of its report travel back.
 * A lane has a few and uses them in turn: the message that accompanies a batch is one small integer.
 *
 *   arena   := header slice{maxEvents} span{maxEvents} reply data      32-bit words, then bytes
 *   header  := count sliceCount ticket dataEnd rangeWords endWords baseMs:f64
 *   slice   := first count revision flags namesAt namesLength startTimeMs:f64 firstSerial:f64 detailsAt 0
 *   flags   := 1 outputs are wanted | 2 the names are listed | 4 it is the input of one execution
 *   span    := offset length             of an event; counted from the start of data. Of one that is over the payload limit
 *                                        only the length is true: its bytes stay behind
 *   reply   := word{7 * maxEvents}       ranges, then ends, of delivery/report.ts; its text comes as the message
 *   data    := the events' bytes, then the names of each slice and its details (details.ts), if it has any
 *   names   := prefix                    UTF-8; the event's name is prefix-(firstSerial + i)
 *            | end{count} text           listed: where each name ends, counted from namesAt; padded to 4 bytes
 */
const HEADER_WORDS = 8;
const SLICE_WORDS = 12;
const COUNT = 0;
const SLICES = 1;
const TICKET = 2;
const DATA_END = 3;
const RANGE_WORDS = 4;
const ENDING_WORDS = 5;
const BASE_MS = 3; // as a 64-bit word
const WANTS_OUTPUT = 1;
const NAMES_LISTED = 2;
const WHOLE = 4;
/** detailsAt of a slice without details. */
const NO_DETAILS = -1;
/** What may lie between two events, on average, for them to be copied in one piece: the frame of a Kafka record fits, and that of an entry of a Redis stream. */
const GAP_BYTES = 64;

export class Arena {
  readonly shared: SharedArrayBuffer;
  readonly maxEvents: number;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  /** The data part. */
  readonly data: Buffer;
  readonly spansAt: number;
  readonly replyAt: number;

  constructor(shared: SharedArrayBuffer, maxEvents: number) {
    this.shared = shared;
    this.maxEvents = maxEvents;
    this.words = new Int32Array(shared);
    this.floats = new Float64Array(shared);
    this.spansAt = HEADER_WORDS + SLICE_WORDS * maxEvents;
    this.replyAt = this.spansAt + 2 * maxEvents;
    this.data = Buffer.from(shared, Arena.headBytes(maxEvents));
  }

  static headBytes(maxEvents: number): number {
    return 4 * (HEADER_WORDS + (SLICE_WORDS + 2 + 2 + END_WORDS) * maxEvents);
  }

  static create(maxEvents: number, dataBytes: number): Arena {
    return new Arena(new SharedArrayBuffer(Arena.headBytes(maxEvents) + ((dataBytes + 7) & ~7)), maxEvents);
  }
}

/** Bytes of data that a batch needs at the most. */
export function dataBytes(batch: Batch, payloadBytes: number): number {
  let bytes = 0;
  for (const { parcel, from, count } of batch.slices) {
    const { spans, names, details } = parcel;
    bytes += GAP_BYTES * count;
    if (details !== undefined) bytes += detailsBytes(details, from, count);
    for (let i = from; i < from + count; i++) {
      const length = spans[2 * i + 1] as number;
      if (length <= payloadBytes) bytes += length;
    }
    bytes += namesBytes(names, from, count);
  }
  return bytes;
}

/** Writes a batch into an arena that is large enough. */
export function pack(arena: Arena, batch: Batch, payloadBytes: number): void {
  const { words, floats, data } = arena;
  let at = 0;
  let slot = HEADER_WORDS;
  let first = 0;
  for (const slice of batch.slices) {
    const { parcel, from, count } = slice;
    at = packEvents(arena, parcel.bytes, parcel.spans, from, count, first, at, payloadBytes);
    words[slot] = first;
    words[slot + 1] = count;
    words[slot + 2] = slice.revision;
    words[slot + 3] = (parcel.wantsOutput ? WANTS_OUTPUT : 0) | (isSequence(parcel.names) ? 0 : NAMES_LISTED) | (parcel.whole === true ? WHOLE : 0);
    floats[(slot + 6) >>> 1] = parcel.startTimeMs;
    first += count;
    slot += SLICE_WORDS;
  }
  words[DATA_END] = at;
  slot = HEADER_WORDS;
  for (const { parcel, from, count } of batch.slices) {
    const { names } = parcel;
    let namesAt = at;
    if (isSequence(names)) {
      at += data.write(names.prefix, at);
      floats[(slot + 8) >>> 1] = names.firstSerial + from;
    } else {
      namesAt = (at + 3) & ~3;
      at = packNames(arena, namesAt, names, from, count);
    }
    words[slot + 4] = namesAt;
    words[slot + 5] = at - namesAt;
    if (parcel.details === undefined) words[slot + 10] = NO_DETAILS;
    else {
      at = (at + 7) & ~7;
      words[slot + 10] = at;
      at = packDetails(arena, at, parcel.bytes, parcel.details, from, count);
    }
    slot += SLICE_WORDS;
  }
  words[COUNT] = batch.count;
  words[SLICES] = batch.slices.length;
  words[TICKET] = batch.ticket;
}

/** Copies events, in one piece where they lie close together. */
function packEvents(arena: Arena, bytes: Uint8Array, spans: Uint32Array, from: number, count: number, first: number, at: number, payloadBytes: number): number {
  const { words, data } = arena;
  const to = 2 * (from + count);
  const start = spans[2 * from] as number;
  let span = arena.spansAt + 2 * first;
  let end = start;
  let sum = 0;
  for (let i = 2 * from; i < to; i += 2) {
    const offset = spans[i] as number;
    const length = spans[i + 1] as number;
    if (offset < end || length > payloadBytes) {
      sum = -1;
      break;
    }
    end = offset + length;
    sum += length;
    words[span++] = offset - start + at;
    words[span++] = length;
  }
  if (sum >= 0 && end - start <= sum + GAP_BYTES * count) {
    data.set(bytes.subarray(start, end), at);
    blankGaps(arena, first, count);
    return at + end - start;
  }
  span = arena.spansAt + 2 * first;
  for (let i = 2 * from; i < to; i += 2) {
    const offset = spans[i] as number;
    const length = spans[i + 1] as number;
    words[span++] = at;
    words[span++] = length;
    if (length > payloadBytes) continue;
    data.set(bytes.subarray(offset, offset + length), at);
    at += length;
  }
  return at;
}

/** Makes ASCII of what lies between events: the worker reads a batch faster where every byte of it is, and the frames of Kafka's records are not. */
function blankGaps({ words, data, spansAt }: Arena, first: number, count: number): void {
  let span = spansAt + 2 * first;
  let end = (words[span] as number) + (words[span + 1] as number);
  for (let i = 1; i < count; i++) {
    span += 2;
    const offset = words[span] as number;
    for (; end < offset; end++) if ((data[end] as number) > 0x7f) data[end] = 0x20;
    end = offset + (words[span + 1] as number);
  }
}

export const countOf = (arena: Arena): number => arena.words[COUNT] as number;
export const sliceCountOf = (arena: Arena): number => arena.words[SLICES] as number;
export const ticketOf = (arena: Arena): number => arena.words[TICKET] as number;
export const dataEndOf = (arena: Arena): number => arena.words[DATA_END] as number;

/** The names of a slice's events as the worker reads them; valid until the arena is used again. */
export interface SliceView {
  readonly first: number;
  readonly count: number;
  readonly revision: number;
  readonly wantsOutput: boolean;
  readonly whole: boolean;
  /** Where the slice's details are in the data; -1: it has none. */
  readonly detailsAt: number;
  readonly namesListed: boolean;
  readonly namesAt: number;
  readonly namesLength: number;
  readonly startTimeMs: number;
  readonly firstSerial: number;
}

export function readSlice(arena: Arena, slice: number): SliceView {
  const { words, floats } = arena;
  const slot = HEADER_WORDS + SLICE_WORDS * slice;
  const flags = words[slot + 3] as number;
  return {
    first: words[slot] as number,
    count: words[slot + 1] as number,
    revision: words[slot + 2] as number,
    wantsOutput: (flags & WANTS_OUTPUT) !== 0,
    whole: (flags & WHOLE) !== 0,
    detailsAt: words[slot + 10] as number,
    namesListed: (flags & NAMES_LISTED) !== 0,
    namesAt: words[slot + 4] as number,
    namesLength: words[slot + 5] as number,
    startTimeMs: floats[(slot + 6) >>> 1] as number,
    firstSerial: floats[(slot + 8) >>> 1] as number,
  };
}

/** The listed name of the slice's i-th event. */
export function readListedName(arena: Arena, namesAt: number, i: number, count: number): string {
  const { words, data } = arena;
  const ends = (data.byteOffset + namesAt) >>> 2;
  const from = i === 0 ? 4 * count : (words[ends + i - 1] as number);
  return data.toString('utf8', namesAt + from, namesAt + (words[ends + i] as number));
}

/** Writes a report's numbers; answers its text. */
export function writeReply(arena: Arena, report: ReportWriter): string {
  const { words } = arena;
  words[RANGE_WORDS] = report.ranges.length;
  words[ENDING_WORDS] = report.ends.length;
  arena.floats[BASE_MS] = report.baseMs;
  let at = arena.replyAt;
  for (let i = 0; i < report.ranges.length; i++) words[at++] = report.ranges[i] as number;
  for (let i = 0; i < report.ends.length; i++) words[at++] = report.ends[i] as number;
  return report.text();
}

/** Reads it on the main thread; valid until the arena is used again. */
export function readReply(arena: Arena, text: string): Report {
  const { words, replyAt } = arena;
  const endsAt = replyAt + (words[RANGE_WORDS] as number);
  return {
    baseMs: arena.floats[BASE_MS] as number,
    ranges: words.subarray(replyAt, endsAt),
    ends: words.subarray(endsAt, endsAt + (words[ENDING_WORDS] as number)),
    text,
  };
}
