import type { StateContext } from './context.ts';
import type { Fault } from './fault.ts';
import { END, type Continuation, type FaultStep, type Frame, type Json } from './types.ts';

interface Retrier {
  readonly matches: (error: string) => boolean;
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number;
  readonly fullJitter: boolean;
}

/** What a matched Catch does: changes the frame, answers the target (or parks on an expression of the library). */
export type Catcher = { readonly matches: (error: string) => boolean; readonly run: (frame: Frame, fault: Fault) => number };

/**
 * Error names against ErrorEquals (ASL spec, "Errors"): States.ALL stands for any, States.TaskFailed for any but
 * States.Timeout, and States.Timeout covers a missed heartbeat too. That States.ALL takes States.DataLimitExceeded as well
 * is what AWS really does, its documentation notwithstanding.
 */
export function compileErrorEquals(names: Json | undefined): (error: string) => boolean {
  const wanted = new Set(Array.isArray(names) ? names.map(String) : []);
  if (wanted.has('States.ALL')) return () => true;
  const taskFailed = wanted.has('States.TaskFailed');
  const timeout = wanted.has('States.Timeout');
  return (error) =>
    wanted.has(error) ||
    (taskFailed && error !== 'States.Timeout' && error !== 'States.HeartbeatTimeout') ||
    (timeout && error === 'States.HeartbeatTimeout');
}

/** Stands in a frame's retries once a Catch has taken over. */
const CAUGHT: number[] = [];

const number = (value: Json | undefined, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

function compileRetrier(definition: Record<string, Json>): Retrier {
  return {
    matches: compileErrorEquals(definition['ErrorEquals']),
    intervalSeconds: number(definition['IntervalSeconds'], 1),
    maxAttempts: number(definition['MaxAttempts'], 3),
    backoffRate: number(definition['BackoffRate'], 2),
    maxDelaySeconds: number(definition['MaxDelaySeconds'], Infinity),
    fullJitter: definition['JitterStrategy'] === 'FULL',
  };
}

/** Outlasts every execution; an infinite one could not be multiplied by a jitter of 0. */
const LONGEST_DELAY_SECONDS = 99_999_999;

/** The delay before retry number `used` + 1 of a Retry entry (ASL spec, "Retrying after error"), before jitter. */
const delaySeconds = (retrier: Retrier, used: number): number => Math.min(retrier.intervalSeconds * retrier.backoffRate ** used, retrier.maxDelaySeconds, LONGEST_DELAY_SECONDS);

/**
 * Retry, then Catch, in the order written: the first Retry entry that matches counts its own attempts; once it is used up the
 * Catch entries are asked. Answers undefined when the state has neither.
 */
export function compileFaultStep(context: StateContext, catchers: readonly Catcher[], attempt: Continuation): FaultStep | undefined {
  const retriers = objects(context.definition['Retry']).map(compileRetrier);
  if (retriers.length === 0 && catchers.length === 0) return undefined;
  const { trace } = context;
  const before = trace?.retriesBefore ?? 0;
  return (frame, fault) => {
    // A Catch whose own fields fail is not caught again, at once or after it has waited for an expression of the library.
    if (fault.terminal || frame.retries === CAUGHT) throw fault;
    const error = fault.error ?? '';
    for (let i = 0; i < retriers.length; i++) {
      const retrier = retriers[i]!;
      if (!retrier.matches(error)) continue;
      const retries = (frame.retries ??= Array.from(retriers, () => before));
      const used = retries[i]!;
      if (used >= retrier.maxAttempts) {
        trace?.exhausted(i);
        break;
      }
      const seconds = delaySeconds(retrier, used);
      if (trace !== undefined) {
        trace.retrying(i, seconds);
        return END;
      }
      retries[i] = used + 1;
      frame.retryCount++;
      frame.bytes = frame.inputBytes;
      return frame.sleep((retrier.fullJitter ? frame.execution.random() * seconds : seconds) * 1000, attempt);
    }
    for (let i = 0; i < catchers.length; i++) {
      const catcher = catchers[i]!;
      if (!catcher.matches(error)) continue;
      trace?.caught(i);
      frame.retries = CAUGHT;
      return catcher.run(frame, fault);
    }
    throw fault;
  };
}

export function objects(list: Json | undefined): Record<string, Json>[] {
  return Array.isArray(list) ? (list as Record<string, Json>[]) : [];
}
