import type { RedisClient } from '../../redis/redis.ts';
import type { Portion } from './entries.ts';

type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null] | null;
type RawRead = readonly (readonly [stream: Buffer, entries: readonly RawEntry[]])[] | null;

export interface ReadRequest {
  readonly group: string;
  readonly consumer: string;
  readonly count: number;
  readonly blockMs: number;
  readonly streams: readonly string[];
  /** For each stream: '>' for new entries, or the id after which the consumer's own pending ones begin. */
  readonly after: readonly string[];
  /** New entries may be read so often at once; once when left out. Nothing is wrong with doing so once. */
  readonly reads?: number;
}

/** Sends one command and answers its reply with the bytes untouched; a fenced one rejects once the stream is not this process's. */
export type Send = (command: string, stream: string, args: readonly (string | number)[]) => Promise<unknown>;

export const sendBy = (client: RedisClient): Send => (command, _stream, args) => client.callBuffer(command, [...args]);

/** @throws the client's error */
export async function readGroup(send: Send, { group, consumer, count, blockMs, streams, after }: ReadRequest): Promise<Portion[]> {
  const block = blockMs > 0 ? ['BLOCK', blockMs] : [];
  const reply = (await send('xreadgroup', streams[0]!, ['GROUP', group, consumer, 'COUNT', count, ...block, 'STREAMS', ...streams, ...after])) as RawRead;
  return reply === null ? [] : reply.map(([stream, entries]) => portionOf(stream.toString(), entries));
}

export interface Claim {
  readonly portion: Portion;
  /** Where the next claim begins; undefined when it was the last. */
  readonly next: string | undefined;
}

/** Takes pending entries, of whichever consumer, that nobody has claimed for so long. @throws the client's error */
export async function claimIdle(send: Send, stream: string, group: string, consumer: string, idleMs: number, start: string, count: number): Promise<Claim> {
  const [cursor, entries, deleted] = (await send('xautoclaim', stream, [stream, group, consumer, idleMs, start, 'COUNT', count])) as [Buffer, RawEntry[], Buffer[]?];
  const portion = portionOf(stream, entries);
  const next = cursor.toString();
  // Redis 7 has taken the deleted ones from the pending list itself, and says which.
  return { portion: { ...portion, deleted: [...portion.deleted, ...(deleted ?? []).map(String)] }, next: next === '0-0' ? undefined : next };
}

function portionOf(stream: string, raw: readonly RawEntry[]): Portion {
  const ids: string[] = [];
  const fieldsOf: (readonly Buffer[])[] = [];
  const deleted: string[] = [];
  for (const one of raw) {
    // Before Redis 7 a claimed entry that was deleted is null; it goes away with its consumer's next recovery.
    if (one === null) continue;
    const [id, fields] = one;
    if (fields === null) deleted.push(id.toString('latin1'));
    else {
      ids.push(id.toString('latin1'));
      fieldsOf.push(fields);
    }
  }
  return { stream, entries: { ids, fields: (i) => fieldsOf[i]! }, deleted };
}
