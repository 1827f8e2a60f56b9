import type { RedisStreamSourceSettings } from '../../config/settings.ts';
import type { Line } from '../../delivery/source.ts';
import type { RedisClient } from '../../redis/redis.ts';
import { compareIds } from './entry-id.ts';
import { type GroupState, groupsOf } from './group.ts';
import { removeIdleConsumers, trimAcknowledged } from './scripts.ts';

const LAG_MS = 5000;
const TRIM_MS = 1000;
/** A consumer with nothing pending that did not ask for so many takeover times is gone. */
const GONE_AFTER_TAKEOVERS = 10;

export interface UpkeepOptions {
  readonly client: RedisClient;
  readonly settings: RedisStreamSourceSettings;
  readonly consumer: string;
  readonly line: Line;
  /** Those that are this process's to look after, at the time. */
  readonly streams: () => Iterable<string>;
}

/** What is done now and then: the lag is read, streams are trimmed, names of consumers that are gone are removed. */
export function startUpkeep({ client, settings, consumer, line, streams }: UpkeepOptions): { stop(): void } {
  const { group, trim, takeoverMs } = settings;
  const warned = new Set<string>();
  const timers: NodeJS.Timeout[] = [];

  const every = (ms: number, what: string, act: (stream: string) => Promise<void>): void => {
    let running = false;
    const run = async (): Promise<void> => {
      if (running || client.status !== 'ready') return;
      running = true;
      try {
        for (const stream of streams()) await act(stream);
      } catch (error) {
        line.log.debug(`The ${what} failed; it is tried again.`, { source: line.source, error });
      } finally {
        running = false;
      }
    };
    timers.push(setInterval(() => void run(), ms));
    void run();
  };

  every(LAG_MS, 'look at the lag', async (stream) => {
    const state = (await groupsOf(client, stream)).find(({ name }) => name === group);
    if (state === undefined) return;
    line.meter.lag(stream, state.pending + (state.lag ?? (await mostUndelivered(client, stream, state))));
  });

  if (trim === 'acknowledged') {
    every(TRIM_MS, 'trimming', async (stream) => {
      if ((await trimAcknowledged(client, stream, group)) >= 0 || warned.has(stream)) return;
      warned.add(stream);
      line.log.warn('The stream has other consumer groups, which may not have read what this one has acknowledged: nothing is removed from it.', { source: line.source, stream });
    });
  } else if (trim !== 'none') {
    every(TRIM_MS, 'trimming', async (stream) => void (await client.xtrim(stream, 'MAXLEN', '~', trim.maxLength)));
  }

  every(takeoverMs, 'look for consumers that are gone', async (stream) => {
    const removed = await removeIdleConsumers(client, stream, group, GONE_AFTER_TAKEOVERS * takeoverMs, consumer);
    if (removed === 0) return;
    line.meter.recovered('consumer_removed');
    line.log.info('Names of consumers that are gone were removed from the group.', { source: line.source, stream, count: removed });
  });

  return { stop: () => timers.forEach((timer) => clearInterval(timer)) };
}

/** Where Redis does not know the lag: nothing if the last entry has been delivered, else at the most all that is not pending. */
async function mostUndelivered(client: RedisClient, stream: string, { lastDelivered, pending }: GroupState): Promise<number> {
  const [last] = await client.xrevrange(stream, '+', '-', 'COUNT', 1);
  return last === undefined || compareIds(last[0], lastDelivered) <= 0 ? 0 : Math.max(0, (await client.xlen(stream)) - pending);
}
