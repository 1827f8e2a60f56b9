import { afterEach } from 'vitest';
import type { RedisStreamSourceSettings } from '../../../src/config/settings.ts';
import type { Source } from '../../../src/delivery/source.ts';
import { closeRedis, createRedis, redisReady, type RedisClient } from '../../../src/redis/redis.ts';
import { createRedisStreamSource } from '../../../src/sources/redis-stream/redis-stream.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { uniqueName } from '../../lib/services.ts';
import { createTestLine, type TestLineOptions } from './test-line.ts';

export type RigOptions = Partial<RedisStreamSourceSettings> & { readonly line?: TestLineOptions };

const undo: (() => Promise<unknown>)[] = [];

/** Undone after the test, the last first. */
export const later = (step: () => Promise<unknown>): void => void undo.push(step);

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A connection of the test's own, by which it fills streams and looks at groups. */
export async function connect(connection: Pick<RedisStreamSourceSettings, 'url' | 'cluster' | 'sentinels'>): Promise<RedisClient> {
  const client = createRedis(connection, { purpose: 'test', log: silentLog });
  later(() => closeRedis(client));
  await redisReady(client, connection, 'test');
  return client;
}

export function settingsOf(options: RigOptions): RedisStreamSourceSettings {
  const { line: _, ...settings } = options;
  return { streams: [uniqueName('orders')], group: 'millrace', from: '0', valueField: 'value', keyField: null, batchEvents: 256, blockMs: 5000, takeoverMs: 30_000, trim: 'none', ...settings };
}

/** A source on a line of the test's. */
export function createRig(options: RigOptions) {
  const test = createTestLine(options.line);
  const settings = settingsOf(options);
  const source: Source = createRedisStreamSource(settings, test.line);
  later(async () => {
    await source.stop();
    await source.close();
  });
  return { ...test, test, settings, source, stream: settings.streams[0]!, group: settings.group };
}

/** Adds entries whose value is the JSON of a number, from `first` on; answers their ids. */
export async function fill(client: RedisClient, stream: string, count: number, first = 0): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < count; from += 1000) {
    const adds = Array.from({ length: Math.min(1000, count - from) }, (_, n) => client.xadd(stream, '*', 'value', String(first + from + n)));
    for (const id of await Promise.all(adds)) ids.push(id!);
  }
  return ids;
}

export const numbers = (count: number, first = 0): string[] => Array.from({ length: count }, (_, n) => String(first + n));

export const pendingOf = async (client: RedisClient, stream: string, group = 'millrace'): Promise<number> => Number(((await client.xpending(stream, group)) as [number])[0]);

/** Names of the group's consumers, with what is pending for each. */
export async function consumersOf(client: RedisClient, stream: string, group = 'millrace'): Promise<Map<string, number>> {
  const list = (await client.xinfo('CONSUMERS', stream, group)) as unknown[][];
  return new Map(list.map((pairs) => [String(pairs[pairs.indexOf('name') + 1]), Number(pairs[pairs.indexOf('pending') + 1])]));
}
