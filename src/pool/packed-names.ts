import type { NamePieces, Names, NameSequence } from '../delivery/contract.ts';
import type { Arena } from './wire.ts';

/** Bytes that the names of some events need at the most. */
export function namesBytes(names: Names, from: number, count: number): number {
  let bytes = 4 + 4 * count;
  if (!('prefix' in names)) for (let i = from; i < from + count; i++) bytes += 3 * (names[i] as string).length;
  else if ('spans' in names) for (let i = from; i < from + count; i++) bytes += 3 * names.prefix.length + 1 + (names.spans[2 * i + 1] as number);
  else bytes = 3 * names.prefix.length;
  return bytes;
}

export const isSequence = (names: Names): names is NameSequence => 'firstSerial' in names;

/** Lists names; answers where they end. */
export function packNames({ words, data }: Arena, namesAt: number, names: readonly string[] | NamePieces, from: number, count: number): number {
  const ends = (data.byteOffset + namesAt) >>> 2;
  let at = namesAt + 4 * count;
  if (!('prefix' in names)) {
    for (let i = 0; i < count; i++) {
      at += data.write(names[from + i] as string, at);
      words[ends + i] = at - namesAt;
    }
    return at;
  }
  const { bytes, spans } = names;
  const prefix = Buffer.from(`${names.prefix}-`);
  for (let i = 0; i < count; i++) {
    for (let next = 0; next < prefix.length; next++) data[at++] = prefix[next] as number;
    const start = spans[2 * (from + i)] as number;
    const end = start + (spans[2 * (from + i) + 1] as number);
    for (let next = start; next < end; next++) data[at++] = bytes[next] as number;
    words[ends + i] = at - namesAt;
  }
  return at;
}
