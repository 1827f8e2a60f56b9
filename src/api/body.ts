import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { MillraceError } from '../errors.ts';
import { GrowingBuffer } from './framing/growing-buffer.ts';
import { contentEncoding, decodeWhole, payloadTooLarge } from './content-encoding.ts';
import { HttpFault } from './faults.ts';
import type { Stallable, StallClock } from './stall-clock.ts';

/** Called once with the event's bytes, or with the reason why there are none. Not called when the client breaks off: nobody is left to answer. */
export type BodyDone = (fault: MillraceError | null, bytes: Buffer) => void;

const NO_BYTES = Buffer.alloc(0);
/** A new one each time: who takes an event's bytes may transfer their ArrayBuffer. */
const emptyObject = (): Buffer => Buffer.allocUnsafeSlow(2).fill('{}');

/**
 * Reads the bodies of single events, up to the payload limit each, and checks that they are JSON where it is told to. All bodies under way
 * together hold at most `budgetBytes`; past that a request is refused as AT_CAPACITY, so that many slow clients cannot fill
 * the memory. A body must be whole within the clock's limit.
 */
export class BodyReader {
  readonly #payloadBytes: number;
  readonly #budgetBytes: number;
  readonly #clock: StallClock;
  #heldBytes = 0;

  constructor(payloadBytes: number, budgetBytes: number, clock: StallClock) {
    this.#payloadBytes = payloadBytes;
    this.#budgetBytes = budgetBytes;
    this.#clock = clock;
  }

  /** Bytes of bodies that have not arrived whole. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** `checked`: whether the bytes have to be JSON. Where a worker parses them before anything is promised, it is the one to say. */
  read(request: IncomingMessage, checked: boolean, done: BodyDone): void {
    const { headers } = request;
    const limitBytes = this.#payloadBytes;
    if (Number(headers['content-length']) > limitBytes) {
      done(payloadTooLarge(limitBytes), NO_BYTES);
      return;
    }
    let encoding: ReturnType<typeof contentEncoding>;
    try {
      encoding = contentEncoding(headers['content-encoding']);
    } catch (fault) {
      done(fault as MillraceError, NO_BYTES);
      return;
    }

    let first: Buffer | null = null;
    let rest: GrowingBuffer | null = null;
    let size = 0;
    const settle = (fault: MillraceError | null): void => {
      this.#clock.release(waiting);
      this.#heldBytes -= size;
      if (fault !== null) {
        request.off('data', onData).off('end', onEnd).off('error', onError);
        // A late error of a request that is being refused must not become an uncaught one.
        request.on('error', () => undefined);
        done(fault, NO_BYTES);
        return;
      }
      // Nothing comes after the end but, if the client goes away before its answer, an error.
      size = 0;
      const bytes = rest === null ? (first ?? NO_BYTES) : rest.take();
      if (encoding === undefined || bytes.length === 0) finish(bytes, checked, done);
      else decodeWhole(encoding, bytes, limitBytes, (error, decoded) => (error === null ? finish(decoded, checked, done) : done(error, NO_BYTES)));
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      this.#heldBytes += chunk.length;
      if (size > limitBytes) settle(payloadTooLarge(limitBytes));
      else if (this.#heldBytes > this.#budgetBytes) settle(new MillraceError('AT_CAPACITY', 'Too many request bodies are arriving at once.'));
      else if (first === null) first = chunk;
      else {
        if (rest === null) {
          rest = new GrowingBuffer();
          rest.append(first);
        }
        rest.append(chunk);
      }
    };
    const onEnd = (): void => settle(null);
    const onError = (): void => {
      this.#clock.release(waiting);
      this.#heldBytes -= size;
    };
    const waiting: Stallable = {
      ticksLeft: this.#clock.limitTicks,
      stalled: () => settle(new HttpFault(408, 'The body did not arrive in time.')),
    };
    this.#clock.watch(waiting);
    request.on('data', onData).on('end', onEnd).on('error', onError);
  }
}

function finish(bytes: Buffer, checked: boolean, done: BodyDone): void {
  if (bytes.length === 0) {
    done(null, emptyObject());
    return;
  }
  const json = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  if (!checked) {
    done(null, json);
    return;
  }
  let fault: MillraceError | null = null;
  try {
    // Only asked whether it is JSON: what the event becomes is decided where it runs. Keys such as __proto__ are data.
    JSON.parse(json.toString());
    if (!isUtf8(json)) fault = new MillraceError('INVALID_JSON', 'The body is not UTF-8.');
  } catch (error) {
    fault = new MillraceError('INVALID_JSON', `The body is not JSON: ${(error as Error).message}.`);
  }
  done(fault, json);
}
