import type { RedisClient } from '../../redis/redis.ts';
import type { HeldJob } from './job.ts';

/**
 * Locks jobs anew whose lock has expired, or went with a failover, and which nobody has moved since: what is among the active
 * ones without a lock is still whose it was. BullMQ's own script gives such a lock up.
 *
 * KEYS active, stalled, then the lock of each job; ARGV milliseconds, then id and token of each job. Answers which of the jobs, by
 * number from 0, are somebody else's now, wait again, or are gone. The list is read once, however many jobs are asked for.
 */
const RELOCK = `
local active
local lost = {}
for i = 3, #KEYS do
  local id, token = ARGV[2 * i - 4], ARGV[2 * i - 3]
  local owner = redis.call('GET', KEYS[i])
  if not owner then
    if not active then
      active = {}
      for _, one in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do active[one] = true end
    end
    if active[id] then owner = token end
  end
  if owner == token then
    redis.call('SET', KEYS[i], token, 'PX', ARGV[1])
    redis.call('SREM', KEYS[2], id)
  else
    lost[#lost + 1] = i - 3
  end
end
return lost`;

export interface QueueKeys {
  readonly active: string;
  readonly stalled: string;
  readonly lockOf: (id: string) => string;
}

export async function relock(client: RedisClient, { active, stalled, lockOf }: QueueKeys, jobs: readonly HeldJob[], lockDurationMs: number): Promise<HeldJob[]> {
  const keys = [active, stalled, ...jobs.map(({ id }) => lockOf(id))];
  const lost = (await client.eval(RELOCK, keys.length, ...keys, lockDurationMs, ...jobs.flatMap(({ id, token }) => [id, token]))) as number[];
  return lost.map((i) => jobs[i] as HeldJob);
}
