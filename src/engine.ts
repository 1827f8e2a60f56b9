import { join } from 'node:path';
import { deadLetterFile } from './config/dead-letter-file.ts';
import { DEFAULT_ARN_SCOPE } from './delivery/arn.ts';
import { createDispatch } from './delivery/dispatch.ts';
import { openJournal, type Journal } from './delivery/journal/journal.ts';
import { createVolatileJournal } from './delivery/journal/volatile.ts';
import { brokerStream, isBroker, openBrokerStarts, rememberIn } from './engine/broker-journal.ts';
import type { BrokerStarts } from './engine/broker-starts.ts';
import type { Engine } from './engine/contract.ts';
import { LocalEngine } from './engine/local-engine.ts';
import { MachineCatalog } from './engine/machine-catalog.ts';
import type { EngineOptions } from './engine/options.ts';
import { intakeOf, routeName } from './engine/source-intake.ts';
import { Streams } from './engine/streams.ts';
import { startWorkers, type Workers } from './engine/workers.ts';
import { DEFAULT_PAYLOAD_BYTES } from './runtime/limits.ts';
import { createEmbeddedStore } from './store/embedded.ts';
import { silentLog } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

export type { Engine } from './engine/contract.ts';
export type { EngineOptions, Limits, MachineOptions } from './engine/options.ts';

const DEFAULT_MAX_IN_FLIGHT = 100_000;
const DEFAULT_MAX_IN_FLIGHT_BYTES = 256 * 1024 ** 2;
const DEFAULT_JOURNAL_BYTES = 4 * 1024 ** 3;

/**
 * Creates an engine and installs its machines, on workers made for the same options if they have been started already.
 *
 * @throws MillraceError with diagnostics of every machine that is not valid.
 */
export async function createEngine(options: EngineOptions, workers: Workers = startWorkers(options)): Promise<Engine> {
  const { limits = {}, log = silentLog } = options;
  const metrics = createMetrics();
  const { pool } = workers;
  workers.listen({
    onForgotten: (machine) => metrics.forget(machine),
    onRestart: (cause) => {
      metrics.workerRestarted(restartReason(cause));
      log.error('a worker was replaced', { cause });
    },
  });
  const catalog = new MachineCatalog(pool, options.functions, limits.timeoutSeconds, options.arn ?? DEFAULT_ARN_SCOPE);
  const dispatch = createDispatch({
    lanes: pool.lanes,
    machines: pool,
    limits: {
      maxInFlight: limits.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
      ...(limits.maxInFlightBytes === undefined ? {} : { maxInFlightBytes: limits.maxInFlightBytes }),
      ...(limits.poisonAfter === undefined ? {} : { poisonAfter: limits.poisonAfter }),
      machineMaxInFlight: (machine) => catalog.get(machine)?.options.maxInFlight,
    },
  });
  let journal: Journal | undefined;
  let streams: Streams;
  let starts: BrokerStarts | undefined;
  const store = createEmbeddedStore({
    scope: options.arn ?? DEFAULT_ARN_SCOPE,
    ...(options.remember === undefined ? {} : { maxExecutions: options.remember }),
    ...(options.rememberBytes === undefined ? {} : { maxBytes: options.rememberBytes }),
  });
  for (const source of options.sources ?? []) catalog.addRoute(source.machine, { name: routeName(source.name), intake: intakeOf(source) });
  try {
    await catalog.installAll(options.machines);
    journal =
      options.dataDir === null || options.dataDir === undefined || isBroker(options.journal)
        ? createVolatileJournal()
        : await openJournal({
            path: join(options.dataDir, 'journal'),
            maxBytes: options.journal !== undefined && 'lmdb' in options.journal ? options.journal.lmdb.maxBytes : DEFAULT_JOURNAL_BYTES,
            onFault: (error) => log.error('the journal reports a fault', { error }),
          });
    streams = await Streams.create({
      sources: options.sources ?? [],
      outputs: options.outputs ?? [],
      catalog,
      dispatch,
      lanes: pool.lanes.length,
      maxInFlight: limits.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
      maxInFlightBytes: limits.maxInFlightBytes ?? DEFAULT_MAX_IN_FLIGHT_BYTES,
      dataDir: options.dataDir ?? null,
      deadLetterFile: typeof options.dataDir === 'string' ? (source) => deadLetterFile(options.dataDir as string, source) : null,
      journal: isBroker(options.journal) ? brokerStream(options.journal, { dataDir: options.dataDir ?? null, store, scope: options.arn ?? DEFAULT_ARN_SCOPE }) : null,
      schedules: options.schedules === undefined ? null : { ...options.schedules, onEnd: rememberIn(store, options.arn ?? DEFAULT_ARN_SCOPE) },
      metrics,
      log,
    });
    if (isBroker(options.journal)) starts = await openBrokerStarts(options.journal, { catalog, log, payloadBytes: limits.payloadBytes ?? DEFAULT_PAYLOAD_BYTES });
  } catch (error) {
    metrics.close();
    await Promise.all([pool.close(0), journal?.close()]);
    throw error;
  }
  const engine = new LocalEngine({ options, pool, catalog, dispatch, journal, metrics, streams, store, starts });
  engine.recover();
  return engine;
}

const restartReason = (cause: string): string => (/block|stuck|without a break/i.test(cause) ? 'blocked' : /memory|heap/i.test(cause) ? 'memory' : 'exit');
