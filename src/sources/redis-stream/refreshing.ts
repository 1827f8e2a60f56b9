import type { RedisClient } from '../../redis/redis.ts';
import type { Log } from '../../telemetry/log.ts';
import { listOf } from './ids.ts';
import type { Ledger } from './ledger.ts';

/** One command keeps Redis from everything else for about a millisecond. */
const CHUNK_IDS = 500;

export interface RefreshingOptions {
  readonly client: RedisClient;
  readonly group: string;
  readonly consumer: string;
  readonly takeoverMs: number;
  readonly ledgers: readonly Ledger[];
  readonly log: Log;
}

/**
 * Keeps the pending entries of long executions from looking like those of a dead consumer: XCLAIM by their own consumer sets
 * their idle time back. What ends within a quarter of takeoverMs costs nothing.
 *
 * An entry is refreshed at the latest 3/8 of takeoverMs after the last time, so a main thread may be blocked for 5/8 of it.
 */
export function keepFresh({ client, group, consumer, takeoverMs, ledgers, log }: RefreshingOptions): { stop(): void } {
  let running = false;
  const refresh = async (): Promise<void> => {
    if (running || client.status !== 'ready') return;
    running = true;
    try {
      for (const ledger of ledgers) await refreshLedger(ledger);
    } catch (error) {
      log.debug('Pending entries could not be refreshed; they are again.', { group, error });
    } finally {
      running = false;
    }
  };
  const refreshLedger = async (ledger: Ledger): Promise<void> => {
    const startMs = performance.now();
    const stale = ledger.stale(startMs - takeoverMs / 4);
    const ids = stale.flatMap((taken) => listOf(taken.ids).filter((_, i) => taken.settled[i] === 0));
    for (let from = 0; from < ids.length; from += CHUNK_IDS) {
      await client.call('xclaim', [ledger.stream, group, consumer, 0, ...ids.slice(from, from + CHUNK_IDS), 'JUSTID']);
    }
    for (const taken of stale) taken.freshMs = startMs;
  };
  const timer = setInterval(() => void refresh(), takeoverMs / 8);
  // Redis may have been away for long: the others wait takeoverMs before they claim anything.
  const onReady = (): void => void refresh();
  client.on('ready', onReady);
  return {
    stop() {
      clearInterval(timer);
      client.off('ready', onReady);
    },
  };
}
