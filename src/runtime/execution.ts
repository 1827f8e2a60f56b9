import type { Execution, Program } from '../asl/types.ts';
import type { Origin } from './contract.ts';
import { RunFrame } from './frame.ts';
import type { Core } from './runtime.ts';
import type { Due } from './timers.ts';

/**
 * One execution. The names and times that only some workflows ask for are looked up at its origin when they do. As a timer
 * it is its own deadline.
 *
 * Made anew for each: a young object costs less than one that is kept and then written to, since every young value stored in
 * an old object has to be told to the collector (Node 20: 50 ns less for each execution that parses its input).
 */
export class RunExecution implements Execution, Due {
  readonly core: Core;
  readonly root: RunFrame;
  readonly program: Program;
  readonly origin: Origin;
  readonly index: number;
  readonly ticket: number;
  readonly input: unknown;
  exact: boolean;
  /** Children of Parallel and Map states that wait, at all levels. */
  parkedChildren = 0;
  /** On the monotonic clock; 0 until the execution first parks or outlasts its first slice. */
  deadlineAt = 0;
  dueAt = 0;
  heapIndex = -1;
  private nameText: string | undefined = undefined;
  private arnText: string | undefined = undefined;
  private startedMs = 0;

  constructor(core: Core, program: Program, input: unknown, inputBytes: number, origin: Origin, index: number, ticket: number, exact: boolean) {
    this.core = core;
    this.program = program;
    this.origin = origin;
    this.index = index;
    this.ticket = ticket;
    this.input = input;
    this.exact = exact || program.exact;
    this.root = new RunFrame(this, program, null, 0);
    this.root.value = input;
    this.root.bytes = inputBytes;
  }

  get name(): string {
    return (this.nameText ??= this.origin.nameOf(this.index));
  }

  get arn(): string {
    return (this.arnText ??= this.origin.arnOf(this.index));
  }

  get startTimeMs(): number {
    return (this.startedMs ||= this.origin.startTimeOf(this.index));
  }

  get machineName(): string {
    return this.origin.machineName;
  }

  get machineArn(): string {
    return this.origin.machineArn;
  }

  get roleArn(): string {
    return this.origin.roleArn;
  }

  get payloadBytes(): number {
    return this.core.payloadBytes;
  }

  now(): number {
    return this.core.now();
  }

  random(): number {
    return this.core.random();
  }

  spend(work: number, bytes?: number): void {
    this.core.spend(work, bytes);
  }

  remainingTimeMs(): number {
    return Math.max(0, this.deadline() - this.core.clock());
  }

  /** The deadline, which begins to count when first asked for: at the first park, or after the first slice. */
  deadline(): number {
    if (this.deadlineAt === 0) this.deadlineAt = this.core.clock() + this.program.timeoutSeconds * 1000;
    return this.deadlineAt;
  }

  due(): void {
    this.core.timeOut(this);
  }
}
