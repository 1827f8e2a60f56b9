import { randomUUID } from 'node:crypto';
import { FAULTS, MillraceError } from '../errors.ts';
import type { FaultName } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';

/** When a caller may try again, in seconds: about as long as the cause takes to pass. */
const RETRY_AFTER_SECONDS: Partial<Record<FaultName, number>> = { AT_CAPACITY: 1, JOURNAL_FULL: 5, JOURNAL_UNAVAILABLE: 10, DRAINING: 5 };

/** What a refused request is answered with. */
export interface FaultAnswer {
  readonly status: number;
  readonly code: FaultName;
  readonly message: string;
  readonly retryAfterSeconds: number | undefined;
}

/**
 * Turns whatever was raised into an answer. What is not a MillraceError is INTERNAL: its text and stack go to the log under a
 * number that the answer names, and nowhere else.
 */
export function faultAnswer(error: unknown, log: Log): FaultAnswer {
  if (error instanceof HttpFault) return { status: error.status, code: error.code, message: error.message, retryAfterSeconds: undefined };
  if (error instanceof MillraceError) {
    if (error.code === 'INTERNAL') log.error('A request failed.', { error });
    return { status: error.httpStatus, code: error.code, message: error.message, retryAfterSeconds: RETRY_AFTER_SECONDS[error.code] };
  }
  const incident = randomUUID();
  log.error('A request failed unexpectedly.', { incident, error });
  return { status: FAULTS.INTERNAL.http, code: 'INTERNAL', message: `Something failed that should not have; the log says more under incident ${incident}.`, retryAfterSeconds: undefined };
}

/** A fault of the HTTP exchange itself, with the status that HTTP has for it (408, 415, 431) instead of the code's usual one. */
export class HttpFault extends MillraceError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('BAD_REQUEST', message);
    this.status = status;
  }
}

export const faultJson = (code: FaultName, message: string): string => `{"code":"${code}","message":${JSON.stringify(message)}}`;
