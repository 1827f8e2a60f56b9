import type { LogEntry } from 'kafkajs';
import type { Log } from '../telemetry/log.ts';

/** The same sentence is not written again within this time: a broker that is away makes one on every attempt. */
const QUIET_MS = 30_000;
const MOST_REMEMBERED = 100;
/** When each sentence was said. A client is replaced by another that meets the same. */
const saidBy = new WeakMap<Log, Map<string, number>>();
/** kafkajs's numbers for its levels; they are not exported as values of a type that can be had without loading it. */
const LEVEL = { error: 1, warn: 2, info: 4 } as const;

/**
 * What kafkajs has to say, in our log. Its errors are warnings here: it tries again after nearly all of them, and what it
 * gives up on reaches the caller.
 */
export function kafkaLog(log: Log, now: () => number = Date.now): (entry: LogEntry) => void {
  const last = saidBy.get(log) ?? new Map<string, number>();
  saidBy.set(log, last);
  return ({ namespace, level, log: { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } }) => {
    if (level > LEVEL.warn) {
      if (level <= LEVEL.info) log.debug(`Kafka: ${message}`, { namespace, ...fields });
      return;
    }
    const time = now();
    const said = last.get(message);
    if (said !== undefined && time - said < QUIET_MS) return;
    if (last.size >= MOST_REMEMBERED) last.clear();
    last.set(message, time);
    log.warn(`Kafka: ${message}`, { namespace, ...fields });
  };
}
