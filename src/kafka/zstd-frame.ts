/** What a frame that does not say how large its content is may grow to. */
const MOST_BYTES = 1 << 30;
/** A first guess: JSON seldom shrinks to less than a tenth. */
const GUESS = 12;

/**
 * Decompresses a zstd frame into as much room as it turns out to need. Java's producers do not write a frame's content size,
 * so that the room has to be found by trying.
 */
export function zstdFrameFits(frame: Uint8Array, decompressInto: (room: number) => Uint8Array): Uint8Array {
  for (let room = Math.max(1 << 20, frame.byteLength * GUESS); ; room *= 4) {
    try {
      return decompressInto(Math.min(room, MOST_BYTES));
    } catch (error) {
      if (room >= MOST_BYTES || !tooSmall(error)) throw error;
    }
  }
}

/** ZSTD_error_dstSize_tooSmall, as the library words it. */
const tooSmall = (error: unknown): boolean => error instanceof Error && error.message.endsWith('code -70');
