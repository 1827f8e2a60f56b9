import { OVERSIZE } from '../../../src/api/framing/contract.ts';
import type { Framed, Framer } from '../../../src/api/framing/contract.ts';

/** Pushes `bytes` cut at the given places and lists the events' texts; null for one that was too large. */
export function cut(framer: Framer, bytes: Buffer, places: readonly number[]): (string | null)[] {
  const framed: Framed[] = [];
  const borders = [0, ...new Set(places.filter((place) => place > 0 && place < bytes.length).toSorted((a, b) => a - b)), bytes.length];
  for (let index = 1; index < borders.length; index++) {
    const chunk = Buffer.from(bytes.subarray(borders[index - 1], borders[index]));
    if (chunk.length > 0) framer.push(chunk, framed);
    // What a receiver transferred must not be needed any more.
    for (const piece of framed) if (piece !== OVERSIZE && piece.bytes.buffer.byteLength !== piece.bytes.length) throw new Error('a piece shares its ArrayBuffer');
  }
  framer.end(framed);
  return framed.flatMap((piece) => {
    if (piece === OVERSIZE) return [null];
    const texts: string[] = [];
    for (let at = 0; at < piece.spans.length; at += 2) texts.push(piece.bytes.subarray(piece.spans[at], piece.spans[at]! + piece.spans[at + 1]!).toString());
    return texts;
  });
}

export const everyPlace = (bytes: Buffer): number[] => Array.from({ length: bytes.length }, (_, index) => index);
