import { Fault } from '../asl/fault.ts';
import { PARKED, type Continuation, type Frame, type Join, type Json, type MapItem, type Program, type Variables } from '../asl/types.ts';
import { RunCall } from './call.ts';
import { contextObject } from './context-object.ts';
import type { RunExecution } from './execution.ts';
import type { ForkState } from './fork.ts';
import type { Due } from './timers.ts';

/**
 * One running body. Every slot is set in the constructor, so that all frames have one shape. `generation` tells a settlement
 * that comes late (a promise whose attempt has timed out) from the one that is awaited. As a timer it is its own wake-up.
 */
export class RunFrame implements Frame, Due {
  readonly execution: RunExecution;
  program: Program;
  readonly parent: RunFrame | null;
  /** Which child of the parent's join this is. */
  childIndex: number;
  item: MapItem | null = null;
  state: number;
  value: unknown = null;
  bytes = 0;
  inputBytes = 0;
  variables: Variables | null = null;
  retries: number[] | null = null;
  retryCount = 0;
  /** Unix milliseconds at which the current state was entered; 0 until somebody asks or the frame parks. */
  enteredAt = 0;
  join: Join | null = null;
  forkState: ForkState | null = null;
  continuation: Continuation | null = null;
  generation = 0;
  call: RunCall | null = null;
  dueAt = 0;
  heapIndex = -1;

  constructor(execution: RunExecution, program: Program, parent: RunFrame | null, childIndex: number) {
    this.execution = execution;
    this.program = program;
    this.parent = parent;
    this.childIndex = childIndex;
    this.state = program.start;
  }

  reset(program: Program, childIndex: number, variables: Variables | null): void {
    this.program = program;
    this.childIndex = childIndex;
    this.state = program.start;
    this.variables = variables;
    this.join = null;
    this.forkState = null;
  }

  context(): Json {
    return contextObject(this);
  }

  taskCall(): RunCall {
    return new RunCall(this);
  }

  awaitPromise(promise: PromiseLike<unknown>, then: Continuation): number {
    this.park(then);
    const { generation } = this;
    const { core } = this.execution;
    promise.then(
      (value) => {
        if (this.generation === generation) core.resume(this, then, value);
      },
      (error: unknown) => {
        if (this.generation === generation) core.resume(this, raise, error);
      },
    );
    return PARKED;
  }

  awaitTask(promise: PromiseLike<unknown>, call: RunCall, timeoutMs: number, heartbeatMs: number, then: Continuation): number {
    const { core } = this.execution;
    const timeoutAt = core.clock() + timeoutMs;
    this.awaitPromise(promise, then);
    this.call = call;
    this.continuation = raiseTimeout;
    if (heartbeatMs < Infinity) {
      const beat = (): void => {
        const silentAt = core.clock() + heartbeatMs;
        this.continuation = silentAt < timeoutAt ? raiseHeartbeatTimeout : raiseTimeout;
        core.timers.add(this, Math.min(timeoutAt, silentAt));
      };
      call.onHeartbeat = beat;
      beat();
    } else if (timeoutMs < Infinity) {
      core.timers.add(this, timeoutAt);
    }
    return PARKED;
  }

  sleep(ms: number, then: Continuation): number {
    const { core } = this.execution;
    this.park(then);
    core.timers.add(this, core.clock() + ms);
    return PARKED;
  }

  fork(join: Join): number {
    this.join = join;
    this.forkState = { next: 0, active: 0, ended: 0, measured: false, parked: null };
    return this.execution.core.advance(this);
  }

  /** Falls due: the end of a sleep, or of a task's patience. */
  due(): void {
    this.execution.core.resume(this, this.continuation!, this.call);
  }

  park(then: Continuation): void {
    this.generation++;
    this.continuation = then;
    if (this.enteredAt === 0) this.enteredAt = this.execution.core.now();
  }

  /** Ends whatever this frame waits for. What is still running is told to abort; what it answers is not heard. */
  release(reason: string | null): void {
    this.generation++;
    this.continuation = null;
    this.execution.core.timers.remove(this);
    if (this.call !== null) {
      this.call.onHeartbeat = undefined;
      if (reason !== null) this.call.abort(reason);
      this.call = null;
    }
  }
}

/** A continuation that raises what it is given in the current state. */
export const raise: Continuation = (_frame, error) => {
  throw error;
};

const raiseTimeout: Continuation = (_frame, call) => {
  (call as RunCall).abort('the task has timed out');
  throw new Fault('States.Timeout', undefined);
};

const raiseHeartbeatTimeout: Continuation = (_frame, call) => {
  (call as RunCall).abort('the task has missed its heartbeat');
  throw new Fault('States.HeartbeatTimeout', undefined);
};
