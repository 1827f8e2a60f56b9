import { FAULTS, MillraceError } from '../../errors.ts';
import type { FaultName } from '../../errors.ts';

/** What an action is refused with: AWS's exception name and message. Not an Error: it says nothing of this program. */
export class AwsFault {
  readonly code: string;
  readonly message: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    this.code = code;
    this.message = message;
    this.status = status;
  }
}

/** The platform's faults under the names by which an AWS SDK knows them, so that it retries what passes. */
const AWS_CODES: Partial<Record<FaultName, { readonly code: string; readonly status: number }>> = {
  AT_CAPACITY: { code: 'ThrottlingException', status: 400 },
  JOURNAL_FULL: { code: 'ThrottlingException', status: 400 },
  JOURNAL_UNAVAILABLE: { code: 'ServiceUnavailable', status: 503 },
  DRAINING: { code: 'ServiceUnavailable', status: 503 },
  NO_SUCH_MACHINE: { code: 'StateMachineDoesNotExist', status: 400 },
  NO_SUCH_EXECUTION: { code: 'ExecutionDoesNotExist', status: 400 },
  INVALID_NAME: { code: 'InvalidName', status: 400 },
  INVALID_JSON: { code: 'SerializationException', status: 400 },
  BAD_REQUEST: { code: 'ValidationException', status: 400 },
  INPUT_REJECTED: { code: 'InvalidExecutionInput', status: 400 },
  PAYLOAD_TOO_LARGE: { code: 'InvalidExecutionInput', status: 400 },
  INVALID_DEFINITION: { code: 'InvalidDefinition', status: 400 },
};

/** Undefined for what nobody foresaw, which is the log's to tell. */
export function toAwsFault(error: unknown): AwsFault | undefined {
  if (error instanceof AwsFault) return error;
  if (!(error instanceof MillraceError) || error.code === 'INTERNAL') return undefined;
  const known = AWS_CODES[error.code];
  return known === undefined ? new AwsFault('InternalFailure', error.message, Math.max(500, FAULTS[error.code].http)) : new AwsFault(known.code, error.message, known.status);
}
