import { AwsFault } from './fault.ts';

const MACHINE = /^arn:aws[a-z-]*:states:[a-z0-9-]*:[0-9]*:stateMachine:([^:]+)$/;

/**
 * The state machine that an ARN names. Account and region are not compared: a client keeps the ARNs that it has on AWS.
 * Versions and aliases (a further part of the ARN) are not kept here.
 *
 * @throws AwsFault InvalidArn, StateMachineDoesNotExist
 */
export function machineOfArn(arn: string): string {
  if (!arn.startsWith('arn:')) throw new AwsFault('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${arn}'`);
  const name = MACHINE.exec(arn)?.[1];
  if (name !== undefined) return name;
  if (/^arn:aws[a-z-]*:states:[^:]*:[^:]*:stateMachine:[^:]+:[^:]+$/.test(arn)) throw noSuchMachine(arn);
  throw new AwsFault('InvalidArn', `Invalid Arn: 'Resource type not valid in this context: ${arn.split(':')[5] ?? ''}'`);
}

export const noSuchMachine = (arn: string): AwsFault => new AwsFault('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
