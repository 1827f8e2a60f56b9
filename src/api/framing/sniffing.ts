import type { Framed, Framer } from './contract.ts';
import { JsonArrayFramer } from './json-array.ts';
import { NdjsonFramer } from './ndjson.ts';

const NDJSON_TYPES = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonl', 'application/jsonlines', 'application/x-jsonlines', 'application/json-lines', 'text/x-ndjson', 'text/ndjson', 'text/jsonl']);

const OPEN_BRACKET = 0x5b;

/**
 * Chooses between NDJSON and one JSON array. A Content-Type that names NDJSON decides; otherwise a body whose first byte
 * that is not space is `[` is an array, and any other is NDJSON. A byte order mark at the start is skipped.
 */
export class SniffingFramer implements Framer {
  readonly #payloadBytes: number;
  #inner: Framer | undefined;
  #skippedBytes = 0;

  constructor(contentType: string | undefined, payloadBytes: number) {
    this.#payloadBytes = payloadBytes;
    const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
    if (mediaType !== undefined && NDJSON_TYPES.has(mediaType)) this.#inner = new NdjsonFramer(payloadBytes);
  }

  get fault(): string | undefined {
    return this.#inner?.fault;
  }

  push(chunk: Buffer, out: Framed[]): void {
    let from = 0;
    if (this.#skippedBytes === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) from = 3;
    if (this.#inner === undefined) {
      while (from < chunk.length && chunk[from]! <= 0x20) from += 1;
      if (from < chunk.length) {
        this.#inner = chunk[from] === OPEN_BRACKET ? new JsonArrayFramer(this.#payloadBytes, this.#skippedBytes + from) : new NdjsonFramer(this.#payloadBytes);
      }
    }
    this.#skippedBytes += chunk.length;
    this.#inner?.push(from === 0 ? chunk : chunk.subarray(from), out);
  }

  end(out: Framed[]): void {
    this.#inner?.end(out);
  }
}
