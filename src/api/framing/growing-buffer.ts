const FIRST_BYTES = 4096;
const KEPT_BYTES = 1_048_576;

/**
 * Collects pieces of bytes in one growing buffer. A list of the pieces would let a client that sends single bytes make the
 * server hold a hundred times what it sent.
 */
export class GrowingBuffer {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2, FIRST_BYTES));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** Takes the last byte off if it is `byte`. */
  dropLast(byte: number): void {
    if (this.#length > 0 && this.#bytes[this.#length - 1] === byte) this.#length -= 1;
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.alloc(0);
  }

  /** What was collected, followed by `piece`, in an ArrayBuffer of its own. The collection stays as it is. */
  joined(piece: Uint8Array): Buffer {
    const joined = Buffer.allocUnsafeSlow(this.#length + piece.length);
    this.#bytes.copy(joined, 0, 0, this.#length);
    joined.set(piece, this.#length);
    return joined;
  }

  /** Hands over what was collected; nothing may be appended afterwards. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
