import type { RedisConnection } from '../config/settings.ts';
import { closeRedis } from '../redis/redis.ts';
import { type Batch, NOTHING_REJECTED, type Rejection, type Sender } from './contract.ts';
import { failed, openRedis, pause, redisKind, whereOf } from './redis-place.ts';

export interface RedisStreamTarget extends RedisConnection {
  readonly stream: string;
  /** The stream is kept about so long; undefined: it grows. */
  readonly maxLength: number | undefined;
  readonly valueField: string;
  readonly keyField: string;
  readonly batchEvents: number;
  readonly maxBatches: number;
}

const MOST_BYTES = 4 * 1024 * 1024;

/** Appends to one stream, a pipeline for each batch. @throws MillraceError when Redis does not answer, or refuses */
export async function createRedisStreamSender(target: RedisStreamTarget): Promise<Sender> {
  const { stream, maxLength, valueField, keyField } = target;
  const trim = maxLength === undefined ? [] : ['MAXLEN', '~', maxLength];
  const client = await openRedis(target, `load on ${stream}`);

  const append = async ({ events, keys }: Batch): Promise<readonly Rejection[]> => {
    const pipeline = client.pipeline();
    for (let i = 0; i < events.length; i++) {
      if (keys === undefined) pipeline.xadd(stream, ...trim, '*', valueField, events[i]!);
      else pipeline.xadd(stream, ...trim, '*', valueField, events[i]!, keyField, keys[i]!);
    }
    const byKind = new Map<string, number>();
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) byKind.set(redisKind(error), (byKind.get(redisKind(error)) ?? 0) + 1);
    if (byKind.size === 0) return NOTHING_REJECTED;
    await pause();
    return [...byKind].map(([kind, count]) => ({ kind, count, refused: false }));
  };

  return {
    target: `the stream ${stream} at ${whereOf(target)}`,
    maxEvents: target.batchEvents,
    maxBytes: MOST_BYTES,
    maxBatches: target.maxBatches,
    send: (batch, settled) => void append(batch).catch((error: unknown) => failed(batch, error)).then((rejections) => settled(batch, rejections)),
    close: () => closeRedis(client),
  };
}
