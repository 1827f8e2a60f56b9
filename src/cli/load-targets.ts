import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { loadConfig } from '../config.ts';
import type { KafkaConnection, RedisConnection, SourceKindSettings, TlsSettings } from '../config/settings.ts';
import type { Sender } from '../load/contract.ts';
import type { HttpMode } from '../load/http.ts';
import type { CompressionName } from '../kafka/codecs.ts';
import { UsageError } from './exit-codes.ts';
import type { OpenSender } from './load.ts';
import { fileTrouble } from './output.ts';

interface TlsFlags {
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServername?: string;
  readonly tlsInsecure?: boolean;
}

interface SourceFlags {
  readonly config?: string;
  readonly source?: string;
}

export interface HttpFlags extends TlsFlags {
  readonly url: string;
  readonly machine?: string;
  readonly mode?: HttpMode;
  readonly connections: number;
  readonly header?: readonly string[];
  readonly batch?: number;
}

export interface KafkaFlags extends TlsFlags, SourceFlags {
  readonly brokers?: string;
  readonly topic?: string;
  readonly sasl?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username?: string;
  readonly password?: string;
  readonly acks: '0' | '1' | 'all';
  readonly compression: CompressionName;
  readonly header?: readonly string[];
  readonly batch?: number;
}

export interface RedisFlags extends TlsFlags, SourceFlags {
  readonly url?: string;
  readonly cluster?: string;
  readonly sentinels?: string;
  readonly master?: string;
  readonly username?: string;
  readonly password?: string;
  readonly batch?: number;
}

export interface RedisStreamFlags extends RedisFlags {
  readonly stream?: string;
  readonly maxLength?: number;
  readonly field?: string;
  readonly keyField?: string;
}

export interface BullmqFlags extends RedisFlags {
  readonly queue?: string;
  readonly prefix?: string;
  readonly jobName: string;
}

const BULK_EVENTS = 1000;
/** Small enough that several are under way at a time, large enough that the cost of each does not count. */
const KAFKA = { batchEvents: 2000, maxBatches: 8 };
const REDIS = { batchEvents: 500, maxBatches: 4 };
const BULLMQ = { batchEvents: 200, maxBatches: 4 };
const CONNECT_MS = 5000;

export const openHttp = (flags: HttpFlags): OpenSender => async (timeoutMs) => {
  if (!URL.canParse(flags.url) || !/^https?:$/.test(new URL(flags.url).protocol)) throw new UsageError(`--url takes the URL of a server, http://127.0.0.1:8080, and not '${flags.url}'.`);
  const [{ createHttpSender }, { findHttpTarget }] = await Promise.all([import('../load/http.ts'), import('../load/http-target.ts')]);
  const tls = tlsOf(flags);
  const common = { headers: headersOf(flags.header), timeoutMs, ...(tls === undefined ? {} : { tls }) };
  const found = await findHttpTarget({ url: new URL(flags.url), machine: flags.machine, mode: flags.mode, ...common });
  return createHttpSender({ ...found, ...common, connections: flags.connections, batchEvents: flags.batch ?? BULK_EVENTS });
};

export const openKafka = (flags: KafkaFlags): OpenSender => async (timeoutMs): Promise<Sender> => {
  const { createKafkaSender } = await import('../load/kafka.ts');
  const source = sourceOf(flags, 'kafka');
  const topic = flags.topic ?? source?.topics[0];
  const brokers = flags.brokers?.split(',').map((broker) => broker.trim()) ?? source?.brokers;
  if (brokers === undefined || topic === undefined) throw new UsageError('Give --brokers and --topic, or --source for those of a source of the configuration.');
  const tls = tlsOf(flags) ?? source?.tls;
  const sasl = saslOf(flags) ?? source?.sasl;
  const connection: KafkaConnection = { brokers, clientId: `millrace-load-${hostname()}`, connectionTimeoutMs: CONNECT_MS, requestTimeoutMs: timeoutMs, ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }) };
  const acks = flags.acks === 'all' ? -1 : flags.acks === '1' ? 1 : 0;
  return createKafkaSender({ ...connection, topic, acks, compression: flags.compression, headers: headersOf(flags.header), ...KAFKA, ...(flags.batch === undefined ? {} : { batchEvents: flags.batch }) });
};

export const openRedisStream = (flags: RedisStreamFlags): OpenSender => async () => {
  const { createRedisStreamSender } = await import('../load/redis-stream.ts');
  const source = sourceOf(flags, 'redisStream');
  const stream = flags.stream ?? source?.streams[0];
  if (stream === undefined) throw new UsageError('Give --stream, or --source for that of a source of the configuration.');
  if (source?.valueField === null && flags.field === undefined) throw new UsageError(`The events of the source '${flags.source}' are all fields of an entry; entries with one field can be sent. Name it with --field.`);
  return createRedisStreamSender({ ...redisOf(flags, source), stream, maxLength: flags.maxLength, valueField: flags.field ?? source?.valueField ?? 'event', keyField: flags.keyField ?? source?.keyField ?? 'key', ...REDIS, ...(flags.batch === undefined ? {} : { batchEvents: flags.batch }) });
};

export const openBullmq = (flags: BullmqFlags): OpenSender => async () => {
  const { createBullmqSender } = await import('../load/bullmq.ts');
  const source = sourceOf(flags, 'bullmq');
  const queue = flags.queue ?? source?.queue;
  if (queue === undefined) throw new UsageError('Give --queue, or --source for that of a source of the configuration.');
  return createBullmqSender({ ...redisOf(flags, source), queue, prefix: flags.prefix ?? source?.prefix ?? 'bull', jobName: flags.jobName, ...BULLMQ, ...(flags.batch === undefined ? {} : { batchEvents: flags.batch }) });
};

type KindOf<K extends string> = Extract<SourceKindSettings, Record<K, unknown>> extends Record<K, infer Settings> ? Settings : never;

/** The settings of the source that --source names. @throws UsageError, MillraceError with diagnostics */
function sourceOf<K extends 'kafka' | 'redisStream' | 'bullmq'>({ config: file, source: name }: SourceFlags, kind: K): KindOf<K> | undefined {
  if (name === undefined) {
    if (file !== undefined) throw new UsageError('--config is about --source: name one.');
    return undefined;
  }
  const { sources } = loadConfig({ cwd: process.cwd(), env: process.env, ...(file === undefined ? {} : { file }) });
  const found = sources.find((one) => one.name === name);
  if (found === undefined) throw new UsageError(`The configuration has no source '${name}'; it has ${sources.map((one) => one.name).join(', ') || 'none'}.`);
  if (!(kind in found.kind)) throw new UsageError(`The source '${name}' is of another kind: ${Object.keys(found.kind)[0]}.`);
  return (found.kind as unknown as Record<K, KindOf<K>>)[kind];
}

function redisOf(flags: RedisFlags, source: RedisConnection | undefined): RedisConnection {
  const { url, cluster, sentinels, master, username, password = process.env['MILLRACE_LOAD_PASSWORD'] } = flags;
  if ([url, cluster, sentinels].filter((one) => one !== undefined).length > 1) throw new UsageError('Give one of --url, --cluster and --sentinels.');
  const user = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
  const tls = tlsOf(flags);
  const secured = tls === undefined ? {} : { tls };
  if (url !== undefined) return { url, ...secured };
  if (cluster !== undefined) return { cluster: { addresses: cluster.split(','), ...user }, ...secured };
  if (sentinels !== undefined) {
    if (master === undefined) throw new UsageError('--sentinels needs --master, the name of the master that they know.');
    return { sentinels: { addresses: sentinels.split(','), master, ...user }, ...secured };
  }
  if (source === undefined) throw new UsageError('Give --url, --cluster or --sentinels, or --source for the Redis of a source of the configuration.');
  return source;
}

function saslOf({ sasl, username, password = process.env['MILLRACE_LOAD_PASSWORD'] }: KafkaFlags): KafkaConnection['sasl'] | undefined {
  if (sasl === undefined && username === undefined) return undefined;
  if (username === undefined || password === undefined) throw new UsageError('SASL needs --username and --password (or MILLRACE_LOAD_PASSWORD in the environment).');
  return { mechanism: sasl ?? 'plain', username, password };
}

function tlsOf({ tls, tlsCa, tlsCert, tlsKey, tlsServername, tlsInsecure }: TlsFlags): TlsSettings | undefined {
  if (tls !== true && [tlsCa, tlsCert, tlsKey, tlsServername, tlsInsecure].every((flag) => flag === undefined)) return undefined;
  return {
    ...(tlsCa === undefined ? {} : { ca: fileText(tlsCa) }),
    ...(tlsCert === undefined ? {} : { cert: fileText(tlsCert) }),
    ...(tlsKey === undefined ? {} : { key: fileText(tlsKey) }),
    ...(tlsServername === undefined ? {} : { servername: tlsServername }),
    rejectUnauthorized: tlsInsecure !== true,
  };
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(fileTrouble(error, file));
  }
}

function headersOf(headers: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    headers.map((header) => {
      const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(header) ?? [];
      if (name === undefined || value === undefined) throw new UsageError(`--header takes 'Name: value', and not '${header}'.`);
      return [name.toLowerCase(), value];
    }),
  );
}
