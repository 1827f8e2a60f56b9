import type { OutputKindSettings } from '../config/settings.ts';
import type { Output } from '../delivery/outcome.ts';
import type { OutputParts } from './contract.ts';

type Kind = OutputKindSettings extends infer K ? (K extends unknown ? keyof K : never) : never;
type SettingsOf<K extends Kind> = Extract<OutputKindSettings, Record<K, unknown>>[K];

/** Every kind of output by its key in the configuration. What a kind needs is loaded when one of it is configured. */
const OUTPUTS: { readonly [K in Kind]: (settings: SettingsOf<K>, parts: OutputParts) => Promise<Output> } = {
  kafka: async (settings, parts) => (await import('./kafka.ts')).createKafkaOutput(settings, parts),
  redisStream: async (settings, parts) => (await import('./redis-stream.ts')).createRedisStreamOutput(settings, parts),
  bullmq: async (settings, parts) => (await import('./bullmq.ts')).createBullmqOutput(settings, parts),
  webhook: async (settings, parts) => (await import('./webhook.ts')).createWebhookOutput(settings, parts),
  file: async (settings, parts) => (await import('./file.ts')).createFileOutput(settings, parts),
};

/** Makes an output of what the configuration says. It connects by itself; a peer that is away is its trouble, not an error. */
export function createOutput(kind: OutputKindSettings, parts: OutputParts): Promise<Output> {
  const [[name, settings]] = Object.entries(kind) as [[Kind, never]];
  return OUTPUTS[name](settings, parts);
}
