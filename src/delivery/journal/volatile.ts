import { MillraceError } from '../../errors.ts';
import type { Journal, JournalEntry, JournalRecord, Recovered } from './contract.ts';

/** A journal for an engine without a data folder: it counts, and keeps nothing. What has not ended when the process does is gone. */
export function createVolatileJournal(): Journal {
  let pending = 0;
  let records = 0;
  let closed = false;
  const left = new WeakMap<JournalRecord, number>();
  const endedRange = (record: JournalRecord, from: number, to: number): void => {
    const remaining = (left.get(record) ?? 0) - (to - from);
    left.set(record, remaining);
    pending -= to - from;
    if (remaining === 0) records--;
  };
  return {
    append(entry: JournalEntry): Promise<JournalRecord> {
      if (closed) return Promise.reject(new MillraceError('DRAINING', 'The engine is closed.'));
      const record = { count: entry.spans.length / 2 };
      left.set(record, record.count);
      pending += record.count;
      records++;
      return Promise.resolve(record);
    },
    ended: (record, index) => endedRange(record, index, index + 1),
    endedRange,
    recover: (): Iterable<Recovered> => [],
    bytes: 0,
    get records() {
      return records;
    },
    get pending() {
      return pending;
    },
    fault: undefined,
    flush: () => Promise.resolve(),
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
}
