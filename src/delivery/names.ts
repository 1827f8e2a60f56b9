import type { NamePieces, Names } from './contract.ts';

/** The execution name of event i. */
export function nameOf(names: Names, i: number): string {
  if (!('prefix' in names)) return names[i] as string;
  return 'spans' in names ? `${names.prefix}-${pieceOf(names, i)}` : `${names.prefix}-${names.firstSerial + i}`;
}

function pieceOf({ bytes, spans }: NamePieces, i: number): string {
  const from = spans[2 * i] as number;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', from, from + (spans[2 * i + 1] as number));
}
