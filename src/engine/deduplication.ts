import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { SourceConfig, SourceKindSettings } from '../config/settings.ts';
import { createDeduplicatingLine, type DeduplicatingLine } from '../delivery/deduplication.ts';
import { compileEventIds, namesAsIds } from '../delivery/event-ids.ts';
import type { SeenStore } from '../delivery/seen/contract.ts';
import type { RedisSeenOptions } from '../delivery/seen/redis-seen.ts';
import type { Line } from '../delivery/source.ts';

export interface DeduplicationPlace {
  /** Null: where no Redis is named, events are remembered in memory. */
  readonly dataDir: string | null;
  readonly maxInFlightBytes: number;
}

/** Puts the de-duplication that a source asks for before its line. */
export async function deduplicated(line: Line, { name, kind, deduplicate }: SourceConfig, { dataDir, maxInFlightBytes }: DeduplicationPlace): Promise<DeduplicatingLine> {
  const { windowMs, key, redis } = deduplicate!;
  const { log, meter } = line;
  const ids = key === undefined ? namesAsIds : compileEventIds({ source: name, key, log, meter });
  const store = redis === undefined ? await embeddedSeen(dataDir, name, windowMs) : await redisSeen({ connection: redis, source: name, group: groupOf(kind), windowMs, log });
  return createDeduplicatingLine(line, { store, ids, maxInFlightBytes });
}

// Loaded when a source asks for it: a client of Redis takes as long to load as the rest of the server's start.
const redisSeen = async (options: RedisSeenOptions): Promise<SeenStore> => (await import('../delivery/seen/redis-seen.ts')).createRedisSeen(options);

async function embeddedSeen(dataDir: string | null, source: string, windowMs: number): Promise<SeenStore> {
  if (dataDir === null) return (await import('../delivery/seen/memory-seen.ts')).createMemorySeen({ windowMs });
  return (await import('../delivery/seen/lmdb-seen.ts')).openLmdbSeen({ path: join(dataDir, 'seen', source), windowMs });
}

/** Whose events they are: two configurations may give a source, and even its group, the same name. */
function groupOf(kind: SourceKindSettings): string {
  if ('bullmq' in kind) return `${kind.bullmq.prefix}:${kind.bullmq.queue}`;
  const [group, from] = 'kafka' in kind ? [kind.kafka.groupId, kind.kafka.topics] : [kind.redisStream.group, kind.redisStream.streams];
  return `${group}:${hash('sha1', from.toSorted().join('\n')).slice(0, 8)}`;
}
