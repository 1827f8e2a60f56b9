import type { RedisConnection } from '../../config/settings.ts';
import { MillraceError } from '../../errors.ts';
import { closeRedis, createRedis, type RedisClient, redisFault, redisReady } from '../../redis/redis.ts';
import type { Log } from '../../telemetry/log.ts';

/** A Redis that is asked by a person, who would rather hear that it is away than wait for it. */
export interface AskedRedis {
  /** @throws MillraceError when it is not there within seconds, or refuses what is asked of it */
  ask<T>(job: (client: RedisClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const PATIENCE_MS = 10_000;

export function askRedis(connection: RedisConnection, purpose: string, log: Log): AskedRedis {
  let trouble: string | undefined;
  const client = createRedis(connection, { purpose, log, whenAway: 'fail', onTrouble: (why) => (trouble = why) });
  return {
    async ask(job) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new MillraceError('OUTPUT_UNAVAILABLE', trouble ?? `The Redis of ${purpose} does not answer.`)), PATIENCE_MS);
      });
      try {
        await Promise.race([redisReady(client, connection, purpose), late]);
        clearTimeout(timer);
        return await job(client);
      } catch (error) {
        throw error instanceof MillraceError ? error : redisFault(error, connection, purpose);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => closeRedis(client),
  };
}

/** What a pipeline answered. @throws the first error among the answers */
export function answersOf(replies: readonly (readonly [Error | null, unknown])[] | null): unknown[] {
  return (replies ?? []).map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}
