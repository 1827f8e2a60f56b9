import { BAIL, EXIT } from '../asl/direct/contract.ts';
import { Fault } from '../asl/fault.ts';
import { dataLimitFault } from '../asl/fields.ts';
import { jsonBytes } from '../asl/size.ts';
import { PARKED, type Continuation } from '../asl/types.ts';
import { goOnAfterDirect } from './direct.ts';
import { toFault } from './fault.ts';
import { RunFrame } from './frame.ts';

/** How far a Parallel or Map has got. */
export interface ForkState {
  /** The child to start next. */
  next: number;
  active: number;
  ended: number;
  /** True once the outputs' bytes are measured as they come, because the sum of their bounds has passed the limit. */
  measured: boolean;
  /** Children that wait for something; null while none does. */
  parked: Set<RunFrame> | null;
}

/**
 * So many children of one execution may wait at once, at all levels together; beyond, a fork starts one only when it has none
 * under way. Maps inside Maps would otherwise fill the memory that their worker shares with other executions.
 */
const PARKED_CHILDREN = 10_000;

/**
 * Starts children as far as the concurrency allows; a child that ends at once makes room for the next, and its frame serves
 * again. Answers what the state answers: its join's continuation once all have ended, else PARKED.
 */
export function advance(frame: RunFrame): number {
  const join = frame.join!;
  const fork = frame.forkState!;
  const { execution } = frame;
  const { core } = execution;
  let child: RunFrame | null = null;
  while (fork.next < join.count && fork.active < join.concurrency && (execution.parkedChildren < PARKED_CHILDREN || fork.active === 0)) {
    if (core.sliceIsOver()) return core.yieldTo(frame, advanceLater);
    const index = fork.next++;
    child ??= new RunFrame(frame.execution, join.program(index), frame, index);
    child.reset(join.program(index), index, frame.variables);
    child.item = join.item(index);
    fork.active++;
    if (startChild(frame, child) === PARKED) {
      (fork.parked ??= new Set()).add(child);
      execution.parkedChildren++;
      child = null;
    } else {
      fork.active--;
      fork.ended++;
    }
  }
  return fork.ended === join.count ? join.then(frame, join.results) : PARKED;
}

const advanceLater: Continuation = (frame) => advance(frame as RunFrame);

/** Runs a child as far as it goes at once. Raises in the parent what is not tolerated, after cancelling the siblings. */
function startChild(frame: RunFrame, child: RunFrame): number {
  const join = frame.join!;
  const { core } = frame.execution;
  try {
    // Until its first state begins, a child is in its parent's state: faults and the context object name that one.
    child.state = -1;
    const late = join.prepare(child, child.childIndex);
    if (late !== undefined) return child.awaitPromise(late, beginPrepared);
    const { bytes, program } = child;
    const output = frame.execution.exact ? BAIL : core.runDirect(program, child.value, bytes);
    if (output === BAIL || output === EXIT) {
      if (core.drive(child, output === EXIT ? goOnAfterDirect(child, bytes) : program.start, null, undefined) === PARKED) return PARKED;
    } else {
      child.value = output;
      child.bytes = program.direct!.factor * bytes + program.direct!.plus;
    }
  } catch (thrown) {
    tolerateOrRaise(frame, child, toFault(thrown));
    return child.childIndex;
  }
  keepResult(frame, child);
  return child.childIndex;
}

const beginPrepared: Continuation = (frame, value) => {
  const limit = frame.execution.payloadBytes;
  const bytes = jsonBytes(value, limit);
  if (bytes > limit) throw new Fault('States.DataLimitExceeded', 'The ItemSelector returned a result with a size exceeding the maximum number of bytes service limit.');
  frame.value = value;
  frame.bytes = bytes;
  return frame.program.start;
};

/**
 * Raises States.DataLimitExceeded in the parent as soon as the outputs so far are too large: what children could still add
 * must not be gathered in memory first.
 */
function keepResult(frame: RunFrame, child: RunFrame): void {
  const join = frame.join!;
  const fork = frame.forkState!;
  const limit = frame.execution.payloadBytes;
  join.results[child.childIndex] = child.value;
  join.bytes += (fork.measured ? jsonBytes(child.value, limit) : child.bytes) + 1;
  if (join.bytes - 1 <= limit) return;
  if (!fork.measured) {
    fork.measured = true;
    join.bytes = outputBytes(join.results, limit);
    if (join.bytes - 1 <= limit) return;
  }
  cancelChildren(frame, 'the outputs of its siblings are too large');
  throw dataLimitFault(frame.program.names[frame.state]);
}

/** Bytes of those outputs that are there, a comma behind each, and the brackets. */
function outputBytes(results: readonly unknown[], limit: number): number {
  let bytes = 2;
  for (let i = 0; i < results.length && bytes <= limit + 1; i++) {
    const result = results[i];
    if (result !== undefined && typeof result !== 'symbol') bytes += jsonBytes(result, limit) + 1;
  }
  return bytes;
}

function tolerateOrRaise(frame: RunFrame, child: RunFrame, fault: Fault): void {
  const join = frame.join!;
  if (!fault.terminal && join.tolerates(child.childIndex, fault)) return;
  cancelChildren(frame, 'a sibling has failed');
  throw fault.terminal ? fault : join.failure(child.childIndex, fault);
}

/** A child that had parked has ended: the parent goes on. `fault` is null on success. */
export function childEnded(frame: RunFrame, child: RunFrame, fault: Fault | null): void {
  const fork = frame.forkState!;
  fork.parked!.delete(child);
  frame.execution.parkedChildren--;
  fork.active--;
  fork.ended++;
  frame.execution.core.continue(frame, (parent) => {
    if (fault === null) keepResult(frame, child);
    else tolerateOrRaise(frame, child, fault);
    return advance(parent as RunFrame);
  });
}

/** Cancels every child under way, and theirs. */
export function cancelChildren(frame: RunFrame, reason: string): void {
  const parked = frame.forkState?.parked;
  frame.forkState = null;
  frame.join = null;
  if (parked === null || parked === undefined) return;
  frame.execution.parkedChildren -= parked.size;
  for (const child of parked) cancelFrame(child, reason);
}

export function cancelFrame(frame: RunFrame, reason: string): void {
  frame.release(reason);
  cancelChildren(frame, reason);
}
