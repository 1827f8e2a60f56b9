import type { LargeResponses } from '../../kafka/framed-socket.ts';
import { ReusedMemory } from './reused-memory.ts';

/** As many as are read and gone through at a time: each broker sends the next response when the last has been. */
const KEPT = 2;
const SMALLEST = 1024 * 1024;

/**
 * Large responses between the socket and the decoder. kafkajs, in between, would copy them into one piece with what stands
 * around them; it carries a ticket instead.
 */
export class ResponseDesk implements LargeResponses {
  readonly memory = new ReusedMemory(SMALLEST, KEPT);
  readonly #waiting = new Map<number, Buffer>();
  #tickets = 0;

  take(bytes: number): Buffer {
    return this.memory.take(bytes);
  }

  arrived(payload: Buffer): Buffer {
    const number = this.#tickets;
    this.#tickets = (number + 1) % 2 ** 31;
    this.#waiting.set(number, payload);
    // kafkajs decodes in the same turn, unless it has given up on the response: then nobody comes for it.
    setImmediate(() => this.#waiting.delete(number));
    const ticket = Buffer.alloc(4);
    ticket.writeInt32BE(number);
    return ticket;
  }

  /** The response that a payload stands for; undefined where it is itself one: none has only four bytes. */
  redeem(payload: Buffer): Buffer | undefined {
    if (payload.length !== 4) return undefined;
    const number = payload.readInt32BE(0);
    const response = this.#waiting.get(number);
    if (response === undefined) throw new Error('A response of Kafka came after it had been given up.');
    this.#waiting.delete(number);
    return response;
  }
}
