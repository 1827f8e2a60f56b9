import type { Action } from './action.ts';
import { startExecution, startSyncExecution } from './executions.ts';
import { createStateMachine, deleteStateMachine, describeStateMachine, listStateMachines, validateStateMachineDefinition } from './machines.ts';
import { testState } from './test-state.ts';

/** The actions that are answered, by name; one line each. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['CreateStateMachine', createStateMachine],
  ['DeleteStateMachine', deleteStateMachine],
  ['DescribeStateMachine', describeStateMachine],
  ['ListStateMachines', listStateMachines],
  ['StartExecution', startExecution],
  ['StartSyncExecution', startSyncExecution],
  ['TestState', testState],
  ['ValidateStateMachineDefinition', validateStateMachineDefinition],
]);
