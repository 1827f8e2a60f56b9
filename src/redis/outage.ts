import type { Cluster, Redis } from 'ioredis';
import type { Log } from '../telemetry/log.ts';
import { describeError } from './refusal.ts';

/** A node of a Cluster that stays away is named again after this long. */
const NODE_AGAIN_MS = 60_000;

export interface OutageWatch {
  readonly log: Log;
  /** "The Redis of source orders at 127.0.0.1:6379". */
  readonly server: string;
  /** Told why there is no connection, and undefined once there is one. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/**
 * Listens for a connection's errors, so that none is unhandled, and says once that it is lost and once that it is back,
 * however often it is tried in between.
 */
export function watchOutages(client: Redis | Cluster, { log, server, onTrouble }: OutageWatch): void {
  let sinceMs: number | undefined;
  let why = '';
  const lost = (error?: unknown): void => {
    if (error !== undefined) why = describeError(error);
    onTrouble(`${server} does not answer${why === '' ? '' : `: ${why}`}`);
    if (sinceMs !== undefined) return;
    sinceMs = Date.now();
    log.warn(`${server} does not answer; it is tried until it does.`, why === '' ? {} : { error: why });
  };
  client.on('error', lost);
  client.on('reconnecting', () => lost());
  client.on('ready', () => {
    if (sinceMs !== undefined) log.info(`${server} is back.`, { afterMs: Date.now() - sinceMs });
    sinceMs = undefined;
    why = '';
    onTrouble(undefined);
  });
  const named = new Map<string, number>();
  client.on('node error', (error: unknown, node: string) => {
    why = `${node}: ${describeError(error)}`;
    const now = Date.now();
    if (now - (named.get(node) ?? -Infinity) >= NODE_AGAIN_MS) log.warn(`A node of ${server} does not answer.`, { node, error: describeError(error) });
    named.set(node, now);
  });
}
