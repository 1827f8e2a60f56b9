import type { OutputKindSettings, SourceConfig, SourceKindSettings } from '../../config/settings.ts';
import type { Log } from '../../telemetry/log.ts';
import type { DeadLetterStore, RedriveTarget, StoreParts } from './contract.ts';

type KindOf<T> = T extends unknown ? keyof T : never;
type StoreKind = Exclude<KindOf<OutputKindSettings>, 'webhook'>;
type SettingsOf<T, K extends PropertyKey> = T extends Record<K, infer S> ? S : never;

/** Every kind of output whose dead letters can be read again. */
const STORES: { readonly [K in StoreKind]: (settings: SettingsOf<OutputKindSettings, K>, parts: StoreParts) => Promise<DeadLetterStore> } = {
  kafka: async (settings, parts) => (await import('./kafka-store.ts')).createKafkaStore(settings, parts),
  redisStream: async (settings, parts) => (await import('./redis-stream-store.ts')).createRedisStreamStore(settings, parts),
  bullmq: async (settings, parts) => (await import('./bullmq-store.ts')).createBullmqStore(settings, parts),
  file: async ({ path }, parts) => (await import('./file-store.ts')).createFileStore(path, parts),
};

/** Every kind of source, as a place where events are put again. */
const TARGETS: { readonly [K in KindOf<SourceKindSettings>]: (settings: SettingsOf<SourceKindSettings, K>, source: string, log: Log) => Promise<RedriveTarget> } = {
  kafka: async (settings, _source, log) => (await import('./kafka-target.ts')).createKafkaTarget(settings, log),
  redisStream: async (settings, source, log) => (await import('./redis-stream-target.ts')).createRedisStreamTarget(settings, source, log),
  bullmq: async (settings, source, log) => (await import('./bullmq-target.ts')).createBullmqTarget(settings, source, log),
};

/** Opens what an output has written. Null for one of a kind that cannot be read. */
export function openDeadLetterStore(kind: OutputKindSettings, parts: StoreParts): Promise<DeadLetterStore> | null {
  const [[name, settings]] = Object.entries(kind) as [[StoreKind, never]];
  return Object.hasOwn(STORES, name) ? STORES[name](settings, parts) : null;
}

/** Opens the way back to where the events of a source come from. */
export function openRedriveTarget({ name: source, kind }: Pick<SourceConfig, 'name' | 'kind'>, log: Log): Promise<RedriveTarget> {
  const [[name, settings]] = Object.entries(kind) as [[keyof typeof TARGETS, never]];
  return TARGETS[name](settings, source, log);
}
