import { connect, type Socket, type TcpSocketConnectOpts } from 'node:net';

/*
 *   request  := size(int32) apiKey(int16) apiVersion(int16) correlationId(int32) …
 *   response := size(int32) correlationId(int32) …          size counts what follows it
 */

/** Responses that are as large as this are read where they are to stay. */
const LARGE = 64 * 1024;
const READ_BYTES = 64 * 1024;
const FETCH = 1;

/** Where large responses to fetches go, instead of to the client. */
export interface LargeResponses {
  /** Memory for so many bytes. */
  take(bytes: number): Buffer;
  /** The whole response has come, without size and correlation id; answers what the client gets in its place. */
  arrived(payload: Buffer): Buffer;
}

/**
 * Opens a socket that reads large responses to fetches straight into memory of `responses`. A socket makes a new Buffer for each
 * 64 KiB that it reads, and kafkajs another for all of a response; both leave it to the garbage collector when they are used
 * again, which marked the heap twenty times for a million events. All other bytes are handed on as they come.
 */
export function openFramedSocket(address: Pick<TcpSocketConnectOpts, 'host' | 'port'>, responses: LargeResponses, onConnect: () => void): Socket {
  const frames = new Frames(responses, (bytes) => void socket.emit('data', bytes));
  const socket: Socket = connect({ ...address, onread: { buffer: () => frames.next, callback: (count) => frames.take(count) } }, onConnect);
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  socket.write = (...given: unknown[]) => {
    if (Buffer.isBuffer(given[0])) frames.requested(given[0]);
    return write(...given);
  };
  return socket;
}

/** Tells one response from the next in what a socket reads. */
export class Frames {
  readonly #responses: LargeResponses;
  readonly #emit: (bytes: Buffer) => void;
  readonly #read = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #head = Buffer.alloc(8);
  #headLength = 0;
  /** Bytes of a response that are still to be handed on. */
  #passing = 0;
  /** A large response that has not come as a whole. */
  #large: { readonly payload: Buffer; filled: number } | undefined;
  /** Correlation ids of fetches that have not been answered. */
  readonly #fetches = new Set<number>();

  constructor(responses: LargeResponses, emit: (bytes: Buffer) => void) {
    this.#responses = responses;
    this.#emit = emit;
  }

  /** Where the next bytes are to be read to. */
  get next(): Uint8Array {
    return this.#large === undefined ? this.#read : this.#large.payload.subarray(this.#large.filled);
  }

  /** A request is being written, in one piece. */
  requested(bytes: Buffer): void {
    if (bytes.length >= 12 && bytes.readInt16BE(4) === FETCH) this.#fetches.add(bytes.readInt32BE(8));
  }

  /** So many bytes have been read to `next`. */
  take(count: number): boolean {
    if (this.#large === undefined) this.#split(this.#read.subarray(0, count));
    else this.#fill(this.#large, count);
    return true;
  }

  /** A response without a correlation id, as some of a SASL handshake are, may be shorter than one. */
  get #headNeeds(): number {
    return this.#headLength < 4 ? 4 : 4 + Math.max(0, Math.min(4, this.#head.readInt32BE(0)));
  }

  #fill(large: { readonly payload: Buffer; filled: number }, count: number): void {
    large.filled += count;
    if (large.filled < large.payload.length) return;
    this.#large = undefined;
    const instead = this.#responses.arrived(large.payload);
    const head = Buffer.from(this.#head);
    head.writeInt32BE(4 + instead.length, 0);
    this.#emit(Buffer.concat([head, instead]));
  }

  #split(bytes: Buffer): void {
    const head = this.#head;
    let from = 0;
    let at = 0;
    for (;;) {
      const passing = Math.min(this.#passing, bytes.length - at);
      at += passing;
      this.#passing -= passing;
      if (at === bytes.length) break;
      const begin = at;
      const isSplit = this.#headLength > 0;
      while (at < bytes.length && this.#headLength < this.#headNeeds) head[this.#headLength++] = bytes[at++] as number;
      if (this.#headLength < this.#headNeeds) {
        if (begin > from) this.#pass(bytes.subarray(from, begin));
        return;
      }
      const headLength = this.#headLength;
      const left = head.readInt32BE(0) - (headLength - 4);
      this.#headLength = 0;
      const isFetch = headLength === 8 && this.#fetches.delete(head.readInt32BE(4));
      if (!isFetch || left < LARGE) {
        if (isSplit) {
          this.#pass(head.subarray(0, headLength));
          from = at;
        }
        this.#passing = left;
        continue;
      }
      if (begin > from) this.#pass(bytes.subarray(from, begin));
      const large = { payload: this.#responses.take(left), filled: 0 };
      this.#large = large;
      const here = bytes.subarray(at, at + left);
      large.payload.set(here);
      this.#fill(large, here.length);
      if (this.#large !== undefined) return;
      at += here.length;
      from = at;
    }
    if (bytes.length > from) this.#pass(bytes.subarray(from));
  }

  /** The bytes are read over by the next ones; whoever gets them may keep them. */
  #pass(bytes: Buffer): void {
    this.#emit(Buffer.from(bytes));
  }
}
