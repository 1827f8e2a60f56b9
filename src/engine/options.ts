import type { JournalConfig, OutputConfig, RedisConnection, ScheduleConfig, SourceConfig } from '../config/settings.ts';
import type { ArnScope } from '../delivery/arn.ts';
import type { Log } from '../telemetry/log.ts';

export interface Limits {
  /** Events in flight over all machines. */
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  /** The largest payload, input or result, in bytes of JSON. */
  readonly payloadBytes: number;
  /** A worker that runs one piece of code this long without a break is replaced. */
  readonly blockedMs: number;
  /** After so many workers taken down an event ends as poison. */
  readonly poisonAfter: number;
  /** Lowers the cap of 300 seconds for every machine. */
  readonly timeoutSeconds: number;
}

export interface MachineOptions {
  /** The state machine as JSON text. */
  readonly definition: string;
  /** The role that the context object names. Nothing assumes it. */
  readonly roleArn?: string;
  /** Whose rules the definition is held to; EXPRESS, which is what runs, unless told otherwise. */
  readonly type?: 'EXPRESS' | 'STANDARD';
  /** Where the definition came from, for diagnostics. */
  readonly file?: string;
  readonly timeoutSeconds?: number;
  readonly maxInFlight?: number;
  /** JSON Schema of inputs, as JSON text. */
  readonly inputSchema?: string;
}

export interface EngineOptions {
  readonly machines: Readonly<Record<string, MachineOptions>>;
  /** Folder whose files' handlers are functions under their file names. */
  readonly functions?: string;
  readonly workers?: number | 'auto';
  readonly compatibility?: 'strict' | 'extended';
  /** Region and account of the ARNs that machines and executions get. */
  readonly arn?: ArnScope;
  readonly limits?: Partial<Limits>;
  /** Folder of the journal. Null: nothing is durable; asynchronous starts then live as long as the process. */
  readonly dataDir?: string | null;
  /** Where asynchronous starts are kept until they have ended; lmdb, in dataDir, unless told otherwise. */
  readonly journal?: JournalConfig;
  /** How many executions GET can be asked about, and the bytes that their inputs and outputs may take. */
  readonly remember?: number;
  readonly rememberBytes?: number;
  /** Where events come from besides starts. Each names a machine of `machines`. */
  readonly sources?: readonly SourceConfig[];
  /** Where what comes of executions goes, and dead letters. */
  readonly outputs?: readonly OutputConfig[];
  /** Starts at set times. Each names a machine of `machines`; replicas that share the Redis, and the prefix in it, start each of them once. */
  readonly schedules?: { readonly schedules: readonly ScheduleConfig[]; readonly redis: RedisConnection; readonly prefix?: string };
  readonly log?: Log;
}
