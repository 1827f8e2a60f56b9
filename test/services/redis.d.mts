import type { ServerProcess, ServerRecord } from './server-process.mjs';
import type { Note } from './services.mjs';

export interface RedisServer extends ServerProcess {
  readonly url: string;
}

export interface RedisOptions {
  readonly port?: number;
  readonly aof?: 'always' | 'everysec' | 'no' | false;
  readonly replicaOf?: number;
  readonly sentinel?: {
    readonly master: string;
    readonly port: number;
    readonly quorum: number;
    readonly downAfterMs?: number | undefined;
    readonly failoverMs?: number | undefined;
  };
  readonly cluster?: boolean;
  readonly settings?: Readonly<Record<string, string | number | readonly (string | number)[]>>;
  readonly note?: Note;
}

export function startRedis(options?: RedisOptions): Promise<RedisServer>;
export function openRedis(record: ServerRecord): RedisServer;
