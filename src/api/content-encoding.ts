import type { Transform } from 'node:stream';
import { brotliDecompress, createBrotliDecompress, createGunzip, createInflate, gunzip, inflate } from 'node:zlib';
import type { ZlibOptions } from 'node:zlib';
import { MillraceError } from '../errors.ts';
import { HttpFault } from './faults.ts';

type Whole = (bytes: Buffer, options: { maxOutputLength: number }, done: (error: Error | null, bytes: Buffer) => void) => void;

export interface Encoding {
  readonly whole: Whole;
  readonly stream: (options: ZlibOptions) => Transform;
}

const GZIP: Encoding = { whole: gunzip, stream: createGunzip };
const ENCODINGS = new Map<string, Encoding>([
  ['gzip', GZIP],
  ['x-gzip', GZIP],
  ['deflate', { whole: inflate, stream: createInflate }],
  ['br', { whole: brotliDecompress, stream: (options) => createBrotliDecompress({ chunkSize: options.chunkSize }) }],
]);

const CHUNK_BYTES = 65_536;

/** The Content-Encoding of a request, or undefined for none. @throws HttpFault 415 for one that is not understood. */
export function contentEncoding(header: string | undefined): Encoding | undefined {
  if (header === undefined) return undefined;
  const name = header.trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  const encoding = ENCODINGS.get(name);
  if (encoding === undefined) throw new HttpFault(415, `Content-Encoding ${JSON.stringify(header)} is not understood; send gzip, deflate, br or none.`);
  return encoding;
}

/** Decodes a whole body of at most `limitBytes` once decoded; a larger one is refused as soon as that shows. */
export function decodeWhole(encoding: Encoding, bytes: Buffer, limitBytes: number, done: (error: MillraceError | null, bytes: Buffer) => void): void {
  encoding.whole(bytes, { maxOutputLength: limitBytes }, (error, decoded) => {
    if (error === null) done(null, decoded);
    else if (Reflect.get(error, 'code') === 'ERR_BUFFER_TOO_LARGE') done(payloadTooLarge(limitBytes), bytes);
    else done(badEncoding(error), bytes);
  });
}

export const decodeStream = (encoding: Encoding): Transform => encoding.stream({ chunkSize: CHUNK_BYTES });

export const badEncoding = (cause: Error): MillraceError =>
  new MillraceError('BAD_REQUEST', `The body is not what its Content-Encoding says: ${cause.message}.`, { cause });

export const payloadTooLarge = (limitBytes: number): MillraceError =>
  new MillraceError('PAYLOAD_TOO_LARGE', `The event has more than the ${limitBytes} bytes that limits.payloadBytes allows.`);
