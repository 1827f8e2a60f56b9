/* Zigzag-encoded integers of variable length, seven bits a byte, the lowest first: those of record batches. */

/** The 32-bit integer at an index. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let result = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('a record ends within a number');
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (result >>> 1) ^ -(result & 1);
  }
  throw new RangeError('a number of a record is longer than 32 bits');
}

/** The 64-bit integer at an index, exact to 2^53. */
export function readVarlong(bytes: Uint8Array, at: number): number {
  let result = 0;
  let factor = 1;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('a record ends within a number');
    result += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
  }
  throw new RangeError('a number of a record is longer than 64 bits');
}

/** The index after the integer at an index. */
export function skipVarint(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('a record ends within a number');
    if (byte < 0x80) return at;
  }
  throw new RangeError('a number of a record is longer than 64 bits');
}

/** Appends an integer of at most 53 bits. */
export function pushVarint(bytes: number[], value: number): void {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
