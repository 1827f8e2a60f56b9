import { hash } from 'node:crypto';

/** Where the machines of this process are said to live: `arn:aws:states:<region>:<account>`. */
export interface ArnScope {
  readonly region: string;
  readonly account: string;
}

export const DEFAULT_ARN_SCOPE: ArnScope = { region: 'local', account: '000000000000' };

export const machineArn = (scope: ArnScope, machine: string): string => `arn:aws:states:${scope.region}:${scope.account}:stateMachine:${machine}`;

/**
 * The ARN of an express execution, in AWS's form: `…:express:<machine>:<name>:<id>`.
 *
 * The id is computed from the machine, the name and the start time, so that every thread that is asked gives the same
 * answer, and an execution that runs again after its worker died keeps its ARN.
 */
export function executionArn(scope: ArnScope, machine: string, name: string, startTimeMs: number): string {
  const digest = hash('sha1', `${machine}\n${name}\n${startTimeMs}`);
  // Joined in one piece: a template keeps its sixteen parts, which is 500 bytes more for as long as the execution is remembered.
  const id = [digest.slice(0, 8), digest.slice(8, 12), `5${digest.slice(13, 16)}`, `a${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
  return ['arn:aws:states', scope.region, scope.account, 'express', machine, name, id].join(':');
}
