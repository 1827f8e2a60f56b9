import { UnrecoverableError } from 'bullmq';
import type { End } from '../../delivery/contract.ts';

/**
 * What a job fails with: `failedReason` is error and cause, the stack names the execution. An event that was refused, or is
 * poison, fails the same way however often it is tried: its job fails for good, whatever attempts it has left.
 */
export function failureOf(end: End, execution: string): Error {
  const error = end.error ?? end.status;
  const reason = end.cause === undefined || end.cause === '' ? error : `${error}: ${end.cause}`;
  const failure = end.status === 'REJECTED' || end.status === 'POISON' ? new UnrecoverableError(reason) : new Error(reason);
  failure.stack = `${reason}\n    at execution ${execution}, ${end.status} after ${end.stopTimeMs - end.startTimeMs} ms`;
  return failure;
}
