import { executionName } from '../../delivery/execution-name.ts';
import { type EventDetails, NONE, type Order, type SourceEvents, type Wants } from '../../delivery/source.ts';
import { msOf } from './entry-id.ts';
import { hashOf } from './hash.ts';
import { type Ids, IdsInPlace, listOf } from './ids.ts';
import type { Ledger, Taken } from './ledger.ts';

/** Entries of one stream, in the order of their ids. */
export interface Entries {
  readonly ids: Ids;
  /** Names and values of an entry's fields in turn. */
  readonly fields: (i: number) => readonly Buffer[];
  /** The values where they came, if they were looked for. */
  readonly inPlace?: {
    readonly bytes: Uint8Array;
    /** Offset and length of each. */
    readonly spans: Uint32Array;
    /** True when no entry has other fields. */
    readonly single: boolean;
  };
}

/** What one read brought of one stream. */
export interface Portion {
  readonly stream: string;
  readonly entries: Entries;
  /** Pending ones that are not in the stream any more. */
  readonly deleted: readonly string[];
}

export interface EntryShape {
  /** The field with the value; null: all fields are, as a JSON object of strings. */
  readonly valueField: Buffer | null;
  readonly keyField: Buffer | null;
  readonly order: Order;
  readonly lanes: number;
}

interface Entry {
  readonly id: string;
  readonly fields: readonly Buffer[];
}

const NO_VALUE = Buffer.alloc(0);
/** An id takes at most 20 + 1 + 20 characters, and the hyphen before it one. */
const LONGEST_PLAIN = 80 - 42;
const PLAIN = /^[A-Za-z0-9_-]+$/;

/** Turns entries of one stream into events: one parcel of them, or one for each lane of keys. */
export class EntryPacker {
  readonly #shape: EntryShape;
  readonly #ledger: Ledger;
  readonly #streamLane: number;
  readonly #shared: string;
  /** What the names of events begin with, and only the id follows; undefined where a name has to be made of both. */
  readonly #prefix: string | undefined;

  constructor(shape: EntryShape, ledger: Ledger) {
    const { stream } = ledger;
    this.#shape = shape;
    this.#ledger = ledger;
    this.#streamLane = shape.order === 'none' ? -1 : hashOf(Buffer.from(stream));
    this.#shared = JSON.stringify({ stream });
    // An id is digits and a hyphen: nothing of it needs to be looked at.
    this.#prefix = stream.length <= LONGEST_PLAIN && PLAIN.test(stream) ? stream : undefined;
  }

  pack(entries: Entries, wants: Wants, freshMs: number): SourceEvents[] {
    if (this.#shape.order === 'key') return this.#packByKey(entries, wants, freshMs);
    if (entries.inPlace !== undefined && wants !== 'everything') return [this.#passOn(entries, entries.inPlace, wants, freshMs)];
    const all = listOf(entries.ids).map((id, i) => ({ id, fields: entries.fields(i) }));
    return [this.#copy(all, this.#streamLane, wants, freshMs)];
  }

  #packByKey({ ids, fields }: Entries, wants: Wants, freshMs: number): SourceEvents[] {
    const byLane = new Map<number, Entry[]>();
    for (const [i, id] of listOf(ids).entries()) {
      const entry = { id, fields: fields(i) };
      const key = keyOf(this.#shape, entry.fields);
      const lane = key === undefined ? -1 : hashOf(key) % this.#shape.lanes;
      const list = byLane.get(lane);
      if (list === undefined) byLane.set(lane, [entry]);
      else list.push(entry);
    }
    return Array.from(byLane, ([lane, list]) => this.#copy(list, lane, wants, freshMs));
  }

  /** Nothing is copied, and nothing is made for a single event. */
  #passOn({ ids, fields }: Entries, { bytes, spans, single }: NonNullable<Entries['inPlace']>, wants: Wants, freshMs: number): SourceEvents {
    const names = this.#prefix !== undefined && ids instanceof IdsInPlace ? { prefix: this.#prefix, bytes: ids.bytes, spans: ids.spans } : this.#namesOf(listOf(ids));
    const taken = this.#ledger.take(ids, single && this.#shape.keyField === null ? undefined : fields, freshMs);
    const details = wants === 'nothing' ? {} : { details: { shared: this.#shared, idMember: 'id', ids: listOf(ids) } };
    return { count: ids.length, bytes, spans, names, lane: this.#streamLane, ...details, tag: taken };
  }

  #namesOf(ids: readonly string[]): string[] {
    const prefix = this.#prefix;
    return ids.map(prefix === undefined ? (id) => executionName(this.#ledger.stream, id) : (id) => `${prefix}-${id}`);
  }

  #copy(entries: readonly Entry[], lane: number, wants: Wants, freshMs: number): SourceEvents {
    const count = entries.length;
    const ids = entries.map(({ id }) => id);
    const spans = new Uint32Array(2 * count);
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (const [i, { fields }] of entries.entries()) {
      const value = this.#valueOf(fields);
      pieces.push(value);
      spans[2 * i] = bytes;
      spans[2 * i + 1] = value.length;
      bytes += value.length;
    }
    const details = wants === 'nothing' && this.#shape.order !== 'key' ? undefined : this.#details(entries, ids, pieces, bytes, wants);
    const taken: Taken = this.#ledger.take(ids, (i) => entries[i]!.fields, freshMs);
    return { count, bytes: Buffer.concat(pieces), spans, names: this.#namesOf(ids), lane, ...(details === undefined ? {} : { details }), tag: taken };
  }

  #details(entries: readonly Entry[], ids: readonly string[], pieces: Uint8Array[], valueBytes: number, wants: Wants): EventDetails {
    const coordinate = { shared: this.#shared, idMember: 'id', ids };
    const withKeys = this.#shape.keyField !== null && (wants === 'everything' || this.#shape.order === 'key');
    let bytes = valueBytes;
    const place = (spans: Uint32Array, i: number, piece: Uint8Array | undefined): void => {
      spans[2 * i] = bytes;
      spans[2 * i + 1] = piece === undefined ? NONE : piece.length;
      if (piece === undefined) return;
      pieces.push(piece);
      bytes += piece.length;
    };
    const spansOf = (of: (fields: readonly Buffer[]) => Uint8Array | undefined): Uint32Array => {
      const spans = new Uint32Array(2 * entries.length);
      for (const [i, { fields }] of entries.entries()) place(spans, i, of(fields));
      return spans;
    };
    const keys = withKeys ? { keys: spansOf((fields) => keyOf(this.#shape, fields)) } : {};
    if (wants !== 'everything') return { ...coordinate, ...keys };
    const headers = spansOf((fields) => {
      const text = headersOf(this.#shape, fields);
      return text === undefined ? undefined : Buffer.from(text);
    });
    return { ...coordinate, ...keys, headers, headersFormat: 'json', timestamps: Float64Array.from(ids, msOf) };
  }

  /** Empty where the field is missing: what becomes of such events is the source's rule for tombstones. */
  #valueOf(fields: readonly Buffer[]): Buffer {
    const { valueField } = this.#shape;
    return valueField === null ? Buffer.from(JSON.stringify(asObject(fields, () => true))) : (fieldOf(fields, valueField) ?? NO_VALUE);
  }
}

export const keyOf = ({ keyField }: EntryShape, fields: readonly Buffer[]): Buffer | undefined => (keyField === null ? undefined : fieldOf(fields, keyField));

/** The other fields as JSON text; undefined where there are none, or all are the value. */
export function headersOf({ valueField, keyField }: EntryShape, fields: readonly Buffer[]): string | undefined {
  if (valueField === null || fields.length <= 2) return undefined;
  const others = asObject(fields, (name) => !name.equals(valueField) && keyField?.equals(name) !== true);
  return Object.keys(others).length === 0 ? undefined : JSON.stringify(others);
}

function fieldOf(fields: readonly Buffer[], name: Buffer): Buffer | undefined {
  for (let f = 0; f < fields.length; f += 2) if (fields[f]!.equals(name)) return fields[f + 1];
  return undefined;
}

/** Of a field that is there twice, the last. Bytes that are not UTF-8 become U+FFFD. */
function asObject(fields: readonly Buffer[], takes: (name: Buffer) => boolean): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let f = 0; f < fields.length; f += 2) if (takes(fields[f]!)) pairs.push([fields[f]!.toString(), fields[f + 1]!.toString()]);
  return Object.fromEntries(pairs);
}
