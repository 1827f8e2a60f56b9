import type { Diagnostic, FaultName } from '../errors.ts';
import type { ExecutionDescription } from '../store/contract.ts';
import type { TestStateReply, TestStateRequest } from '../test-state/contract.ts';

/** What the HTTP server needs of the engine. The engine implements it; the server knows nothing else of it. */
export interface EngineApi {
  machines(): readonly MachineSummary[];
  machine(name: string): MachineSummary | undefined;
  /** The ARN that a machine of that name has or would have. */
  machineArn(name: string): string;
  /** strict refuses what AWS refuses. */
  readonly compatibility: 'strict' | 'extended';
  /** Adds a state machine or replaces it. Not durable: it lasts as long as the process. Raises MillraceError INVALID_DEFINITION. */
  install(name: string, machine: NewMachine): Promise<void>;
  /** Takes a machine out of service; its executions under way go on. */
  remove(name: string): void;
  /** Runs one state alone, off this thread. Raises MillraceError AT_CAPACITY. */
  testState(request: TestStateRequest): Promise<TestStateReply>;
  /** Journals and dispatches one event. Resolves once the journal has it on disk. Raises MillraceError. */
  start(machine: string, input: Uint8Array, name?: string): Promise<Started>;
  /** Runs one execution and waits for its end. At most once: never journaled, never run again. */
  startSync(machine: string, input: Uint8Array, name?: string): Promise<SyncExecution>;
  /** Opens a bulk start: raw events are added in pieces; `finish` resolves once all are journaled and intake has spoken on each. */
  startMany(machine: string): BulkStart;
  describe(arn: string): ExecutionDescription | undefined;
  /** Empty when ready; otherwise why not. */
  unready(): readonly string[];
  /** The Prometheus exposition and its content type. */
  metrics(): Promise<{ contentType: string; body: string }>;
}

export interface NewMachine {
  /** The role that the context object names. Nothing assumes it. */
  readonly roleArn?: string;
  /** JSON text. */
  readonly definition: string;
  /** Decides which of AWS's rules hold for the definition; what runs is the same. EXPRESS unless told otherwise. */
  readonly type?: 'EXPRESS' | 'STANDARD';
}

export interface MachineSummary {
  readonly name: string;
  readonly arn: string;
  readonly revision: number;
  readonly comment?: string;
  readonly definition: string;
}

export interface Started {
  readonly executionArn: string;
  readonly name: string;
  /** Unix milliseconds. */
  readonly startTimeMs: number;
}

export interface SyncExecution extends Started {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
  readonly stopTimeMs: number;
  /** JSON text. */
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  /** Rounded up to the next 100 ms, as AWS bills. */
  readonly billedDurationMs: number;
  /** In 64 MB steps, as AWS bills. */
  readonly billedMemoryMB: number;
}

export type { ExecutionDescription };

export interface Rejection {
  readonly index: number;
  readonly code: FaultName;
  readonly message: string;
}

/** So many rejections of a bulk start are listed; the rest is only counted, so that a body of broken lines costs no memory. */
export const LISTED_REJECTIONS = 1000;

export interface BulkResult {
  readonly accepted: number;
  /** The first LISTED_REJECTIONS of them at the most, by index. */
  readonly rejected: readonly Rejection[];
  /** How many were rejected in all; present when the list does not hold every one. */
  readonly rejectedCount?: number;
  /** Why not everything that was added could be journaled, though some of it was. */
  readonly fault?: unknown;
}

export interface BulkStart {
  /**
   * Adds events: `bytes` is kept, `spans` holds offset and length of each. Resolves when more may be added (back-pressure:
   * at the in-flight limit it waits instead of refusing). `firstIndex` of the piece counts from 0 over the whole request.
   * The ArrayBuffer under `bytes` belongs to the receiver, who may transfer it. A piece is about as large as one read of the
   * socket (64 KiB) or one event if that is larger; it may hold tens of thousands of tiny events. Calls never overlap.
   */
  add(bytes: Uint8Array, spans: Uint32Array): Promise<void>;
  /** Says of one event that framing already found it wrong; it counts in the index. */
  reject(code: FaultName, message: string): void;
  finish(): Promise<BulkResult>;
  /** The request broke off: what was journaled stays accepted, nothing more is added. */
  abandon(): void;
}

export interface DefinitionCheck {
  readonly diagnostics: readonly Diagnostic[];
}
