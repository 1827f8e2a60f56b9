import { createPool, type Pool } from '../pool/pool.ts';
import type { EngineOptions } from './options.ts';

/** What the pool tells its engine. */
export interface WorkerEvents {
  readonly onForgotten: (machine: string) => void;
  readonly onRestart: (cause: string) => void;
}

/** A pool whose threads start at once, before there is an engine to hear of them. */
export interface Workers {
  readonly pool: Pool;
  /** Tells what happens from now on, and what has happened before. */
  listen(events: WorkerEvents): void;
}

type PoolPart = Pick<EngineOptions, 'workers' | 'compatibility' | 'arn' | 'limits'>;

/** Starts the workers of an engine: they load their modules on other cores while the engine's own are still being loaded here. */
export function startWorkers({ workers, compatibility, arn, limits = {} }: PoolPart): Workers {
  const early: string[] = [];
  let events: WorkerEvents = { onForgotten: () => undefined, onRestart: (cause) => void early.push(cause) };
  const pool = createPool({
    ...(workers === undefined ? {} : { workers }),
    ...(compatibility === undefined ? {} : { compatibility }),
    ...(limits.payloadBytes === undefined ? {} : { payloadBytes: limits.payloadBytes }),
    ...(limits.blockedMs === undefined ? {} : { blockedMs: limits.blockedMs }),
    ...(arn === undefined ? {} : { arn }),
    // No machine is forgotten before one was installed.
    onForgotten: (machine) => events.onForgotten(machine),
    onRestart: (cause) => events.onRestart(cause),
  });
  return {
    pool,
    listen: (listener) => {
      events = listener;
      for (const cause of early.splice(0)) listener.onRestart(cause);
    },
  };
}
