import { Command } from 'ioredis';

/** ioredis makes a string of every argument, and adds up their lengths; here the command is given as the bytes that are sent. */
export class PreparedCommand extends Command {
  readonly #bytes: Buffer;

  /** @param keys as far as a Cluster has to know them */
  constructor(name: string, keys: readonly string[], bytes: Buffer) {
    super(name, [...keys], { replyEncoding: 'utf8' });
    this.#bytes = bytes;
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

/** An argument as Redis takes it. */
export const bulkOf = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
