import type { RedisConnection } from '../config/settings.ts';
import { MillraceError } from '../errors.ts';
import { closeRedis, createRedis, type RedisClient, redisFault, redisReady } from '../redis/redis.ts';
import type { OutputParts } from './contract.ts';

/** The Redis behind an output. */
export interface RedisPeer {
  /**
   * Runs the job once those before it have ended and Redis is there: a write that fails half-way is not overtaken.
   *
   * @throws MillraceError for whatever the job throws, and when it was closed before
   */
  inTurn<T>(job: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Why it takes nothing: there is no connection, or the last job failed. */
  readonly trouble: string | undefined;
  /** What is under way ends, or rejects. */
  close(): Promise<void>;
}

/** Connects an output to its Redis. */
export function createRedisPeer(connection: RedisConnection, { name, log }: OutputParts): RedisPeer {
  const purpose = `output ${name}`;
  let lost: string | undefined;
  let failed: string | undefined;
  let closed = false;
  let tail: Promise<unknown> = Promise.resolve();
  const client = createRedis(connection, {
    purpose,
    log,
    whenAway: 'fail',
    onTrouble: (trouble) => {
      lost = trouble;
      failed = undefined;
    },
  });
  const run = async <T>(job: (client: RedisClient) => Promise<T>): Promise<T> => {
    try {
      if (closed) throw new Error('the output is closed');
      await redisReady(client, connection, purpose);
      const result = await job(client);
      failed = undefined;
      return result;
    } catch (error) {
      const fault = error instanceof MillraceError ? error : redisFault(error, connection, purpose);
      failed = fault.message;
      throw fault;
    }
  };
  return {
    inTurn(job) {
      const result = tail.then(() => run(job));
      tail = result.catch(() => undefined);
      return result;
    },
    get trouble() {
      return lost ?? failed;
    },
    async close() {
      closed = true;
      await closeRedis(client);
      await tail;
    },
  };
}
