import type { RedisOptions, RedisServer } from './redis.mjs';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Sentinels {
  readonly name: string;
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** Of the Sentinels. */
  readonly addresses: Address[];
  /** The port of whoever is the master by now. */
  currentPort(): Promise<number>;
  remove(): Promise<void>;
}

export interface SentinelOptions {
  readonly replicas?: number;
  readonly sentinels?: number;
  readonly name?: string;
  readonly aof?: RedisOptions['aof'];
  readonly downAfterMs?: number;
  readonly failoverMs?: number;
}

export interface Cluster {
  readonly nodes: readonly RedisServer[];
  readonly addresses: Address[];
  remove(): Promise<void>;
}

export function startSentinels(options?: SentinelOptions): Promise<Sentinels>;
export function startCluster(options?: { readonly nodes?: number; readonly aof?: RedisOptions['aof'] }): Promise<Cluster>;
