import { Command } from 'ioredis';
import type { RedisClient } from '../../redis/redis.ts';
import { type Ids, IdsInPlace } from './ids.ts';

/** Neighbouring ids that were read together. */
export interface IdRange {
  readonly ids: Ids;
  readonly from: number;
  readonly to: number;
}

/** An id has at most 20 + 1 + 20 characters. */
const LONGEST_BULK = '$41\r\n\r\n'.length + 41;

/** ioredis makes a string of every argument, and adds up their lengths; here the command is given as the bytes that are sent. */
class Acknowledge extends Command {
  readonly #bytes: Buffer;

  constructor(stream: string, group: string, bytes: Buffer) {
    super('xack', [stream, group], { replyEncoding: 'utf8' });
    this.#bytes = bytes;
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

/** Acknowledges entries of one stream. @throws the client's error */
export async function acknowledge(client: RedisClient, stream: string, group: string, ranges: readonly IdRange[]): Promise<void> {
  await client.sendCommand(new Acknowledge(stream, group, encode(stream, group, ranges)));
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

function encode(stream: string, group: string, ranges: readonly IdRange[]): Buffer {
  const count = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const head = `*${3 + count}\r\n${bulk('XACK')}${bulk(stream)}${bulk(group)}`;
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(head) + LONGEST_BULK * count);
  let at = bytes.write(head);
  for (const { ids, from, to } of ranges) {
    if (ids instanceof IdsInPlace) at = copy(ids, from, to, bytes, at);
    else for (let i = from; i < to; i++) at += bytes.write(bulk(ids.at(i)!), at);
  }
  return bytes.subarray(0, at);
}

/** With their frames; answers where they end. */
function copy({ bytes: source, spans }: IdsInPlace, from: number, to: number, target: Buffer, start: number): number {
  let at = start;
  for (let i = 2 * from; i < 2 * to; i += 2) {
    const id = spans[i] as number;
    const length = spans[i + 1] as number;
    const end = id + length + 2;
    for (let next = id - (length < 10 ? 4 : 5); next < end; next++) target[at++] = source[next] as number;
  }
  return at;
}
