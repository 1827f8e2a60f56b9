import { join } from 'node:path';
import type { BulkStart, EngineApi, ExecutionDescription, MachineSummary, Started, SyncExecution } from './api/contract.ts';
import { deadLetterFile } from './config/dead-letter-file.ts';
import { DEFAULT_ARN_SCOPE, executionArn, machineArn, type ArnScope } from './delivery/arn.ts';
import type { Dispatch } from './delivery/contract.ts';
import { createDispatch } from './delivery/dispatch.ts';
import { openJournal, type Journal } from './delivery/journal/journal.ts';
import { createVolatileJournal } from './delivery/journal/volatile.ts';
import { brokerStream, isBroker, openBrokerStarts } from './engine/broker-journal.ts';
import type { BrokerStarts } from './engine/broker-starts.ts';
import { JournaledStarts } from './engine/journaled-starts.ts';
import type { InputCheck } from './pool/intake.ts';
import { MachineCatalog } from './engine/machine-catalog.ts';
import { intakeOf, routeName } from './engine/source-intake.ts';
import { Streams } from './engine/streams.ts';
import type { EngineOptions, MachineOptions } from './engine/options.ts';
import type { Starts } from './engine/starts.ts';
import { SyncStarts } from './engine/sync-starts.ts';
import { startWorkers, type Workers } from './engine/workers.ts';
import { MillraceError } from './errors.ts';
import type { Pool } from './pool/pool.ts';
import { DEFAULT_PAYLOAD_BYTES } from './runtime/runtime.ts';
import { createEmbeddedStore, type EmbeddedStore } from './store/embedded.ts';
import { silentLog } from './telemetry/log.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import type { TestStateReply, TestStateRequest } from './test-state/contract.ts';
import { StateTester } from './test-state/tester.ts';

export type { EngineOptions, Limits, MachineOptions } from './engine/options.ts';

/** State machines on a pool of workers, fed by starts. What `millrace start` serves over HTTP, usable in process as well. */
export interface Engine extends EngineApi {
  /** For sources: raw events go in here and come back settled. */
  readonly dispatch: Dispatch;
  readonly telemetry: Metrics;
  /**
   * Adds a state machine or replaces its definition; new executions run on it once this resolves, those under way finish on
   * the revision that they started with.
   *
   * @throws MillraceError INVALID_DEFINITION with diagnostics; a machine that was there stays as it was.
   */
  install(name: string, machine: MachineOptions): Promise<void>;
  /** Takes a machine out of service; its executions under way go on. */
  remove(name: string): void;
  /** Loads the functions folder anew for every machine. */
  reloadFunctions(): Promise<void>;
  /** Becomes unready and refuses starts from now on, with DRAINING; what runs goes on. */
  drain(): void;
  /**
   * Lets the sources read. Resolves once all of them do: a broker that is away is waited for. Rejects with a MillraceError
   * when a source never will, as its settings are.
   */
  startSources(): Promise<void>;
  /**
   * Stops taking work, drains for up to `graceMs`, leaves the rest in the journal. Answers how many events were still in
   * flight.
   */
  close(graceMs?: number): Promise<number>;
}

/** A message names this many machines at the most. */
const LISTED_NAMES = 10;
const DEFAULT_MAX_IN_FLIGHT = 100_000;
const DEFAULT_MAX_IN_FLIGHT_BYTES = 256 * 1024 ** 2;
/** So long the outputs get at least for what has ended, even where the grace period is over. */
const OUTPUTS_GRACE_MS = 1_000;
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
      deadLetterFile: typeof options.dataDir === 'string' ? (source) => deadLetterFile(options.dataDir as string, source) : null,
      journal: isBroker(options.journal) ? brokerStream(options.journal, { dataDir: options.dataDir ?? null, store, scope: options.arn ?? DEFAULT_ARN_SCOPE }) : null,
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

interface Parts {
  readonly options: EngineOptions;
  readonly pool: Pool;
  readonly catalog: MachineCatalog;
  readonly dispatch: Dispatch;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly streams: Streams;
  readonly store: EmbeddedStore;
  /** Those of a broker; left out where the journal is embedded. */
  readonly starts: BrokerStarts | undefined;
}

class LocalEngine implements Engine {
  readonly dispatch: Dispatch;
  readonly telemetry: Metrics;
  readonly compatibility: 'strict' | 'extended';
  readonly #parts: Parts;
  readonly #store: EmbeddedStore;
  readonly #starts: Starts;
  readonly #journaled: JournaledStarts;
  readonly #sync: SyncStarts;
  readonly #tester: StateTester;
  readonly #arn: ArnScope;
  readonly #streams: Streams;
  /** Resolves once no source reads any more. */
  #stopping: Promise<void> | undefined;
  #draining = false;

  constructor(parts: Parts) {
    const { dispatch, journal, metrics, options } = parts;
    this.#parts = parts;
    this.#streams = parts.streams;
    this.dispatch = dispatch;
    this.telemetry = metrics;
    this.#store = parts.store;
    this.#journaled = new JournaledStarts({ dispatch, journal, store: this.#store, refusals: metrics, outcomes: parts.streams.outcomes, now: Date.now });
    this.#starts = parts.starts ?? this.#journaled;
    this.#sync = new SyncStarts(dispatch, metrics);
    this.#arn = options.arn ?? DEFAULT_ARN_SCOPE;
    this.compatibility = options.compatibility ?? 'extended';
    this.#tester = new StateTester({
      compatibility: this.compatibility,
      functions: options.functions,
      arn: this.#arn,
      payloadBytes: options.limits?.payloadBytes,
      blockedMs: options.limits?.blockedMs,
    });
    parts.pool.onCounts((counts) => {
      for (const count of counts) metrics.merge(count);
    });
    metrics.gauge('millrace_in_flight', () => dispatch.inFlight);
    metrics.gauge('millrace_in_flight_bytes', () => dispatch.inFlightBytes);
    metrics.gauge('millrace_queued_events', () => dispatch.queued);
    metrics.gauge('millrace_parked_executions', () => parts.pool.parked);
    metrics.gauge('millrace_journal_bytes', () => journal.bytes);
    metrics.gauge('millrace_journal_pending', () => journal.pending);
  }

  /** Runs what an earlier process left, beside what comes in from now on. */
  recover(): void {
    const { options, catalog } = this.#parts;
    if (options.dataDir === null || options.dataDir === undefined) return;
    const log = options.log ?? silentLog;
    this.#journaled
      .recover(
        (machine) => catalog.get(machine) !== undefined,
        (machine, count) => log.warn('events in the journal are for a machine that is not served; they stay there', { machine, count }),
      )
      .then((count) => {
        if (count > 0) log.info('executions that an earlier process had not ended run again', { count });
      })
      .catch((error: unknown) => log.error('the journal could not be read to its end', { error }));
  }

  machines(): readonly MachineSummary[] {
    return this.#parts.catalog.summaries();
  }

  machine(name: string): MachineSummary | undefined {
    return this.#parts.catalog.summary(name);
  }

  machineArn(name: string): string {
    return machineArn(this.#arn, name);
  }

  testState(request: TestStateRequest): Promise<TestStateReply> {
    if (this.#draining) throw draining();
    return this.#tester.test(request);
  }

  async start(machine: string, input: Uint8Array, name?: string): Promise<Started> {
    const check = this.#admit(machine);
    if (!this.#starts.hasRoom(machine, 1, input.byteLength)) throw this.#full(machine);
    if (check !== null) this.#checkInput(machine, check, input);
    return this.#starts.start(machine, input, identify(this.#arn, machine, name));
  }

  async startSync(machine: string, input: Uint8Array, name?: string): Promise<SyncExecution> {
    this.#admit(machine);
    if (!this.dispatch.hasRoom(machine, 1, input.byteLength, this.#sync.waiting(machine))) throw this.#full(machine);
    return this.#sync.run(machine, input, identify(this.#arn, machine, name));
  }

  startMany(machine: string): BulkStart {
    this.#admit(machine);
    return this.#starts.startMany(machine);
  }

  describe(arn: string): ExecutionDescription | undefined {
    return this.#store.get(arn);
  }

  unready(): readonly string[] {
    const { journal, pool } = this.#parts;
    const reasons: string[] = [];
    if (this.#draining) reasons.push('the server is shutting down');
    if (journal.fault !== undefined) reasons.push(`the journal cannot be written: ${journal.fault.message}`);
    if (!pool.lanes.some((lane) => lane.ready)) reasons.push('no worker is running');
    return [...reasons, ...this.#streams.troubles];
  }

  async metrics(): Promise<{ contentType: string; body: string }> {
    this.#parts.pool.flushCounts();
    return this.telemetry.exposition();
  }

  async install(name: string, machine: MachineOptions): Promise<void> {
    await this.#parts.catalog.install(name, machine);
  }

  remove(name: string): void {
    this.#parts.catalog.remove(name);
  }

  async reloadFunctions(): Promise<void> {
    await this.#parts.catalog.reloadFunctions();
    this.#tester.reloadFunctions();
  }

  drain(): void {
    this.#draining = true;
    this.#stopping ??= this.#streams.stop();
  }

  startSources(): Promise<void> {
    return this.#streams.start();
  }

  async close(graceMs = 30_000): Promise<number> {
    const { pool, journal, metrics } = this.#parts;
    const begin = performance.now();
    this.drain();
    await this.#stopping;
    this.#sync.flush();
    this.#starts.flush();
    const left = await this.dispatch.drain(Math.max(0, graceMs - (performance.now() - begin)));
    await this.#streams.close(Math.max(OUTPUTS_GRACE_MS, graceMs - (performance.now() - begin)));
    await Promise.all([pool.close(Math.min(graceMs, 1000)), this.#tester.close()]);
    await Promise.all([journal.close(), this.#parts.starts?.close()]);
    this.#store.close();
    metrics.close();
    return left;
  }

  /** Refuses what cannot be started now; answers how inputs of the machine are checked. */
  #admit(machine: string): InputCheck | null {
    if (this.#draining) throw draining();
    const known = this.#parts.catalog.get(machine);
    if (known === undefined) {
      const names = this.#parts.catalog.names();
      throw new MillraceError('NO_SUCH_MACHINE', `No state machine is named '${machine}'; ${names.length === 0 ? 'none is served' : `there are ${names.slice(0, LISTED_NAMES).join(', ')}${names.length > LISTED_NAMES ? ` and ${names.length - LISTED_NAMES} more` : ''}`}.`);
    }
    return known.check;
  }

  #checkInput(machine: string, check: InputCheck, input: Uint8Array): void {
    const refusal = check(JSON.parse(Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8')));
    if (refusal === null) return;
    this.telemetry.reject(machine, 'INPUT_REJECTED', 1);
    throw new MillraceError('INPUT_REJECTED', refusal);
  }

  #full(machine: string): MillraceError {
    this.telemetry.reject(machine, 'AT_CAPACITY', 1);
    const limit = this.#parts.catalog.get(machine)?.options.maxInFlight;
    return new MillraceError('AT_CAPACITY', `${this.dispatch.inFlight} events are in flight, as many as limits.maxInFlight${limit === undefined ? '' : ` or the machine's own maxInFlight of ${limit}`} allows.`);
  }

}

const draining = (): MillraceError => new MillraceError('DRAINING', 'The server is shutting down; send the request to another replica, or again after the restart.');

function identify(scope: ArnScope, machine: string, name: string | undefined): Started {
  const own = name ?? crypto.randomUUID();
  const startTimeMs = Date.now();
  return { name: own, startTimeMs, executionArn: executionArn(scope, machine, own, startTimeMs) };
}

