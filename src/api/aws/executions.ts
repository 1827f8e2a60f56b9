import { epochSeconds, type Action } from './action.ts';
import { AwsFault } from './fault.ts';
import { served } from './machines.ts';
import { memberOf, type Request, type Shape } from './members.ts';
import { checkExecutionName } from '../execution-name.ts';

const start: Shape = {
  stateMachineArn: { type: 'string', required: true, min: 1, max: 256 },
  name: { type: 'string', min: 1, max: 80 },
  input: { type: 'string', max: 262_144, sensitive: true },
  traceHeader: { type: 'string', max: 256 },
};

/** The input's text as the event's bytes. @throws AwsFault InvalidExecutionInput */
export function executionInput(request: Request): { input: string; bytes: Buffer } {
  const input = (memberOf(request, 'input') ?? '{}') as string;
  try {
    JSON.parse(input);
  } catch (error) {
    const why = input.trim() === '' ? 'Invalid execution input.' : (error as Error).message;
    throw new AwsFault('InvalidExecutionInput', `Invalid State Machine Execution Input: '${why}'`);
  }
  return { input, bytes: Buffer.from(input) };
}

function executionName(request: Request): string | undefined {
  const name = memberOf(request, 'name') as string | undefined;
  if (name === undefined) return undefined;
  try {
    checkExecutionName(name);
  } catch {
    throw new AwsFault('InvalidName', `Invalid Name: '${name}'`);
  }
  return name;
}

export const startExecution: Action = {
  request: start,
  async run(scope, request) {
    const { machine } = served(scope, memberOf(request, 'stateMachineArn') as string);
    const name = executionName(request);
    const started = await scope.engine.start(machine.name, executionInput(request).bytes, name);
    return { executionArn: started.executionArn, startDate: epochSeconds(started.startTimeMs) };
  },
};

export const startSyncExecution: Action = {
  request: { ...start, includedData: { type: 'string', values: ['ALL_DATA', 'METADATA_ONLY'] } },
  async run(scope, request) {
    const { machine, record } = served(scope, memberOf(request, 'stateMachineArn') as string);
    if (record?.type === 'STANDARD') throw new AwsFault('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine');
    const name = executionName(request);
    const { input, bytes } = executionInput(request);
    const execution = await scope.engine.startSync(machine.name, bytes, name);
    const withData = memberOf(request, 'includedData') !== 'METADATA_ONLY';
    return {
      executionArn: execution.executionArn,
      stateMachineArn: machine.arn,
      name: execution.name,
      startDate: epochSeconds(execution.startTimeMs),
      stopDate: epochSeconds(execution.stopTimeMs),
      status: execution.status,
      error: execution.error,
      cause: execution.cause,
      input: withData ? input : undefined,
      inputDetails: { included: withData },
      output: withData ? execution.output : undefined,
      outputDetails: execution.output === undefined ? undefined : { included: withData },
      traceHeader: memberOf(request, 'traceHeader'),
      billingDetails: { billedMemoryUsedInMB: execution.billedMemoryMB, billedDurationInMilliseconds: execution.billedDurationMs },
    };
  },
};
