import type { ServerProcess, ServerRecord } from './server-process.mjs';
import type { Note } from './services.mjs';

export interface KafkaServer extends ServerProcess {
  readonly brokers: string[];
}

export interface KafkaOptions {
  readonly port?: number;
  readonly heapMb?: number;
  readonly partitions?: number;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly note?: Note;
}

export function startKafka(options?: KafkaOptions): Promise<KafkaServer>;
export function openKafka(record: ServerRecord): KafkaServer;
