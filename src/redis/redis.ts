import { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '../config/settings.ts';
import { MillraceError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { clusterNodes, clusterOptions, commonOptions, type Fate, sentinelOptions, serverOptions, type WhenAway } from './options.ts';
import { watchOutages } from './outage.ts';
import { describeError, refusalOf } from './refusal.ts';

export interface RedisClientOptions {
  /** What the connection is for: "source orders". In messages, and the connection's name in CLIENT LIST. */
  readonly purpose: string;
  readonly log: Log;
  /** What becomes of commands while Redis is away; `wait` unless said. In a Cluster even those that wait fail after 30 s. */
  readonly whenAway?: WhenAway;
  /** How long Redis may take to answer before the connection counts as dead, milliseconds: longer than a blocking read blocks. 30,000 unless said. */
  readonly silenceMs?: number;
  /** Told why there is no connection, and undefined once there is one. */
  readonly onTrouble?: (trouble: string | undefined) => void;
}

/** A connection to Redis, its Sentinels' master, or a Cluster. */
export type RedisClient = Redis | Cluster;

const CLOSE_MS = 2000;
const SILENCE_MS = 30_000;

/**
 * Opens a connection, and opens it again for ever with at most a second between two attempts. It follows failovers, emits no
 * unhandled error, and logs each outage once.
 *
 * @throws MillraceError SOURCE_MISCONFIGURED when the url or an address is malformed
 */
export function createRedis(connection: RedisConnection, options: RedisClientOptions): RedisClient {
  const fate = { closing: false };
  const client = connect(connection, options, fate);
  FATES.set(client, fate);
  watchOutages(client, { log: options.log, server: serverName(connection, options.purpose), onTrouble: options.onTrouble ?? (() => undefined) });
  return client;
}

/**
 * Resolves once the connection is there, however long that takes.
 *
 * @throws MillraceError SOURCE_MISCONFIGURED when Redis refuses it; SOURCE_UNAVAILABLE when it is closed before
 */
export function redisReady(client: RedisClient, connection: RedisConnection, purpose: string): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    const server = serverName(connection, purpose);
    const finish = (error?: MillraceError): void => {
      client.off('ready', ready).off('end', ended);
      for (const event of ERRORS) client.off(event, failed);
      if (error === undefined) resolve();
      else reject(error);
    };
    const ready = (): void => finish();
    const ended = (): void => finish(new MillraceError('SOURCE_UNAVAILABLE', `${server} was closed before it answered.`));
    const failed = (error: unknown): void => {
      const refusal = refusalOf(error, server);
      if (refusal !== undefined) finish(refusal);
    };
    client.on('ready', ready).on('end', ended);
    for (const event of ERRORS) client.on(event, failed);
  });
}

/** Resolves once there is a connection, whatever happens until then. */
export function redisConnected(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => {
    client.once('ready', resolve);
  });
}

const ERRORS = ['error', 'sentinelError', 'node error'];

/**
 * Ends the connection once what was sent has been answered; within two seconds in any case. What waits for a Redis that is
 * away is rejected.
 */
export async function closeRedis(client: RedisClient): Promise<void> {
  if (client.status === 'end') return;
  const fate = FATES.get(client);
  if (fate !== undefined) fate.closing = true;
  const ended = new Promise<void>((resolve) => {
    client.once('end', resolve);
  });
  const quit = (): void => void client.quit().catch(() => client.disconnect());
  if (client.status === 'ready') quit();
  // A connection that is being tried ends with this attempt, whichever way that goes; one cut short would not say so.
  else client.once('ready', quit);
  const late = setTimeout(() => client.disconnect(), CLOSE_MS);
  await Promise.race([ended, sleep(2 * CLOSE_MS)]);
  clearTimeout(late);
}

const FATES = new WeakMap<RedisClient, Fate>();

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** What a failed command means: a refusal that says what to change, or that Redis is away. */
export function redisFault(error: unknown, connection: RedisConnection, purpose: string): MillraceError {
  const server = serverName(connection, purpose);
  return refusalOf(error, server) ?? new MillraceError('SOURCE_UNAVAILABLE', `${server} does not answer as it should: ${describeError(error)}`, { cause: error });
}

function connect({ url, sentinels, cluster, tls }: RedisConnection, { purpose, whenAway = 'wait', silenceMs = SILENCE_MS }: RedisClientOptions, fate: Fate): RedisClient {
  // The name may have no spaces.
  const common = commonOptions(whenAway, `millrace:${purpose.replaceAll(/[^\x21-\x7e]+/g, '-')}`, silenceMs, fate);
  if (cluster !== undefined) return new Cluster(clusterNodes(cluster), clusterOptions(cluster, tls, whenAway, common, fate));
  if (sentinels !== undefined) return new Redis(sentinelOptions(sentinels, tls, common, fate));
  if (url !== undefined) return new Redis(serverOptions(url, tls, common));
  throw new MillraceError('SOURCE_MISCONFIGURED', `The Redis of ${purpose} has no address. Give url, sentinels or cluster.`);
}

/** Addresses without their passwords. */
function serverName({ url, sentinels, cluster }: RedisConnection, purpose: string): string {
  const at = cluster?.addresses.join(', ') ?? (sentinels === undefined ? new URL(url ?? 'redis://').host : `${sentinels.master} of ${sentinels.addresses.join(', ')}`);
  return `The Redis of ${purpose} (${at})`;
}
