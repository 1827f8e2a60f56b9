import type { EngineApi } from '../contract.ts';
import type { MachineRecords } from './machine-records.ts';
import type { Request, Shape } from './members.ts';

/** What actions share. */
export interface AwsScope {
  readonly engine: EngineApi;
  readonly records: MachineRecords;
}

/** One action of AWSStepFunctions: the shape of its request, and what it does. Dates are answered as epoch seconds. */
export interface Action {
  readonly request: Shape;
  /** Answers the members of the response; undefined ones are left out. Raises AwsFault or MillraceError. */
  run(scope: AwsScope, request: Request): Promise<object> | object;
}

export const epochSeconds = (unixMs: number): number => unixMs / 1000;
