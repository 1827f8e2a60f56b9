import type { BullmqSourceSettings, KafkaSourceSettings, RedisStreamSourceSettings, SourceKindSettings } from '../config/settings.ts';
import type { CreateSource, Line, Source } from '../delivery/source.ts';
import { MillraceError } from '../errors.ts';

/** The settings of each kind of source, by the key that names it in millrace.yaml. */
export interface SourceKinds {
  kafka: KafkaSourceSettings;
  redisStream: RedisStreamSourceSettings;
  bullmq: BullmqSourceSettings;
}

/** One line for each kind; what a kind needs is loaded when the first source of it is made. */
export const SOURCES: { readonly [Kind in keyof SourceKinds]?: () => Promise<CreateSource<SourceKinds[Kind]>> } = {
  kafka: async () => (await import('./kafka/source.ts')).createKafkaSource,
  redisStream: async () => (await import('./redis-stream/redis-stream.ts')).createRedisStreamSource,
  bullmq: async () => (await import('./bullmq/source.ts')).createBullmqSource,
};

/** Makes the source that a configuration describes; it does nothing until it is started. */
export async function createSource(kind: SourceKindSettings, line: Line): Promise<Source> {
  const [[name, settings]] = Object.entries(kind) as [[keyof SourceKinds, never]];
  const load = SOURCES[name] as (() => Promise<CreateSource<never>>) | undefined;
  if (load === undefined) throw new MillraceError('INVALID_CONFIG', `There is no kind of source named ${name}; there are ${Object.keys(SOURCES).join(', ')}.`);
  return (await load())(settings, line);
}
