import { hash } from 'node:crypto';
import { compileJsonata, type JsonataError } from '../asl/jsonata/expression.ts';
import { MillraceError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { createEnvelopes } from './envelope.ts';
import { nameOf } from './names.ts';
import type { SourceEvents, SourceMeter } from './source.ts';

/** What makes an event the same as others; null: nothing is the same as it. */
export type EventId = string | null;

/** Ids are at most 80 printable ASCII characters. */
export interface EventIds {
  /** Keys, headers or coordinates may be looked at. */
  readonly readsDetails: boolean;
  /** Never fails. Costs the main thread a few milliseconds at a stretch at the most. */
  of(events: SourceEvents): readonly EventId[] | Promise<readonly EventId[]>;
}

export interface KeyOptions {
  readonly source: string;
  /** A JSONata expression over the envelope. */
  readonly key: string;
  readonly log: Log;
  readonly meter: Pick<SourceMeter, 'recovered'>;
}

/** The execution name, which a redelivered event has again. */
export const namesAsIds: EventIds = {
  readsDetails: false,
  of: ({ count, names }) => Array.from({ length: count }, (_, i) => nameOf(names, i)),
};

/** One evaluation shares the main thread with heartbeats and fetches. */
const LIMITS = { timeLimitMs: 200, sequenceLimit: 100_000, textLimit: 1_000_000, allocationLimit: 1_000_000 };
const SLICE_MS = 8;

/**
 * Compiles what a user wrote as the key. Where the expression answers nothing, or fails, an event has no id: it runs, and so do
 * its duplicates. The log says so the first time; the others are counted as `not_deduplicated`, an offer at a time.
 *
 * @throws MillraceError INVALID_CONFIG when it cannot be parsed
 */
export function compileEventIds({ source, key, log, meter }: KeyOptions): EventIds {
  let expression: ReturnType<typeof compileJsonata>;
  try {
    expression = compileJsonata(key, LIMITS);
  } catch (error) {
    throw new MillraceError('INVALID_CONFIG', `sources.${source}.deduplicate.key is not a JSONata expression: ${faultText(error)}`, { cause: error });
  }
  let said = false;
  const without = (names: SourceEvents['names'], i: number, why: string): void => {
    if (!said) log.warn(`An event of source ${source} is not de-duplicated: ${why}. It runs, as do others like it, which are counted only.`, { execution: nameOf(names, i), key });
    said = true;
  };
  return {
    readsDetails: true,
    async of(events) {
      const { count, names } = events;
      const envelopes = createEnvelopes(events);
      const ids: EventId[] = [];
      let failed = false;
      let sliceEndsMs = performance.now() + SLICE_MS;
      for (let i = 0; i < count; i++) {
        let id: EventId = null;
        try {
          const value = expression.evaluate(envelopes.of(i), {});
          id = idOf(value instanceof Promise ? await value : value);
          if (id === null) without(names, i, 'the key answers nothing');
        } catch (error) {
          without(names, i, `the key failed: ${faultText(error)}`);
        }
        failed ||= id === null;
        ids.push(id);
        if (performance.now() < sliceEndsMs) continue;
        await new Promise(setImmediate);
        sliceEndsMs = performance.now() + SLICE_MS;
      }
      if (failed) meter.recovered('not_deduplicated');
      return ids;
    },
  };
}

function faultText(error: unknown): string {
  const { code, message } = error as Partial<JsonataError>;
  return `${code === undefined ? '' : `${code}: `}${message ?? String(error)}`;
}

function idOf(value: unknown): EventId {
  // An empty text is what events without an id have in common.
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'boolean' || typeof value === 'function') throw new TypeError(`it answers a ${typeof value}, which tells no event from others`);
  return bounded(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** Begins otherwise than a hash. */
const PLAIN = /^[\x21\x22\x24-\x7e][\x21-\x7e]{0,79}$/;

/** Of UTF-16, in which texts that are no Unicode are still different ones. */
const bounded = (text: string): string => (PLAIN.test(text) ? text : `#${hash('sha256', Buffer.from(text, 'utf16le'), 'base64url').slice(0, 22)}`);
