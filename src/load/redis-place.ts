import type { RedisConnection } from '../config/settings.ts';
import { MillraceError } from '../errors.ts';
import { createRedis, type RedisClient, redisReady } from '../redis/redis.ts';
import { describeError } from '../redis/refusal.ts';
import { silentLog } from '../telemetry/log.ts';
import type { Batch, Rejection } from './contract.ts';

const READY_MS = 5000;
const PAUSE_MS = 100;

/** Opens a connection that answers. @throws MillraceError TARGET_UNAVAILABLE after five seconds; SOURCE_MISCONFIGURED when it refuses */
export async function openRedis(connection: RedisConnection, purpose: string): Promise<RedisClient> {
  let trouble: string | undefined;
  const client = createRedis(connection, { purpose, log: silentLog, whenAway: 'fail', onTrouble: (text) => (trouble = text ?? trouble) });
  let late: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      redisReady(client, connection, purpose),
      new Promise<never>((_, reject) => {
        late = setTimeout(() => reject(new MillraceError('TARGET_UNAVAILABLE', `${trouble ?? `Redis at ${whereOf(connection)} does not answer`}. Start it, or correct --url.`)), READY_MS);
      }),
    ]);
    return client;
  } catch (error) {
    client.disconnect();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Without user and password. */
export const whereOf = ({ url, sentinels, cluster }: RedisConnection): string => cluster?.addresses.join(', ') ?? sentinels?.addresses.join(', ') ?? new URL(url!).host;

/** Redis is away, or so it seems: what comes next is not to fail at once as well. */
export async function failed(batch: Batch, error: unknown): Promise<readonly Rejection[]> {
  await pause();
  return [{ kind: redisKind(error), count: batch.events.length, refused: false }];
}

/** After a failure, so that a Redis that is away is not tried as fast as the computer can. */
export const pause = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, PAUSE_MS);
  });

/** The word with which Redis begins an error, or what became of the connection. */
export function redisKind(error: unknown): string {
  const text = describeError(error);
  if (/isn't writeable|Connection is closed|ECONN|max retries/i.test(text)) return 'connection lost';
  return /^[A-Z]{3,}\b/.exec(text)?.[0] ?? text.slice(0, 60);
}
