import { Queue } from 'bullmq';
import { readDeadLetter } from '../../delivery/dead-letter.ts';
import { recordOf } from '../../delivery/record-line.ts';
import { MillraceError } from '../../errors.ts';
import type { RedisClient } from '../../redis/redis.ts';
import type { BullmqOutputSettings } from '../bullmq.ts';
import type { DeadLetterStore, Stored, StoreParts } from './contract.ts';
import { answersOf, askRedis } from './redis.ts';

const LOT = 200;
/** What every one of them has; a result in the same queue may be any JSON. */
const DEAD_LETTER = ['reason', 'execution', 'attempts', 'encoding'];

/** The jobs of a queue that wait; one that a worker has at the moment is left alone. */
export function createBullmqStore(settings: BullmqOutputSettings, { name, log }: StoreParts): DeadLetterStore {
  const redis = askRedis(settings, `output ${name}`, log);
  let queue: Queue | undefined;
  const opened = async (client: RedisClient): Promise<Queue> => {
    if (queue !== undefined) return queue;
    queue = new Queue(settings.queue, { connection: client, prefix: settings.prefix });
    queue.on('error', () => undefined);
    await queue.waitUntilReady();
    return queue;
  };
  return {
    async *read() {
      const ids = await redis.ask(async (client) => idsOf(client, await opened(client)));
      for (let from = 0; from < ids.length; from += LOT) {
        const lot = await redis.ask(async (client) => lettersOf(client, await opened(client), ids.slice(from, from + LOT)));
        if (lot.length > 0) yield lot;
      }
    },
    async remove(letters) {
      const left = await redis.ask(async (client) => {
        const open = await opened(client);
        const removed = await Promise.all(letters.map(({ id }) => open.remove(id)));
        return letters.filter((_, i) => removed[i] !== 1);
      });
      if (left.length > 0) throw new MillraceError('OUTPUT_UNAVAILABLE', `${left.length} jobs of the queue ${settings.queue} cannot be removed, ${left[0]!.id} for one: a worker has them, or somebody else has removed them.`);
    },
    close: () => redis.close(),
    notes: [],
  };
}

/** Of all jobs that wait for something, the oldest first as far as Redis knows. */
async function idsOf(client: RedisClient, queue: Queue): Promise<string[]> {
  const { wait, paused, prioritized, delayed } = queue.keys as unknown as Record<'wait' | 'paused' | 'prioritized' | 'delayed', string>;
  const [waiting, held, ...sets] = await Promise.all([client.lrange(wait, 0, -1), client.lrange(paused, 0, -1), client.zrange(prioritized, '0', '-1'), client.zrange(delayed, '0', '-1')]);
  return [...waiting.toReversed(), ...held.toReversed(), ...sets.flat()];
}

/** The data is read as the text that it is: BullMQ would parse it. */
async function lettersOf(client: RedisClient, queue: Queue, ids: readonly string[]): Promise<Stored[]> {
  const pipeline = client.pipeline();
  for (const id of ids) pipeline.hget(queue.toKey(id), 'data');
  const data = answersOf(await pipeline.exec()) as (string | null)[];
  return ids.flatMap((id, i) => {
    const letter = letterOf(data[i] ?? null);
    return letter === null ? [] : [{ id, letter }];
  });
}

function letterOf(data: string | null): Stored['letter'] | null {
  if (data === null) return null;
  try {
    const members = JSON.parse(data) as unknown;
    if (typeof members !== 'object' || members === null || !DEAD_LETTER.every((member) => Object.hasOwn(members, member))) return null;
    return readDeadLetter(recordOf(members as Record<string, unknown>));
  } catch (error) {
    // Somebody else's job.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
