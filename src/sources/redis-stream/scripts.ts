import type { RedisClient } from '../../redis/redis.ts';

/*
 * What has to be looked at and done in one step is done by the server. None of these writes depends on anything but what the
 * script reads itself.
 */

/**
 * Removes consumers with nothing pending that have not been heard of for a while, or the one that is named. Looking first and
 * removing afterwards could take entries with it that are delivered in between: XGROUP DELCONSUMER drops what is pending.
 *
 * KEYS stream; ARGV group, idle milliseconds, the only name ('': any), the name to be kept. Answers how many.
 */
const REMOVE_CONSUMERS = `
local removed = 0
for _, pairs in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local of = {}
  for i = 1, #pairs, 2 do of[pairs[i]] = pairs[i + 1] end
  if of.pending == 0 and of.idle >= tonumber(ARGV[2]) and of.name ~= ARGV[4] and (ARGV[3] == '' or of.name == ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], of.name)
    removed = removed + 1
  end
end
return removed`;

/** Removes a consumer that leaves; 0 when something is still pending for it. */
export const removeConsumer = (client: RedisClient, stream: string, group: string, consumer: string): Promise<number> => run(client, REMOVE_CONSUMERS, [stream], [group, 0, consumer, '']);

/** Removes consumers that have been idle so long with nothing pending. */
export const removeIdleConsumers = (client: RedisClient, stream: string, group: string, idleMs: number, except: string): Promise<number> => run(client, REMOVE_CONSUMERS, [stream], [group, idleMs, '', except]);

/**
 * Removes what every consumer has acknowledged: all before the first pending entry, or all that was delivered when none is
 * pending. -1, and nothing is removed, while the stream has another group: that may not have read it.
 *
 * KEYS stream; ARGV group. Answers how many.
 */
const TRIM_ACKNOWLEDGED = `
local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
if #groups > 1 then return -1 end
local of = {}
for i = 1, #(groups[1] or {}), 2 do of[groups[1][i]] = groups[1][i + 1] end
if of.name ~= ARGV[1] then return 0 end
local first = redis.call('XPENDING', KEYS[1], ARGV[1])[2]
if first then return redis.call('XTRIM', KEYS[1], 'MINID', first) end
local ms, sequence = string.match(of['last-delivered-id'], '^(%d+)-(%d+)$')
return redis.call('XTRIM', KEYS[1], 'MINID', ms .. '-' .. string.format('%.0f', tonumber(sequence) + 1))`;

export const trimAcknowledged = (client: RedisClient, stream: string, group: string): Promise<number> => run(client, TRIM_ACKNOWLEDGED, [stream], [group]);

/**
 * Makes a process the owner of a stream if nobody is, or goes on being it. Answers the number of the ownership, which is one
 * higher with each new one; -1: somebody else is the owner.
 *
 * KEYS lease, number; ARGV owner, milliseconds.
 */
const OWN = `
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(redis.call('GET', KEYS[2]) or 0)
end
if owner then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('INCR', KEYS[2])`;

export const own = (client: RedisClient, lease: string, owner: string, ttlMs: number): Promise<number> => run(client, OWN, [lease, `${lease}:number`], [owner, ttlMs]);

/** KEYS lease; ARGV owner. */
const DISOWN = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export const disown = (client: RedisClient, lease: string, owner: string): Promise<number> => run(client, DISOWN, [lease], [owner]);

/** KEYS lease, stream; ARGV owner, a command and its arguments: it is carried out only for the owner of the stream. */
const FENCED = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('FENCED the stream has another owner') end
return redis.call(unpack(ARGV, 2))`;

/** @throws the client's error; see isFenced */
export const fenced = (client: RedisClient, lease: string, stream: string, owner: string, command: string, args: readonly (string | number)[]): Promise<unknown> => client.callBuffer('eval', [FENCED, 2, lease, stream, owner, command, ...args]);

export const isFenced = (error: unknown): boolean => error instanceof Error && error.message.includes('FENCED');

/**
 * Says that a process is there, and answers how many are; the clock is that of Redis.
 *
 * KEYS members; ARGV member, milliseconds after which one who has not said so is gone.
 */
const JOIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

export const join = (client: RedisClient, members: string, member: string, ttlMs: number): Promise<number> => run(client, JOIN, [members], [member, ttlMs]);

async function run(client: RedisClient, script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<number> {
  return Number(await client.eval(script, keys.length, ...keys, ...args));
}
