/**
 * Keys of the journal's file, in the order in which recovery reads:
 *
 *   block   seq(6) 0(1) bytes(4) events(4)   value: see encode.ts
 *   bitmap  seq(6) 1(1)                      value: pending(4), then one bit for each event that has ended
 *   probe   0xff × 6                         value: zeros; written to find out whether the disk takes writes again
 *
 * Integers are big-endian, so that bytes sort as numbers do. A block's key says how much it holds so that the start counts
 * a large journal without reading its values.
 */
const SEQ_BYTES = 6;
const BLOCK = 0;
const BITMAP = 1;

export const PROBE_KEY = Buffer.alloc(SEQ_BYTES, 0xff);

export function blockKey(seq: number, bytes: number, events: number): Buffer {
  const key = Buffer.allocUnsafe(SEQ_BYTES + 9);
  key.writeUIntBE(seq, 0, SEQ_BYTES);
  key[SEQ_BYTES] = BLOCK;
  key.writeUInt32BE(bytes, SEQ_BYTES + 1);
  key.writeUInt32BE(events, SEQ_BYTES + 5);
  return key;
}

export function bitmapKey(seq: number): Buffer {
  const key = Buffer.allocUnsafe(SEQ_BYTES + 1);
  key.writeUIntBE(seq, 0, SEQ_BYTES);
  key[SEQ_BYTES] = BITMAP;
  return key;
}

/** The first key that could belong to a block of this number or a later one. */
export function firstKeyOf(seq: number): Buffer {
  const key = Buffer.allocUnsafe(SEQ_BYTES);
  key.writeUIntBE(seq, 0, SEQ_BYTES);
  return key;
}

export interface ParsedKey {
  readonly kind: 'block' | 'bitmap' | 'other';
  readonly seq: number;
  readonly bytes: number;
  readonly events: number;
}

export function parseKey(key: Buffer): ParsedKey {
  const seq = key.length >= SEQ_BYTES ? key.readUIntBE(0, SEQ_BYTES) : 0;
  if (key.length === SEQ_BYTES + 9 && key[SEQ_BYTES] === BLOCK) {
    return { kind: 'block', seq, bytes: key.readUInt32BE(SEQ_BYTES + 1), events: key.readUInt32BE(SEQ_BYTES + 5) };
  }
  return { kind: key.length === SEQ_BYTES + 1 && key[SEQ_BYTES] === BITMAP ? 'bitmap' : 'other', seq, bytes: 0, events: 0 };
}

/** The value under a bitmap key. */
export function bitmapValue(pending: number, ended: Uint32Array): Buffer {
  const value = Buffer.allocUnsafe(4 + ended.length * 4);
  value.writeUInt32LE(pending, 0);
  for (let word = 0; word < ended.length; word += 1) {
    value.writeUInt32LE(ended[word] ?? 0, 4 + word * 4);
  }
  return value;
}

export function parseBitmap(value: Buffer): { pending: number; ended: Uint32Array } {
  const ended = new Uint32Array((value.length - 4) >>> 2);
  for (let word = 0; word < ended.length; word += 1) {
    ended[word] = value.readUInt32LE(4 + word * 4);
  }
  return { pending: value.readUInt32LE(0), ended };
}
