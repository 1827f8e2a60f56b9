import type { RedisConnection } from '../../config/settings.ts';
import { closeRedis, createRedis, redisFault, type RedisClient, redisReady } from '../../redis/redis.ts';
import type { Log } from '../../telemetry/log.ts';
import type { SeenEvent, SeenStore, Verdict } from './contract.ts';

export interface RedisSeenOptions {
  readonly connection: RedisConnection;
  /** The source's name; processes that give the same source and group remember together. */
  readonly source: string;
  /** What it reads, and as whom: two groups that read the same events each run all of them. */
  readonly group: string;
  readonly windowMs: number;
  readonly log: Log;
}

/*
 * One string for each id:
 *
 *   key   := "millrace:seen:" source ":" group ":" ["{" bucket "}:"] id
 *   value := ("." | "+") name          running, or ended; expires with the window
 *
 * A script serves many keys at once, which is three times as fast as one command for each. In a Cluster all keys of a script
 * must be on one node, so there each id belongs to one of 16 buckets, which are spread over the nodes.
 */
const CLAIM = `
local verdicts = {}
for i, key in ipairs(KEYS) do
  local seen = redis.call('GET', key)
  if not seen then
    redis.call('SET', key, '.' .. ARGV[i + 1], 'PX', ARGV[1])
    verdicts[i] = 0
  elseif string.sub(seen, 2) ~= ARGV[i + 1] then
    verdicts[i] = 2
  elseif string.sub(seen, 1, 1) == '+' then
    verdicts[i] = 3
  else
    redis.call('PEXPIRE', key, ARGV[1])
    verdicts[i] = 1
  end
end
return verdicts`;

const DONE = `
for i, key in ipairs(KEYS) do
  local seen = redis.call('GET', key)
  if not seen or string.sub(seen, 2) == ARGV[i + 1] then
    redis.call('SET', key, '+' .. ARGV[i + 1], 'PX', ARGV[1])
  end
end`;

const FORGET = `
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == '.' .. ARGV[i + 1] then
    redis.call('DEL', key)
  end
end`;

const SCRIPTS = { millraceClaim: CLAIM, millraceDone: DONE, millraceForget: FORGET };
type Client = RedisClient & Readonly<Record<keyof typeof SCRIPTS, Script>>;
type Script = (keyCount: number, ...keysAndNames: (string | number)[]) => Promise<unknown>;

const VERDICTS: readonly Verdict[] = ['new', 'again', 'duplicate', 'done'];
/** Keys of one script: others wait for as long as it runs. */
const MOST_KEYS = 250;
const BUCKETS = 16;

/**
 * Creates a store that all processes of a source share.
 *
 * What Redis has answered it may lose again in a failover, or with an eviction policy that drops keys with an expiry.
 *
 * @throws MillraceError SOURCE_MISCONFIGURED when the url or an address is malformed
 */
export function createRedisSeen(options: RedisSeenOptions): SeenStore {
  return new RedisSeen(options);
}

class RedisSeen implements SeenStore {
  readonly #options: RedisSeenOptions;
  readonly #purpose: string;
  readonly #client: Client;
  readonly #prefix: string;

  constructor(options: RedisSeenOptions) {
    const { connection, source, group, log } = options;
    this.#options = options;
    this.#purpose = `the de-duplication of source ${source}`;
    const client = createRedis(connection, { purpose: this.#purpose, log, whenAway: 'fail' });
    for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { lua });
    this.#client = client as Client;
    // A brace in the group's name would decide about slots.
    this.#prefix = `millrace:seen:${source}:${encodeURIComponent(group)}:`;
  }

  async claim(events: readonly SeenEvent[]): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = [];
    await this.#run('millraceClaim', events, (indexes, answer) => {
      for (const [n, verdict] of (answer as number[]).entries()) verdicts[indexes[n] as number] = VERDICTS[verdict] as Verdict;
    });
    return verdicts;
  }

  async done(events: readonly SeenEvent[]): Promise<void> {
    await this.#run('millraceDone', events);
  }

  async forget(events: readonly SeenEvent[]): Promise<void> {
    await this.#run('millraceForget', events);
  }

  abandon(): void {
    // Whoever the event goes to finds the claim under the event's own name.
  }

  ready(): Promise<void> {
    return redisReady(this.#client, this.#options.connection, this.#purpose);
  }

  close(): Promise<void> {
    return closeRedis(this.#client);
  }

  async #run(script: keyof typeof SCRIPTS, events: readonly SeenEvent[], answered?: (indexes: readonly number[], answer: unknown) => void): Promise<void> {
    const { connection, windowMs } = this.#options;
    const inCluster = connection.cluster !== undefined;
    try {
      await Promise.all(
        parts(events, inCluster).map(async (indexes) => {
          const keys: string[] = [];
          const names: string[] = [];
          for (const index of indexes) {
            const { id, name } = events[index] as SeenEvent;
            keys.push(`${this.#prefix}${inCluster ? `{${bucketOf(id)}}:` : ''}${id}`);
            names.push(name);
          }
          const answer = await this.#client[script](keys.length, ...keys, windowMs, ...names);
          answered?.(indexes, answer);
        }),
      );
    } catch (error) {
      throw redisFault(error, connection, this.#purpose);
    }
  }
}

/** Indexes of the events of each script. Events of one id stay in their order. */
function parts(events: readonly SeenEvent[], inCluster: boolean): number[][] {
  const done: number[][] = [];
  const open: number[][] = Array.from({ length: inCluster ? BUCKETS : 1 }, () => []);
  for (let i = 0; i < events.length; i++) {
    const bucket = inCluster ? bucketOf((events[i] as SeenEvent).id) : 0;
    const part = open[bucket] as number[];
    if (part.push(i) < MOST_KEYS) continue;
    done.push(part);
    open[bucket] = [];
  }
  return [...done, ...open.filter(({ length }) => length > 0)];
}

function bucketOf(id: string): number {
  let sum = 0;
  for (let i = 0; i < id.length; i++) sum = (31 * sum + id.charCodeAt(i)) | 0;
  return (sum >>> 0) % BUCKETS;
}
