import type { Ledger } from './ledger.ts';
import { pushVarint, readVarlong, skipVarint } from './varint.ts';

/*
 * What is settled beyond the watermark travels in the metadata of the commit, so that whoever reads the partition next does not
 * run it again:
 *
 *   metadata => 'millrace1' form bytes(base64url)
 *   form r   => lengths(varints, in turn: not settled, settled), from the watermark on
 *   form b   => a bit for each offset from the watermark on, the lowest bit first
 *
 * The form that reaches further is taken. What does not fit is left out, at the far end: it runs again.
 */

/** Foreign metadata, and a later form of ours, are no reason to lose anything: they are read as saying nothing. */
const TAG = 'millrace1';
/** The most that a broker takes unless told otherwise (offset.metadata.max.bytes). */
export const MOST_METADATA = 4096;

/** The metadata of a commit at the ledger's watermark; '' when nothing is settled beyond it. */
export function encodeMetadata(ledger: Ledger, mostCharacters = MOST_METADATA): string {
  const mostBytes = Math.floor(((mostCharacters - TAG.length - 1) * 3) / 4) - 2;
  if (mostBytes < 16) return '';
  const runs: number[] = [];
  let at = ledger.watermark;
  let complete = true;
  let inRuns = 0;
  ledger.eachBeyond((from, to) => {
    const before = runs.length;
    pushVarint(runs, from - at);
    pushVarint(runs, to - from);
    if (runs.length > mostBytes) {
      runs.length = before;
      complete = false;
      return false;
    }
    inRuns += to - from;
    at = to;
    return true;
  });
  if (runs.length === 0 && complete) return '';
  if (complete) return `${TAG}r${Buffer.from(runs).toString('base64url')}`;
  const { bits, count } = encodeBits(ledger, mostBytes);
  return count > inRuns ? `${TAG}b${bits.toString('base64url')}` : `${TAG}r${Buffer.from(runs).toString('base64url')}`;
}

function encodeBits(ledger: Ledger, mostBytes: number): { bits: Buffer; count: number } {
  const bits = Buffer.alloc(mostBytes);
  const base = ledger.watermark;
  const limit = base + mostBytes * 8;
  let count = 0;
  ledger.eachBeyond((from, to) => {
    const end = Math.min(to, limit);
    for (let offset = from; offset < end; offset++) bits[(offset - base) >>> 3] = (bits[(offset - base) >>> 3] as number) | (1 << ((offset - base) & 7));
    count += Math.max(0, end - from);
    return to < limit;
  });
  return { bits, count };
}

/** Settles in the ledger what the metadata of a commit at the given offset says. Metadata of another making says nothing. */
export function restoreMetadata(ledger: Ledger, offset: number, metadata: string | null | undefined): void {
  if (metadata === null || metadata === undefined || !metadata.startsWith(TAG)) return;
  const bytes = Buffer.from(metadata.slice(TAG.length + 1), 'base64url');
  const form = metadata[TAG.length];
  if (form === 'r') restoreRuns(ledger, offset, bytes);
  else if (form === 'b') restoreBits(ledger, offset, bytes);
}

function restoreRuns(ledger: Ledger, offset: number, bytes: Buffer): void {
  try {
    for (let at = 0; at < bytes.length; ) {
      const from = offset + readVarlong(bytes, at);
      at = skipVarint(bytes, at);
      offset = from + readVarlong(bytes, at);
      at = skipVarint(bytes, at);
      ledger.settle(from, offset);
    }
  } catch (error) {
    // Cut off by whoever stored it: what has been read so far holds.
    if (!(error instanceof RangeError)) throw error;
  }
}

function restoreBits(ledger: Ledger, offset: number, bytes: Buffer): void {
  const isSet = (bit: number): boolean => (((bytes[bit >>> 3] as number) >>> (bit & 7)) & 1) === 1;
  const all = bytes.length * 8;
  for (let bit = 0; bit < all; ) {
    let end = bit;
    while (end < all && isSet(end)) end++;
    if (end > bit) ledger.settle(offset + bit, offset + end);
    bit = end + 1;
  }
}
