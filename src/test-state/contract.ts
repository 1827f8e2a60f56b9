import { MAX_TIMEOUT_SECONDS } from '../asl/types.ts';

export const MAX_TEST_SECONDS = MAX_TIMEOUT_SECONDS;

/** A TestState request, as AWS has it: texts hold JSON. */
export interface TestStateRequest {
  /** One state, or a whole state machine when `stateName` names a state of it. */
  readonly definition: string;
  readonly stateName?: string | undefined;
  readonly input?: string | undefined;
  readonly inspectionLevel?: 'INFO' | 'DEBUG' | 'TRACE' | undefined;
  readonly mock?: MockInput | undefined;
  readonly variables?: string | undefined;
  /** The context object, which the one that would be made up gives way to. */
  readonly context?: string | undefined;
  readonly stateConfiguration?: StateConfiguration | undefined;
  readonly roleArn?: string | undefined;
  readonly revealSecrets?: boolean | undefined;
}

export interface MockInput {
  readonly result?: string | undefined;
  readonly errorOutput?: { readonly error?: string | undefined; readonly cause?: string | undefined } | undefined;
  readonly fieldValidationMode?: 'STRICT' | 'PRESENT' | 'NONE' | undefined;
}

export interface StateConfiguration {
  /** How often the Retry entry that takes the mocked error has been used. */
  readonly retrierRetryCount?: number | undefined;
  /** The state of a branch or an iteration in which the mocked error arises. */
  readonly errorCausedByState?: string | undefined;
  readonly mapIterationFailureCount?: number | undefined;
  /** What an ItemReader would read, in its original form. */
  readonly mapItemReaderData?: string | undefined;
}

/** The answer; members that hold data are JSON text. */
export interface TestStateResult {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'RETRIABLE' | 'CAUGHT_ERROR';
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
  readonly nextState?: string | undefined;
  readonly inspectionData?: InspectionData | undefined;
}

export type InspectionText =
  | 'input' | 'afterArguments' | 'afterInputPath' | 'afterParameters' | 'afterItemsPath' | 'afterItemSelector' | 'result'
  | 'afterResultSelector' | 'afterResultPath' | 'variables';

export type InspectionData = { readonly [member in InspectionText]?: string } & {
  readonly maxConcurrency?: number;
  readonly toleratedFailureCount?: number;
  readonly toleratedFailurePercentage?: number;
  readonly errorDetails?: { readonly catchIndex?: number; readonly retryIndex?: number; readonly retryBackoffIntervalSeconds?: number };
};

/** Why a request is refused, by AWS's name for it. */
export interface TestStateRefusal {
  readonly code: 'ValidationException' | 'InvalidDefinition' | 'InvalidExecutionInput';
  readonly message: string;
}

/** Plain data: it crosses threads. */
export type TestStateReply = { readonly result: TestStateResult } | { readonly refusal: TestStateRefusal };
