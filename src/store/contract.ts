import type { End } from '../delivery/contract.ts';

/** An execution as it begins. `input` is copied; the caller may use the buffer again. */
export interface StartedExecution {
  readonly executionArn: string;
  readonly name: string;
  readonly machine: string;
  /** Unix milliseconds. */
  readonly startTimeMs: number;
  /** JSON, UTF-8. */
  readonly input: Uint8Array;
}

/** What is remembered of an execution; of the same shape as the API's. */
export interface ExecutionDescription {
  readonly executionArn: string;
  readonly name: string;
  readonly startTimeMs: number;
  readonly machineArn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
  readonly stopTimeMs?: number;
  readonly input?: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/**
 * The memory of executions behind GET /v1/executions/{arn}.
 *
 * Bounded: it forgets the executions that ended first, and running ones, oldest first, only when none has ended. It is a
 * convenience of the API and no part of delivery: losing it loses no execution.
 */
export interface ExecutionStore {
  /** Remembers an execution; one that starts again under its ARN, after a redelivery, is running again. */
  started(execution: StartedExecution): void;
  /** Does nothing for an execution that is not remembered. */
  ended(executionArn: string, end: End): void;
  get(executionArn: string): ExecutionDescription | undefined | Promise<ExecutionDescription | undefined>;
  /** Executions remembered by this process. */
  readonly size: number;
  /** Memory that they take in this process, estimated. */
  readonly bytes: number;
  close(): void | Promise<void>;
}
