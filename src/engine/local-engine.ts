import type { BulkStart, ExecutionDescription, MachineSummary, Started, SyncExecution } from '../api/contract.ts';
import { type ArnScope, DEFAULT_ARN_SCOPE, executionArn, machineArn } from '../delivery/arn.ts';
import type { Dispatch } from '../delivery/contract.ts';
import type { Journal } from '../delivery/journal/journal.ts';
import { MillraceError } from '../errors.ts';
import type { InputCheck } from '../pool/intake.ts';
import type { Pool } from '../pool/pool.ts';
import type { EmbeddedStore } from '../store/embedded.ts';
import { silentLog } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { TestStateReply, TestStateRequest } from '../test-state/contract.ts';
import { StateTester } from '../test-state/tester.ts';
import type { BrokerStarts } from './broker-starts.ts';
import type { Engine } from './contract.ts';
import { JournaledStarts } from './journaled-starts.ts';
import type { MachineCatalog } from './machine-catalog.ts';
import type { EngineOptions, MachineOptions } from './options.ts';
import type { Starts } from './starts.ts';
import type { Streams } from './streams.ts';
import { SyncStarts } from './sync-starts.ts';

/** A message names this many machines at the most. */
const LISTED_NAMES = 10;
/** So long the outputs get at least for what has ended, even where the grace period is over. */
const OUTPUTS_GRACE_MS = 1_000;
/** How long workers may take to say what has ended when the grace period is over. */
const HALTED_WITHIN_MS = 1_000;

/** What createEngine has put together. */
export interface Parts {
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

/** The engine of one process. */
export class LocalEngine implements Engine {
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
    const graceLeftMs = (): number => Math.max(0, graceMs - (performance.now() - begin));
    await Promise.all([this.dispatch.drain(graceLeftMs()), this.#streams.claimed(graceLeftMs())]);
    // What ends from here on could not be acknowledged any more: nothing does.
    await this.dispatch.halt(HALTED_WITHIN_MS);
    const left = this.dispatch.inFlight + this.#streams.waiting;
    await pool.close(Math.min(graceMs, 1000));
    await this.#streams.close(Math.max(OUTPUTS_GRACE_MS, graceLeftMs()));
    await this.#tester.close();
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
    const { outcomes } = this.#parts.streams;
    if (outcomes.full) return new MillraceError('AT_CAPACITY', `What has ended waits for outputs, which are ${outcomes.troubles.length === 0 ? 'slow' : `in trouble: ${outcomes.troubles.join('; ')}`}.`);
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

