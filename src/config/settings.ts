/*
 * The settings of sources, outputs and schedules as the rest of the program gets them: defaults applied, files read, paths
 * absolute. src/config/schema.ts describes the same as it is written in millrace.yaml.
 */

/** PEM text; files named in the configuration have been read. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: TlsSettings;
  readonly sasl?: { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string };
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** One of url, sentinels and cluster. */
export interface RedisConnection {
  /** redis:// or rediss://, with user, password and database where they are needed. */
  readonly url?: string;
  readonly sentinels?: { readonly addresses: readonly string[]; readonly master: string; readonly username?: string; readonly password?: string; readonly sentinelPassword?: string; readonly db?: number };
  readonly cluster?: { readonly addresses: readonly string[]; readonly username?: string; readonly password?: string };
  readonly tls?: TlsSettings;
}

export interface KafkaSourceSettings extends KafkaConnection {
  readonly topics: readonly string[];
  readonly groupId: string;
  /** Where a partition without a committed offset begins; an ISO 8601 time: at the first event that is not older. */
  readonly from: 'earliest' | 'latest' | { readonly timestampMs: number };
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly commitIntervalMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly maxWaitMs: number;
  readonly readUncommitted: boolean;
}

export interface RedisStreamSourceSettings extends RedisConnection {
  readonly streams: readonly string[];
  readonly group: string;
  /** Left out: made up from host and process. */
  readonly consumer?: string;
  /** Where a group that does not exist yet begins: '0', '$' or an entry's id. */
  readonly from: string;
  /** The field with the event; null: all fields, as a JSON object of strings. */
  readonly valueField: string | null;
  /** The field with the event's key; null: events have no key. */
  readonly keyField: string | null;
  readonly batchEvents: number;
  readonly blockMs: number;
  /** How often own pending entries are refreshed, and how long ones must have been idle to be taken from a dead consumer. */
  readonly takeoverMs: number;
  /** What becomes of entries: kept; removed once acknowledged; or the stream held to a length, acknowledged or not. */
  readonly trim: 'none' | 'acknowledged' | { readonly maxLength: number };
}

export interface BullmqSourceSettings extends RedisConnection {
  readonly queue: string;
  readonly prefix: string;
  readonly lockDurationMs: number;
  readonly rateLimit?: { readonly max: number; readonly durationMs: number };
}

export interface SourceConfig {
  readonly name: string;
  readonly kind: SourceKindSettings;
  readonly machine: string;
  /** JSON text of an EventBridge event pattern. */
  readonly filter?: string;
  /** JSON text of a JSON Schema. */
  readonly schema?: string;
  /** A JSONata expression over the envelope, without its {% %}. */
  readonly input?: string;
  readonly order: 'none' | 'key' | 'partition';
  readonly batch?: { readonly maxEvents: number; readonly maxWaitMs: number; readonly maxBytes: number };
  readonly maxInFlight: number;
  readonly retry: { readonly maxAttempts: number; readonly backoffMs: number; readonly maxBackoffMs: number };
  /** Name of an output; null: dropped, and counted. Left out in the file: a file below dataDir, one for each source. */
  readonly deadLetters: { readonly output: string } | { readonly file: string } | null;
  readonly tombstones: 'skip' | 'run' | 'deadLetter';
  readonly deduplicate?: { readonly windowMs: number; /** JSONata over the envelope; left out: the execution name. */ readonly key?: string; readonly redis?: RedisConnection };
}

export type SourceKindSettings =
  | { readonly kafka: KafkaSourceSettings }
  | { readonly redisStream: RedisStreamSourceSettings }
  | { readonly bullmq: BullmqSourceSettings };

export interface OutputConfig {
  readonly name: string;
  readonly kind: OutputKindSettings;
  /** Which outcomes; empty: every one, or, of an output that a source names for its dead letters, none. */
  readonly when: { readonly machines?: readonly string[]; readonly sources?: readonly string[]; readonly status?: readonly string[] };
}

export type OutputKindSettings =
  | { readonly kafka: KafkaConnection & { readonly topic: string; readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' } }
  | { readonly redisStream: RedisConnection & { readonly stream: string; readonly maxLength?: number } }
  | { readonly bullmq: RedisConnection & { readonly queue: string; readonly prefix: string } }
  | { readonly webhook: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly timeoutMs: number } }
  | { readonly file: { readonly path: string } };

export interface ScheduleConfig {
  readonly name: string;
  readonly machine: string;
  /** Exactly one of the three. cron: five or six fields. */
  readonly cron?: string;
  readonly everyMs?: number;
  readonly atMs?: number;
  readonly timeZone: string;
  /** JSON text. */
  readonly input: string;
}

/** Where a 202 is made good. lmdb: in dataDir. The others: in a broker, so that any replica may run the event. */
export type JournalConfig =
  | { readonly lmdb: { readonly maxBytes: number } }
  | { readonly kafka: KafkaSourceSettings }
  | { readonly redis: RedisStreamSourceSettings };
