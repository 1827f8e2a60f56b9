import { BAIL, EXIT } from '../asl/direct/contract.ts';
import { type Fault, runtimeFault } from '../asl/fault.ts';
import { END, PARKED as STEP_PARKED, type Continuation, type Program } from '../asl/types.ts';
import { FAILED, PARKED, SUCCEEDED, TIMED_OUT, type Origin, type Outcome, type RunStatus, type Runtime, type RuntimeOptions } from './contract.ts';
import { goOnAfterDirect } from './direct.ts';
import { RunExecution } from './execution.ts';
import { toFault } from './fault.ts';
import { advance, cancelFrame, childEnded } from './fork.ts';
import type { RunFrame } from './frame.ts';
import { DEFAULT_PAYLOAD_BYTES, DIRECT_BYTES, SLICE_MS, STEPS_BETWEEN_LOOKS, STEP_BYTES, STEP_MS, WORK_BETWEEN_LOOKS } from './limits.ts';
import { Timers } from './timers.ts';
import { Turns } from './turns.ts';

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  return new Core(options);
}

interface MutableOutcome {
  status: Outcome['status'];
  output: unknown;
  error: string | undefined;
  cause: string | undefined;
}

/** The run loop and everything parked on this thread. */
export class Core implements Runtime {
  readonly payloadBytes: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly timers: Timers;
  readonly outcome: MutableOutcome = { status: SUCCEEDED, output: undefined, error: undefined, cause: undefined };
  readonly #onSlice: ((ticket: number) => void) | undefined;
  readonly #onEnd: ((ticket: number, outcome: Outcome) => void) | undefined;
  readonly #parked = new Map<number, RunExecution>();
  readonly #turns: Turns;
  /** Direct code runs without a look at the clock or at sizes: only where all values are sure to stay this small. */
  readonly #directBytes: number;
  #budget = STEPS_BETWEEN_LOOKS;
  #work = WORK_BETWEEN_LOOKS;
  /** Bytes made in the slice under way, as far as anybody told. */
  #made = 0;
  /** When the slice under way was first looked at; 0 before. */
  #sliceLookedAt = 0;

  constructor(options: RuntimeOptions) {
    this.payloadBytes = options.payloadBytes ?? DEFAULT_PAYLOAD_BYTES;
    this.#directBytes = Math.min(this.payloadBytes, DIRECT_BYTES);
    this.now = options.now ?? Date.now;
    this.random = options.random ?? Math.random;
    this.timers = new Timers(this.clock);
    this.#turns = new Turns(this.clock, SLICE_MS);
    this.#onSlice = options.onSlice;
    this.#onEnd = options.onEnd;
  }

  /** Monotonic milliseconds: deadlines and waits do not move when the wall clock is set. */
  readonly clock = (): number => performance.now();

  get parked(): number {
    return this.#parked.size;
  }

  begin(program: Program, input: unknown, inputBytes: number, origin: Origin, index: number, ticket: number, exact = false): RunStatus {
    const output = exact ? BAIL : this.runDirect(program, input, inputBytes);
    if (output !== BAIL && output !== EXIT) {
      this.#conclude(SUCCEEDED, output, undefined, undefined);
      return SUCCEEDED;
    }
    const execution = new RunExecution(this, program, input, inputBytes, origin, index, ticket, exact);
    return this.#begin(execution, output === EXIT ? goOnAfterDirect(execution.root, inputBytes) : program.start);
  }

  /** The program's output as far as its direct code goes; BAIL and EXIT as there. For values that hold no JsonNumber. */
  runDirect({ direct }: Program, input: unknown, inputBytes: number): unknown {
    if (direct === null || direct.factor * inputBytes + direct.plus > this.#directBytes) return BAIL;
    this.#budget--;
    try {
      return direct.run(input);
    } catch {
      // The steps raise it again, and say what it is.
      return BAIL;
    }
  }

  #begin(execution: RunExecution, start: number): RunStatus {
    const { root, ticket } = execution;
    this.#startSlice();
    try {
      if (this.drive(root, start, null, undefined) === STEP_PARKED) {
        this.#parked.set(ticket, execution);
        this.timers.add(execution, execution.deadline());
        return PARKED;
      }
      this.#conclude(SUCCEEDED, root.value, undefined, undefined);
    } catch (thrown) {
      const fault = toFault(thrown);
      this.#conclude(FAILED, undefined, fault.error, fault.cause);
    }
    return this.outcome.status;
  }

  /**
   * The loop: runs states of one body until it ends or parks; `then` is run first when a parked state goes on. Faults go to
   * the state's own handler; what that does not handle is thrown.
   */
  drive(frame: RunFrame, start: number, then: Continuation | null, value: unknown): number {
    const { steps, onFault } = frame.program;
    let next = start;
    let resumed = then;
    for (;;) {
      try {
        if (resumed !== null) {
          const continuation = resumed;
          resumed = null;
          next = continuation(frame, value);
        }
        while (next >= 0) {
          if (--this.#budget < 0 && this.sliceIsOver()) return this.yieldTo(frame, goTo[next] ?? ((goTo[next] = jump(next))));
          frame.state = next;
          frame.enteredAt = 0;
          frame.retries = null;
          frame.retryCount = 0;
          next = steps[next]!(frame);
        }
        return next;
      } catch (thrown) {
        const fault = toFault(thrown);
        const handle = frame.state < 0 ? null : onFault[frame.state]!;
        if (handle === null) throw fault;
        next = handle(frame, fault);
      }
    }
  }

  /** Starts children of a fork as far as its concurrency allows. */
  advance(frame: RunFrame): number {
    return advance(frame);
  }

  /** A parked frame goes on: what it waited for has come. */
  resume(frame: RunFrame, then: Continuation, value: unknown): void {
    const { ticket } = frame.execution;
    this.#onSlice?.(ticket);
    this.#startSlice();
    frame.release(null);
    this.#goOn(frame, then, value);
    this.#onSlice?.(-1);
  }

  /** The same within a slice already under way: a parent, after one of its children. */
  continue(frame: RunFrame, then: Continuation): void {
    frame.release(null);
    this.#goOn(frame, then, undefined);
  }

  #goOn(frame: RunFrame, then: Continuation, value: unknown): void {
    let fault: Fault | null = null;
    try {
      if (this.drive(frame, END, then, value) === STEP_PARKED) return;
    } catch (thrown) {
      fault = toFault(thrown);
    }
    if (frame.parent !== null) childEnded(frame.parent, frame, fault);
    else if (fault === null) this.#end(frame.execution, SUCCEEDED, frame.value, undefined, undefined);
    else this.#end(frame.execution, FAILED, undefined, fault.error, fault.cause);
  }

  /** True when others should have their turn; looks at the clock once in a while. */
  sliceIsOver(): boolean {
    if (this.#budget >= 0) return false;
    this.#budget = STEPS_BETWEEN_LOOKS;
    const now = this.clock();
    if (this.#sliceLookedAt === 0) this.#sliceLookedAt = now;
    if (now - this.#sliceLookedAt <= SLICE_MS) return false;
    // The slice stays over for what else would run in it, such as the next of a thousand branches.
    this.#budget = -1;
    return true;
  }

  /** See Execution.spend. A slice ends at the first step after SLICE_MS, so what lasts longer than STEP_MS is one step. */
  spend(work: number, bytes = 0): void {
    this.#made += bytes;
    if (this.#made > STEP_BYTES) throw runtimeFault(`The state made more than ${STEP_BYTES} bytes.`);
    this.#work -= work;
    if (this.#work >= 0) return;
    this.#work = WORK_BETWEEN_LOOKS;
    this.#budget = 0;
    const now = this.clock();
    if (this.#sliceLookedAt === 0) this.#sliceLookedAt = now;
    else if (now - this.#sliceLookedAt > STEP_MS) throw runtimeFault(`The state was still computing after ${STEP_MS} milliseconds.`);
  }

  /** Parks a frame that could go on, behind what else waits for this thread. */
  yieldTo(frame: RunFrame, then: Continuation): number {
    frame.park(then);
    const { generation, execution } = frame;
    execution.deadline();
    this.#turns.add(() => {
      if (frame.generation !== generation) return;
      if (this.clock() >= execution.deadlineAt) this.timeOut(execution);
      else this.resume(frame, then, undefined);
    });
    return STEP_PARKED;
  }

  timeOut(execution: RunExecution): void {
    cancelFrame(execution.root, 'the execution has timed out');
    this.#end(execution, TIMED_OUT, undefined, undefined, undefined);
  }

  cancel(ticket: number): boolean {
    const execution = this.#parked.get(ticket);
    if (execution === undefined) return false;
    this.#parked.delete(ticket);
    this.timers.remove(execution);
    cancelFrame(execution.root, 'the execution was cancelled');
    return true;
  }

  close(): void {
    // Deleting the entry at hand does not disturb the walk over a Map.
    for (const ticket of this.#parked.keys()) this.cancel(ticket);
    this.timers.close();
  }

  #startSlice(): void {
    this.#budget = STEPS_BETWEEN_LOOKS;
    this.#sliceLookedAt = 0;
    this.#made = 0;
  }

  #conclude(status: Outcome['status'], output: unknown, error: string | undefined, cause: string | undefined): void {
    const { outcome } = this;
    outcome.status = status;
    outcome.output = output;
    outcome.error = error;
    outcome.cause = cause;
  }

  #end(execution: RunExecution, status: Outcome['status'], output: unknown, error: string | undefined, cause: string | undefined): void {
    // An execution may end within the begin that started it only synchronously; what ends here had parked.
    if (!this.#parked.delete(execution.ticket)) return;
    this.timers.remove(execution);
    this.#conclude(status, output, error, cause);
    this.#onEnd?.(execution.ticket, this.outcome);
  }
}

/** Continuations that go on at a state, one for each index: a yield allocates none. */
const goTo: Continuation[] = [];
const jump = (index: number): Continuation => () => index;
