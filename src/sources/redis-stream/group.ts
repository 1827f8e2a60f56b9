import type { RedisConnection } from '../../config/settings.ts';
import { MillraceError } from '../../errors.ts';
import { describeError } from '../../redis/refusal.ts';
import { redisFault, type RedisClient } from '../../redis/redis.ts';

/** XAUTOCLAIM and XTRIM MINID came with it. */
const AT_LEAST = [6, 2];

/**
 * Creates the group, and the stream if there is none, unless it is there.
 *
 * @returns true when it was not there
 * @throws the client's error
 */
export async function ensureGroup(client: RedisClient, stream: string, group: string, from: string): Promise<boolean> {
  try {
    await client.xgroup('CREATE', stream, group, from, 'MKSTREAM');
    return true;
  } catch (error) {
    if (describeError(error).startsWith('BUSYGROUP')) return false;
    throw error;
  }
}

/**
 * Prepares streams for the first read.
 *
 * @throws MillraceError SOURCE_MISCONFIGURED when one of them cannot be read like this, whatever is waited for;
 *   SOURCE_UNAVAILABLE when it may be tried again
 */
export async function prepareStreams(client: RedisClient, connection: RedisConnection, purpose: string, { streams, group, from }: { readonly streams: readonly string[]; readonly group: string; readonly from: string }): Promise<void> {
  await checkVersion(client, purpose);
  for (const stream of streams) {
    try {
      await ensureGroup(client, stream, group, from);
    } catch (error) {
      const text = describeError(error);
      if (text.startsWith('WRONGTYPE')) throw new MillraceError('SOURCE_MISCONFIGURED', `The key ${stream} of ${purpose} is not a stream. Name a stream, or another key for one.`, { cause: error });
      if (text.includes('Invalid stream ID')) throw new MillraceError('SOURCE_MISCONFIGURED', `${JSON.stringify(from)} in from of ${purpose} is not the id of an entry. Write earliest, latest or an id as 1767225600000-0.`, { cause: error });
      throw redisFault(error, connection, purpose);
    }
  }
}

async function checkVersion(client: RedisClient, purpose: string): Promise<void> {
  // A Redis that does not tell its version is taken to be a new one.
  const info = await client.info('server').catch(() => '');
  const [, major, minor] = /redis_version:(\d+)\.(\d+)/.exec(info) ?? [];
  if (major === undefined || Number(major) > AT_LEAST[0]! || (Number(major) === AT_LEAST[0]! && Number(minor) >= AT_LEAST[1]!)) return;
  throw new MillraceError('SOURCE_MISCONFIGURED', `The Redis of ${purpose} is version ${major}.${minor}. Use ${AT_LEAST.join('.')} or later.`);
}

/** The group is gone, or its stream: somebody deleted them, or all of Redis. */
export const isGroupGone = (error: unknown): boolean => /^NOGROUP|^UNBLOCKED the stream key no longer exists/.test(describeError(error));

export interface GroupState {
  readonly name: string;
  readonly pending: number;
  readonly lastDelivered: string;
  /** Entries that the group has not delivered; null where Redis does not know (deletions in the middle, before 7.0). */
  readonly lag: number | null;
}

/** All groups of a stream; none where there is no stream. */
export async function groupsOf(client: RedisClient, stream: string): Promise<GroupState[]> {
  let groups: unknown[];
  try {
    groups = (await client.xinfo('GROUPS', stream)) as unknown[];
  } catch (error) {
    if (describeError(error).includes('no such key')) return [];
    throw error;
  }
  return groups.map((pairs) => {
    const state = asMap(pairs);
    const lag = state.get('lag');
    return { name: String(state.get('name')), pending: Number(state.get('pending')), lastDelivered: String(state.get('last-delivered-id')), lag: typeof lag === 'number' ? lag : null };
  });
}

function asMap(pairs: unknown): Map<unknown, unknown> {
  const list = pairs as unknown[];
  const map = new Map<unknown, unknown>();
  for (let i = 0; i < list.length; i += 2) map.set(list[i], list[i + 1]);
  return map;
}
