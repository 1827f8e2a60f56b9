import type { ClusterNode, ClusterOptions, RedisOptions as AnyRedisOptions } from 'ioredis';
import type { RedisConnection, TlsSettings } from '../config/settings.ts';
import { parseHostPort, parseRedisUrl } from './address.ts';

/** wait: a command is kept until Redis is there. fail: it is rejected as soon as the connection is lost, for whoever repeats by itself. */
export type WhenAway = 'wait' | 'fail';

type Legacy = { readonly replyMapping: 'legacy' };
export type RedisOptions = AnyRedisOptions & Legacy;

const CONNECT_MS = 5000;
const FIRST_RETRY_MS = 50;
const MOST_RETRY_MS = 1000;
const SENTINEL_PORT = 26_379;
const NODE_PORT = 6379;
/** A Cluster elects a new master within some seconds; redirections follow one another after 100 ms. */
const REDIRECTIONS = { wait: 300, fail: 3 };
const SLOTS_REFRESH_MS = 10_000;

/** Set when a connection is not to be opened again. */
export interface Fate {
  closing: boolean;
}

/** What all kinds of connections have in common. */
export function commonOptions(whenAway: WhenAway, connectionName: string, silenceMs: number, fate: Fate): RedisOptions {
  return {
    connectionName,
    // RESP2: every reply that is used here has the same shape in it, with less to decode.
    protocol: 2,
    replyMapping: 'legacy',
    connectTimeout: CONNECT_MS,
    maxLoadingRetryTime: MOST_RETRY_MS,
    // 0: whatever is waiting for an answer is rejected with the connection.
    maxRetriesPerRequest: whenAway === 'wait' ? null : 0,
    enableOfflineQueue: whenAway === 'wait',
    reconnectOnError: (error) => isDemoted(error) && (whenAway === 'wait' ? 2 : 1),
    retryStrategy: retryUntil(fate),
    // A server that hangs, or is cut off, keeps its connections open.
    socketTimeout: silenceMs,
  };
}

/** @throws MillraceError SOURCE_MISCONFIGURED */
export function serverOptions(url: string, tls: TlsSettings | undefined, common: RedisOptions): RedisOptions {
  const { tls: encrypted, ...address } = parseRedisUrl(url);
  return { ...common, ...address, ...(encrypted || tls !== undefined ? { tls: tlsOptions(tls) } : {}) };
}

/** @throws MillraceError SOURCE_MISCONFIGURED */
export function sentinelOptions({ addresses, master, username, password, sentinelPassword, db }: NonNullable<RedisConnection['sentinels']>, tls: TlsSettings | undefined, common: RedisOptions, fate: Fate): RedisOptions {
  return {
    ...common,
    sentinels: addresses.map((address) => parseHostPort(address, SENTINEL_PORT)),
    name: master,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(db === undefined ? {} : { db }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls), sentinelTLS: tlsOptions(tls), enableTLSForSentinelMode: true }),
    sentinelRetryStrategy: retryUntil(fate),
  };
}

/** @throws MillraceError SOURCE_MISCONFIGURED */
export function clusterNodes({ addresses }: NonNullable<RedisConnection['cluster']>): ClusterNode[] {
  return addresses.map((address) => parseHostPort(address, NODE_PORT));
}

export function clusterOptions({ username, password }: NonNullable<RedisConnection['cluster']>, tls: TlsSettings | undefined, whenAway: WhenAway, common: RedisOptions, fate: Fate): ClusterOptions & { redisOptions: Legacy } {
  // A node's connection is made again by the cluster; a command's fate is decided by redirections.
  const { retryStrategy: _, enableOfflineQueue: __, maxRetriesPerRequest: ___, ...ofNodes } = common;
  return {
    clusterRetryStrategy: retryUntil(fate),
    maxRedirections: REDIRECTIONS[whenAway],
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    enableOfflineQueue: whenAway === 'wait',
    redisOptions: {
      ...ofNodes,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    },
  };
}

/** For ever, further and further apart; each process a little differently, so that they do not all come back at once. */
const retryUntil = (fate: Fate) => (times: number): number | null => {
  const most = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times - 1, 10));
  return fate.closing ? null : Math.ceil(most * (0.75 + Math.random() / 4));
};

/** The server answers as a replica: the master is another one by now. */
export const isDemoted = (error: Error): boolean => error.message.startsWith('READONLY') || error.message.startsWith('UNBLOCKED force unblock');

const tlsOptions = (tls: TlsSettings | undefined): NonNullable<AnyRedisOptions['tls']> => ({
  ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
  ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
  ...(tls?.key === undefined ? {} : { key: tls.key }),
  ...(tls?.servername === undefined ? {} : { servername: tls.servername }),
  rejectUnauthorized: tls?.rejectUnauthorized ?? true,
});
