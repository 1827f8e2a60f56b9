/**
 * Buffers that are given back and used again. What is left to the garbage collector instead has it mark the heap as often as
 * so many bytes come, however little there is on the heap.
 */
export class ReusedMemory {
  readonly #smallest: number;
  readonly #kept: number;
  readonly #free: ArrayBuffer[] = [];
  /** Those that were taken here and not given back. */
  readonly #taken = new WeakSet<ArrayBufferLike>();

  /** @param kept so many free buffers are kept at the most */
  constructor(smallest: number, kept: number) {
    this.#smallest = smallest;
    this.#kept = kept;
  }

  /** A buffer of so many bytes, with anything in it. One that is never given back is collected as any other. */
  take(bytes: number): Buffer {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    const [memory = this.#allocate(bytes)] = at < 0 ? [] : this.#free.splice(at, 1);
    this.#taken.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  /** Nothing reads the bytes any more: they are written over. Does nothing with what is not from here. */
  giveBack({ buffer }: Uint8Array): void {
    if (!this.#taken.delete(buffer)) return;
    this.#free.push(buffer as ArrayBuffer);
    // The oldest goes: it may be of a size that is not asked for any more.
    if (this.#free.length > this.#kept) this.#free.shift();
  }

  #allocate(bytes: number): ArrayBuffer {
    let size = this.#smallest;
    while (size < bytes) size *= 2;
    return Buffer.allocUnsafeSlow(size).buffer;
  }
}
