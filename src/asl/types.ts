import type { Direct } from './direct/contract.ts';
import type { Fault } from './fault.ts';

/** Any JSON value. Values are shared between states and never mutated: a step builds new ones. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A step's answer besides the index of the next state (>= 0). */
export const END = -1;
export const PARKED = -2;

/** Runs one state: reads and replaces slots of the frame; answers the next state's index, END or PARKED. Raises a Fault. */
export type Step = (frame: Frame) => number;

/** Goes on with a parked state, given what it waited for. */
export type Continuation = (frame: Frame, value: unknown) => number;

/** Decides what becomes of a state that raised: the target of a Catch, PARKED for a retry; rethrows what nothing handles. */
export type FaultStep = (frame: Frame, fault: Fault) => number;

/** A compiled state machine, or the body of a Parallel branch or a Map. Immutable; shared by all its executions. */
export interface Program {
  readonly start: number;
  /** By state index, in the order of the definition. */
  readonly steps: readonly Step[];
  /** Null where a state has neither Retry nor Catch. */
  readonly onFault: readonly (FaultStep | null)[];
  readonly names: readonly string[];
  readonly types: readonly StateType[];
  /** 300 at the most; the machine's TimeoutSeconds when that is less. */
  readonly timeoutSeconds: number;
  readonly comment: string | undefined;
  /** True where a literal of the definition is a JsonNumber. */
  readonly exact: boolean;
  /** What runs before the first step, as far as it goes; null where that would be nowhere. */
  readonly direct: Direct | null;
}

export type StateType = 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';

/** AWS's cap for EXPRESS, which configuration can lower but not raise. */
export const MAX_TIMEOUT_SECONDS = 300;

/** Key under which a scope keeps an upper bound of the bytes of all its variables. */
export const VARIABLE_BYTES: unique symbol = Symbol('variable bytes');

/** Variables by name; null-prototype and copied on write, so that branches share what they inherit. */
export type Variables = Readonly<Record<string, unknown>> & { readonly [VARIABLE_BYTES]?: number };

/**
 * The state of one running body (machine, branch or item) in slots. Steps are given it and nothing else. The class behind
 * it is the runtime's; what is listed here is what compiled code may touch.
 */
export interface Frame {
  readonly program: Program;
  /** The frame of the Parallel or Map that this body belongs to. */
  readonly parent: Frame | null;
  /** Index of the state being run; -1 in a body that has not begun (its input is being made in the parent's state). */
  state: number;
  /** The value that flows: a state's raw input until it completes, then its output. */
  value: unknown;
  /** An upper bound of the UTF-8 bytes of `value` as JSON. Exact measuring happens only when the bound passes the limit. */
  bytes: number;
  /** The bound of the state's raw input, kept apart for what goes back to it: ResultPath, a retry, `$states.input`. Set on entry by states that use it. */
  inputBytes: number;
  /** Null until the first Assign. */
  variables: Variables | null;
  /** How often each Retry entry of the current state has been used; null before the first retry. */
  retries: number[] | null;
  /** Retries of the current state in total ($$.State.RetryCount). */
  retryCount: number;
  /** Child bodies of a Parallel or Map that is under way. */
  join: Join | null;
  readonly execution: Execution;

  /** The context object ($$, $states.context) as of now; built when asked for. */
  context(): Json;
  /** What a task is told of its call; one object an attempt. */
  taskCall(): TaskCall;
  /** Parks until `promise` settles, then calls `then` with its value; a rejection is raised in the current state. */
  awaitPromise(promise: PromiseLike<unknown>, then: Continuation): number;
  /** The same for a task: raises States.Timeout after `timeoutMs`, States.HeartbeatTimeout after `heartbeatMs` of silence; Infinity means never. */
  awaitTask(promise: PromiseLike<unknown>, call: TaskCall, timeoutMs: number, heartbeatMs: number, then: Continuation): number;
  /** Parks for a time, then calls `then` with undefined. */
  sleep(ms: number, then: Continuation): number;
  /** Runs child bodies: at most `concurrency` at once, each given its value; calls join.onEnd as they end. See Join. */
  fork(join: Join): number;
}

/** Child bodies under way. Made by Parallel and Map; driven by the runtime. */
export interface Join {
  /** How many children there are in all, and how many may run at once. */
  readonly count: number;
  readonly concurrency: number;
  program(index: number): Program;
  /** For $$.Map.Item: the item's value and index; null for a branch. */
  item(index: number): MapItem | null;
  /**
   * Sets `value` and `bytes` of a child about to start (its `context()` already knows the item). May raise. Answers a
   * promise when the value has to be waited for; it then resolves to the value.
   */
  prepare(child: Frame, index: number): PromiseLike<unknown> | undefined;
  /** A child failed. True: tolerated, the others go on. False: the rest is cancelled and `failure` raised in the parent. */
  tolerates(index: number, fault: Fault): boolean;
  failure(index: number, fault: Fault): Fault;
  /** Outputs by child index; filled by the runtime. */
  readonly results: unknown[];
  /** Upper bounds of the outputs' bytes, summed by the runtime. */
  bytes: number;
  /** Called once all children have ended, with `results`. */
  readonly then: Continuation;
}

export interface MapItem {
  readonly index: number;
  readonly value: unknown;
}

/** What a step may know of the execution it runs in. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly startTimeMs: number;
  readonly input: unknown;
  readonly machineName: string;
  readonly machineArn: string;
  readonly roleArn: string;
  /** The largest payload in bytes. */
  readonly payloadBytes: number;
  /** True once a value of this execution may hold a JsonNumber. What computes with plain numbers only has to look then. */
  exact: boolean;
  now(): number;
  /** 0 <= x < 1; for jitter. */
  random(): number;
  /**
   * Told by what may take long within one step (a path that visits much, a large text): units of ten nanoseconds or so, and
   * the bytes that it made. Makes the run loop look at the clock sooner. Raises States.Runtime once the step has kept its
   * thread busy for seconds, or has made more than a worker's memory can stand.
   */
  spend(work: number, bytes?: number): void;
}

/** Given to a task together with its arguments. One per attempt. */
export interface TaskCall {
  readonly executionArn: string;
  readonly executionName: string;
  readonly stateName: string;
  /** 0 for the first attempt. */
  readonly retryCount: number;
  /** Aborted when the attempt times out, or its execution ends or is cancelled. */
  readonly signal: AbortSignal;
  /** Milliseconds until the execution's deadline. */
  remainingTimeMs(): number;
  /** Starts HeartbeatSeconds anew. */
  heartbeat(): void;
}

/**
 * A task bound at compile time. Answers a value (the execution goes on at once) or a promise (it parks). Raises a Fault
 * with the workflow's own error name and cause.
 */
export type Task = (args: unknown, call: TaskCall) => unknown;

/** Finds the task behind a Resource. Answers undefined for one that nobody offers. */
export type TaskResolver = (resource: string, state: TaskReference) => Task | undefined;

export interface TaskReference {
  readonly stateName: string;
  readonly definition: Readonly<Record<string, Json>>;
}

/** Reads a value in the scope of a running state; `input` is what `$` stands for. */
export type Getter = (input: unknown, frame: Frame) => unknown;
