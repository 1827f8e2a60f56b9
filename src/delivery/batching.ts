import type { Parcel } from './contract.ts';
import { nameOf } from './names.ts';
import { type EventDetails, NONE, type SourceEvents } from './source.ts';

export interface BatchLimits {
  readonly maxEvents: number;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

/** Neighbouring events of one offer. */
export interface Member {
  readonly events: SourceEvents;
  readonly from: number;
  readonly to: number;
}

/** The events of a batch, as a parcel has them. */
export type Gathered = Pick<Parcel, 'count' | 'bytes' | 'spans' | 'names' | 'lane' | 'details'>;

interface Group {
  readonly members: Member[];
  count: number;
  bytes: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Gathers events that become the input of one execution: a batch is full when it has `maxEvents` events or `maxBytes` bytes,
 * and goes `maxWaitMs` after its first event even when it is not. Events of two partitions are not mixed where the workers
 * are told of partitions.
 */
export class Batching {
  readonly #limits: BatchLimits;
  readonly #send: (gathered: Gathered, members: readonly Member[]) => void;
  readonly #groups = new Map<string, Group>();

  constructor(limits: BatchLimits, send: (gathered: Gathered, members: readonly Member[]) => void) {
    this.#limits = limits;
    this.#send = send;
  }

  add(events: SourceEvents): void {
    const { maxEvents, maxBytes } = this.#limits;
    const id = `${events.lane}\n${events.details?.shared ?? ''}`;
    let from = 0;
    for (let i = 0; i < events.count; i++) {
      const bytes = events.spans[2 * i + 1] as number;
      let group = this.#groups.get(id);
      if (group !== undefined && group.bytes + bytes > maxBytes) {
        if (i > from) group.members.push({ events, from, to: i });
        this.#close(id, group);
        from = i;
        group = undefined;
      }
      group ??= this.#open(id);
      group.count++;
      group.bytes += bytes;
      if (group.count < maxEvents) continue;
      group.members.push({ events, from, to: i + 1 });
      this.#close(id, group);
      from = i + 1;
    }
    if (from < events.count) this.#groups.get(id)!.members.push({ events, from, to: events.count });
  }

  /** Lets go of what has not been sent, and answers it. */
  clear(): Member[] {
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    return groups.flatMap(({ timer, members }) => {
      clearTimeout(timer);
      return members;
    });
  }

  #open(id: string): Group {
    const group: Group = { members: [], count: 0, bytes: 0, timer: setTimeout(() => this.#close(id, group), this.#limits.maxWaitMs) };
    this.#groups.set(id, group);
    return group;
  }

  #close(id: string, group: Group): void {
    clearTimeout(group.timer);
    this.#groups.delete(id);
    this.#send(gather(group.members, group.count), group.members);
  }
}

/** Copies the members into one buffer. */
function gather(members: readonly Member[], count: number): Gathered {
  const first = members[0]!.events;
  const pieces: Uint8Array[] = [];
  let at = 0;
  const copy = (events: SourceEvents, spans: Uint32Array | undefined, i: number, into: Uint32Array, index: number): void => {
    const length = spans === undefined ? NONE : (spans[2 * i + 1] as number);
    into[2 * index] = at;
    into[2 * index + 1] = length;
    if (length === 0 || length === NONE) return;
    const start = (spans as Uint32Array)[2 * i] as number;
    pieces.push(events.bytes.subarray(start, start + length));
    at += length;
  };
  const spans = new Uint32Array(2 * count);
  const names: string[] = [];
  const ids: (number | string)[] = [];
  const { details } = first;
  const keys = details?.keys === undefined ? undefined : new Uint32Array(2 * count);
  const headers = details?.headers === undefined ? undefined : new Uint32Array(2 * count);
  const timestamps = details?.timestamps === undefined ? undefined : new Float64Array(count);
  let index = 0;
  for (const { events, from, to } of members) {
    for (let i = from; i < to; i++, index++) {
      copy(events, events.spans, i, spans, index);
      names.push(nameOf(events.names, i));
      if (events.details === undefined) continue;
      ids.push(idOf(events.details, i));
      if (keys !== undefined) copy(events, events.details.keys, i, keys, index);
      if (headers !== undefined) copy(events, events.details.headers, i, headers, index);
      if (timestamps !== undefined) timestamps[index] = events.details.timestamps?.[i] ?? NaN;
    }
  }
  const firstId = ids[0];
  const consecutive = typeof firstId === 'number' && (ids.at(-1) as number) - firstId === count - 1;
  return {
    count,
    bytes: Buffer.concat(pieces),
    spans,
    names,
    lane: first.lane,
    ...(details === undefined ? {} : { details: withMembers({ ...details, ids: consecutive ? firstId : (ids as EventDetails['ids']) }, keys, headers, timestamps) }),
  };
}

function withMembers(details: EventDetails, keys: Uint32Array | undefined, headers: Uint32Array | undefined, timestamps: Float64Array | undefined): EventDetails {
  return { ...details, ...(keys === undefined ? {} : { keys }), ...(headers === undefined ? {} : { headers }), ...(timestamps === undefined ? {} : { timestamps }) };
}

const idOf = ({ ids }: EventDetails, i: number): number | string => (typeof ids === 'number' ? ids + i : (ids[i] as number | string));
