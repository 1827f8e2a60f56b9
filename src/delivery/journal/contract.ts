import type { NameSequence } from '../contract.ts';

/** Starts of one machine that are accepted together: one event, or a whole parcel of them. */
export interface JournalEntry {
  readonly machine: string;
  /** The events' bytes. Copied by `append` before it returns, so that the caller may use the buffer again. */
  readonly bytes: Uint8Array;
  /** Offset and length of event i at [2i] and [2i+1]. */
  readonly spans: Uint32Array;
  readonly names: readonly string[] | NameSequence;
  /** Unix milliseconds; handed back unchanged after a restart. */
  readonly startTimeMs: number;
  readonly wantsOutput: boolean;
}

/** One appended entry: what `ended` is told about. Opaque. */
export interface JournalRecord {
  /** How many events the entry holds. */
  readonly count: number;
}

/** An entry found on disk at the start, and which of its events have to run again. */
export interface Recovered {
  readonly record: JournalRecord;
  /** Events that are not pending may have an empty span and an empty name: their bytes are dropped by compaction. */
  readonly entry: JournalEntry;
  readonly pending: readonly number[];
}

/**
 * The durable memory of accepted starts.
 *
 * An entry is on disk before `append` resolves, and stays there until all its events have ended. Ends are written a little
 * later, together: what ended within the last `flushMs` before a kill is run again with what was in flight. `close` writes
 * every end.
 */
export interface Journal {
  /**
   * Resolves once the entry is on disk. Rejects with JOURNAL_FULL or JOURNAL_UNAVAILABLE; nothing of a refused entry is
   * ever run again.
   */
  append(entry: JournalEntry): Promise<JournalRecord>;
  /** Never fails: an end that cannot be written is kept in memory and tried again. Saying it twice does no harm. */
  ended(record: JournalRecord, index: number): void;
  /** The same for events from (inclusive) to to (exclusive). */
  endedRange(record: JournalRecord, from: number, to: number): void;
  /** What had not ended when the journal was last closed or lost. Read from disk as it is asked for; each entry is handed out once. */
  recover(): Iterable<Recovered>;
  /** Bytes held on disk by entries that have not ended. */
  readonly bytes: number;
  /** Blocks on disk; entries appended at the same time share one. */
  readonly records: number;
  /** Events that have not ended, recovered or not. */
  readonly pending: number;
  /** Why appends are refused at present; undefined while the disk takes writes. */
  readonly fault: Error | undefined;
  /** Resolves once everything said so far is on disk; rejects with JOURNAL_UNAVAILABLE. */
  flush(): Promise<void>;
  /** Refuses appends from now on, writes every end, and lets go of the folder. */
  close(): Promise<void>;
}

export interface JournalOptions {
  /** A folder of the journal's own; created when missing. */
  readonly path: string;
  /** Appends beyond this are refused with JOURNAL_FULL. */
  readonly maxBytes: number;
  /** How long an end may wait before it is written; 20 unless told otherwise. */
  readonly flushMs?: number;
  /** A block this old of which half has ended is rewritten without what ended; 1,000 unless told otherwise. */
  readonly compactAfterMs?: number;
  /** Told once when the disk stops taking writes, and of every damaged record that recovery skips. */
  readonly onFault?: (error: Error) => void;
}
