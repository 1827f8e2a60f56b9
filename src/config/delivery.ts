import { Claims } from './claims.ts';
import { readRedisConnection } from './connections.ts';
import { readJournal } from './journal.ts';
import { Names } from './names.ts';
import { readOutput } from './outputs.ts';
import type { Part } from './part.ts';
import { readSchedule } from './schedules.ts';
import type { JournalConfig, OutputConfig, RedisConnection, ScheduleConfig, SourceConfig } from './settings.ts';
import { readSource } from './sources.ts';

/** What comes in by itself, where it is kept, and where outcomes go. */
export interface DeliveryConfig {
  readonly journal: JournalConfig;
  readonly sources: readonly SourceConfig[];
  readonly outputs: readonly OutputConfig[];
  readonly schedules: readonly ScheduleConfig[];
  /** Null where the file names none. */
  readonly redis: RedisConnection | null;
}

/** What of the rest of the configuration it depends on. */
export interface DeliverySurroundings {
  readonly machines: readonly string[];
  readonly dataDir: string;
  readonly compatibility: 'strict' | 'extended';
  readonly limits: { readonly maxInFlight: number; readonly payloadBytes: number };
}

/** Reads sources, outputs, schedules, redis and journal of a file. */
export function readDelivery(file: Part, { machines, ...around }: DeliverySurroundings): DeliveryConfig {
  const redis = file.has('redis') ? readRedisConnection(file.part('redis'), null) : null;
  const [sources, outputs, schedules] = [file.part('sources'), file.part('outputs'), file.part('schedules')];
  const names = new Names({ machine: machines, output: outputs.keys, source: [...sources.keys, ...schedules.keys] });
  const claims = new Claims();
  if (schedules.keys.length > 0 && !file.has('redis')) file.fault('MISSING_KEY', 'schedules', 'needs redis: it is Redis that makes each start happen once, by however many processes.', 'Add redis: { url: redis://127.0.0.1:6379 } to the configuration.');
  const delivery = {
    journal: readJournal(file.part('journal'), redis, claims),
    sources: read(sources, (name, part) => readSource(name, part, { ...around, names, claims, redis })),
    outputs: read(outputs, (name, part) => readOutput(name, part, { names, redis })),
    schedules: read(schedules, (name, part) => readSchedule(name, part, { names, redis })),
    redis,
  };
  for (const { name, deadLetters } of delivery.sources) {
    if (deadLetters === null || !('output' in deadLetters)) continue;
    const store = delivery.outputs.find((output) => output.name === deadLetters.output);
    if (store !== undefined && 'webhook' in store.kind) sources.part(name).fault('INVALID_VALUE', 'deadLetters', `names '${store.name}', a webhook: dead letters could not be read from it again.`, 'Name an output that is a Kafka topic, a Redis stream, a BullMQ queue or a file.');
  }
  return delivery;
}

const read = <T>(entries: Part, readOne: (name: string, part: Part) => T | undefined): T[] => entries.parts().map(([name, part]) => readOne(name, part)).filter((entry) => entry !== undefined);
