import type { EngineApi } from '../api/contract.ts';
import type { Dispatch } from '../delivery/contract.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { MachineOptions } from './options.ts';

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
