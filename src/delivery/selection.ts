import { nameOf } from './names.ts';
import type { EventDetails, SourceEvents, Wants } from './source.ts';

/** Some of the events of an offer, ascending, as an offer of its own. Bytes are shared, not copied. */
export function selected(events: SourceEvents, at: Uint32Array, tag: unknown): SourceEvents {
  const { spans, names, details } = events;
  return {
    ...events,
    count: at.length,
    spans: pairs(spans, at),
    names: Array.from(at, (i) => nameOf(names, i)),
    ...(details === undefined ? {} : { details: selectedDetails(details, at) }),
    tag,
  };
}

function selectedDetails({ keys, headers, timestamps, ids, ...shared }: EventDetails, at: Uint32Array): EventDetails {
  return {
    ...shared,
    ids: typeof ids === 'number' ? Array.from(at, (i) => ids + i) : Array.from(at, (i) => ids[i] as string),
    ...(keys === undefined ? {} : { keys: pairs(keys, at) }),
    ...(headers === undefined ? {} : { headers: pairs(headers, at) }),
    ...(timestamps === undefined ? {} : { timestamps: Float64Array.from(at, (i) => timestamps[i] as number) }),
  };
}

function pairs(spans: Uint32Array, at: Uint32Array): Uint32Array {
  const chosen = new Uint32Array(2 * at.length);
  for (const [n, i] of at.entries()) {
    chosen[2 * n] = spans[2 * i] as number;
    chosen[2 * n + 1] = spans[2 * i + 1] as number;
  }
  return chosen;
}

/** Leaves out of the details what nobody wants. */
export function wantedOf({ details, ...events }: SourceEvents, wants: Wants): SourceEvents {
  if (details === undefined || wants === 'nothing') return events;
  if (wants === 'everything') return { ...events, details };
  const { shared, idMember, ids } = details;
  return { ...events, details: { shared, idMember, ids } };
}
