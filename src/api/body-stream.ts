import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { badEncoding, decodeStream } from './content-encoding.ts';
import type { Encoding } from './content-encoding.ts';
import { HttpFault } from './faults.ts';
import type { Stallable, StallClock } from './stall-clock.ts';

/** The client went away before its request was complete. Nobody is left to answer. */
export class BrokenOff extends Error {}

/**
 * A request's body, decoded, chunk by chunk at the reader's own pace: what is not asked for stays in the client's socket.
 * Fails with BrokenOff as soon as the client goes away, with HttpFault 408 when it sends nothing for as long as the clock
 * permits (time in which nothing was asked for does not count), and with BAD_REQUEST when the encoding is broken.
 */
export class BodyStream implements Stallable {
  ticksLeft: number;
  readonly #clock: StallClock;
  readonly #request: IncomingMessage;
  readonly #stream: Readable;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(request: IncomingMessage, encoding: Encoding | undefined, clock: StallClock) {
    this.#clock = clock;
    this.#request = request;
    this.ticksLeft = clock.limitTicks;
    if (encoding === undefined) this.#stream = request;
    else {
      // Not a pipeline: that would destroy the request, and with it the socket on which a broken encoding is to be answered.
      this.#stream = request.pipe(decodeStream(encoding));
      this.#stream.on('error', (error) => this.#fail(badEncoding(error)));
    }
    request.on('error', () => this.#fail(new BrokenOff()));
    request.on('close', () => {
      if (!request.complete) this.#fail(new BrokenOff());
    });
    this.#stream.on('end', () => {
      this.#ended = true;
      this.#wake?.();
    });
    this.#stream.on('readable', () => this.#wake?.());
  }

  /** The bytes that have arrived by now, or else those that arrive next; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#ended) return undefined;
      this.ticksLeft = this.#clock.limitTicks;
      this.#clock.watch(this);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#clock.release(this);
      this.#wake = undefined;
    }
  }

  /** The same as `promise`, but fails at once when the client goes away in the meantime. */
  whileConnected<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#wake = () => {
        if (this.#failure !== undefined) reject(this.#failure);
      };
      if (this.#failure !== undefined) reject(this.#failure);
      promise.then(resolve, reject);
    });
  }

  stalled(): void {
    this.#fail(new HttpFault(408, 'Nothing more of the body arrived in time.'));
  }

  /** Lets go of the request: what is left of its body may be thrown away by others. */
  close(): void {
    this.#stream.removeAllListeners('readable');
    if (this.#stream === this.#request) return;
    this.#request.unpipe();
    this.#stream.destroy();
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#wake?.();
  }
}
