import { bulkOf, PreparedCommand } from '../../redis/prepared-command.ts';
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

/** Acknowledges entries of one stream. @throws the client's error */
export async function acknowledge(client: RedisClient, stream: string, group: string, ranges: readonly IdRange[]): Promise<void> {
  await client.sendCommand(new PreparedCommand('xack', [stream], encode(stream, group, ranges)));
}

function encode(stream: string, group: string, ranges: readonly IdRange[]): Buffer {
  const count = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const head = `*${3 + count}\r\n${bulkOf('XACK')}${bulkOf(stream)}${bulkOf(group)}`;
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(head) + LONGEST_BULK * count);
  let at = bytes.write(head);
  for (const { ids, from, to } of ranges) {
    if (ids instanceof IdsInPlace) at = copy(ids, from, to, bytes, at);
    else for (let i = from; i < to; i++) at += bytes.write(bulkOf(ids.at(i)!), at);
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
