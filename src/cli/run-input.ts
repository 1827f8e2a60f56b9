import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Framed } from '../api/framing/contract.ts';
import { OVERSIZE } from '../api/framing/contract.ts';
import { SniffingFramer } from '../api/framing/sniffing.ts';
import { UsageError } from './exit-codes.ts';
import { fileTrouble } from './output.ts';
import { LineNumbers, type LineOf } from './run-lines.ts';

/** Where events come from. `sizeBytes` is undefined where nobody knows it: a pipe. */
export interface Input {
  readonly stream: Readable;
  readonly sizeBytes: number | undefined;
  /** Every line is an event, even if the first one begins with a bracket. */
  readonly linesOnly: boolean;
}

/** @param file a path, or `-` for standard input */
export async function openInput(file: string, linesOnly: boolean): Promise<Input> {
  if (file === '-') return { stream: process.stdin, sizeBytes: undefined, linesOnly };
  try {
    const handle = await open(file);
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      await handle.close();
      throw Object.assign(new Error(), { code: 'EISDIR' });
    }
    return {
      stream: createReadStream(file, { fd: handle, highWaterMark: 64 * 1024 }),
      sizeBytes: stats.isFile() ? stats.size : undefined,
      linesOnly: linesOnly || /\.(?:ndjson|jsonl)$/i.test(file),
    };
  } catch (error) {
    throw new UsageError(fileTrouble(error, file));
  }
}

/** Neighbouring events; or one event that is too large; or the end of what can be told apart. */
export type Portion =
  | { readonly kind: 'events'; readonly bytes: Buffer; readonly spans: Uint32Array; readonly firstIndex: number; readonly lineOf: LineOf }
  | { readonly kind: 'oversize'; readonly index: number; readonly line: number | undefined }
  | { readonly kind: 'broken'; readonly index: number; readonly cause: string };

/** Cuts the input into events as it arrives, numbering them. Reads on when the next portion is asked for, and not before. */
export class InputReader {
  readonly #input: Input;
  readonly #payloadBytes: number;
  /** Bytes taken so far. */
  bytesRead = 0;
  #stopped = false;

  constructor(input: Input, payloadBytes: number) {
    this.#input = input;
    this.#payloadBytes = payloadBytes;
  }

  /** The portions end as if the input did; an event that was being read is left out. */
  stop(): void {
    this.#stopped = true;
    this.#input.stream.destroy();
  }

  async *portions(): AsyncGenerator<Portion, void, void> {
    const framer = new SniffingFramer(this.#input.linesOnly ? 'application/x-ndjson' : undefined, this.#payloadBytes);
    const lines = new LineNumbers(this.#input.linesOnly);
    const framed: Framed[] = [];
    let index = 0;
    const take = function* (chunk: Buffer | undefined): Generator<Portion, void, void> {
      const lineOf = lines.count(chunk, index, countOf(framed));
      for (const part of framed) {
        if (part === OVERSIZE) {
          yield { kind: 'oversize', index, line: lineOf(index) };
          index += 1;
        } else {
          yield { kind: 'events', bytes: part.bytes, spans: part.spans, firstIndex: index, lineOf };
          index += part.spans.length / 2;
        }
      }
      framed.length = 0;
    };
    try {
      for await (const chunk of this.#input.stream as AsyncIterable<Buffer>) {
        if (this.#stopped) return;
        this.bytesRead += chunk.length;
        framer.push(chunk, framed);
        yield* take(chunk);
        if (framer.fault !== undefined) break;
      }
    } catch (error) {
      // A stream that was destroyed on purpose ends with an error too.
      if (this.#stopped) return;
      throw error;
    }
    if (this.#stopped) return;
    framer.end(framed);
    yield* take(undefined);
    if (framer.fault !== undefined) yield { kind: 'broken', index, cause: inputFault(framer.fault) };
  }
}

function countOf(framed: readonly Framed[]): number {
  let count = 0;
  for (const part of framed) count += part === OVERSIZE ? 1 : part.spans.length / 2;
  return count;
}

/** Framing speaks to HTTP clients of bodies and headers; at the command line the same is an input and an option. */
function inputFault(fault: string): string {
  return fault.replace('of the body', 'of the input').replace('the end of the body', 'the end of the input').replace(/ If every line .*$/, ' If every line is an event of its own, say --ndjson.');
}
