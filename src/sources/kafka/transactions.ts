import type { RecordBatch } from './record-batch.ts';
import { readVarint, skipVarint } from './varint.ts';

/** A transaction that was aborted, as a fetch response tells of it: where its first record is, and whose it was. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** The type of a control record that ends an aborted transaction; its key is version(int16) type(int16). */
const ABORT = 0;

/**
 * For each batch of one partition's response: true when there is something in it for a consumer. Control batches hold markers;
 * batches of an aborted transaction reach from its first offset to its producer's next abort marker.
 */
export function visibleBatches(batches: readonly RecordBatch[], aborted: readonly AbortedTransaction[]): boolean[] {
  if (aborted.length === 0) return batches.map((batch) => !batch.control);
  const begins = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  let next = 0;
  return batches.map((batch) => {
    for (let begin = begins[next]; begin !== undefined && begin.firstOffset <= batch.lastOffset; begin = begins[++next]) open.add(begin.producerId);
    if (batch.control) {
      if (isAbortMarker(batch)) open.delete(batch.producerId);
      return false;
    }
    return !(batch.transactional && open.has(batch.producerId));
  });
}

function isAbortMarker({ buffer, start, count }: RecordBatch): boolean {
  if (count === 0) return false;
  // length, attributes, timestamp delta, offset delta, length of the key
  let at = skipVarint(buffer, start) + 1;
  at = skipVarint(buffer, skipVarint(buffer, at));
  const keyBytes = readVarint(buffer, at);
  at = skipVarint(buffer, at);
  return keyBytes >= 4 && buffer.readInt16BE(at + 2) === ABORT;
}
