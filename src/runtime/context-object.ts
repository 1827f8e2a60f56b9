import type { Json, StateType } from '../asl/types.ts';
import type { RunFrame } from './frame.ts';

/** States that can have a Retry are told how often it has been used; AWS leaves the member out of the others. */
const RETRIED: ReadonlySet<StateType> = new Set<StateType>(['Task', 'Parallel', 'Map']);

/** The context object as of now (ASL spec, "The Context Object"), in AWS's shape for EXPRESS. */
export function contextObject(frame: RunFrame): Json {
  const { execution } = frame;
  const { context: given } = execution.origin;
  if (given !== undefined) return given;
  let at: RunFrame = frame;
  // A child whose first state has not begun (an ItemSelector is being read) is still in its parent's state.
  while (at.state < 0 && at.parent !== null) at = at.parent;
  if (at.enteredAt === 0) at.enteredAt = execution.now();
  const state: Record<string, Json> = { Name: at.program.names[at.state]!, EnteredTime: new Date(at.enteredAt).toISOString() };
  if (RETRIED.has(at.program.types[at.state]!)) state['RetryCount'] = at.retryCount;
  const context: Record<string, Json> = {
    Execution: {
      Id: execution.arn,
      Input: execution.input as Json,
      StartTime: new Date(execution.startTimeMs).toISOString(),
      Name: execution.name,
      RoleArn: execution.roleArn,
    },
    StateMachine: { Id: execution.machineArn, Name: execution.machineName },
    State: state,
  };
  const event = execution.origin.eventOf?.(execution.index);
  if (event !== undefined) context['Event'] = event;
  for (let inner: RunFrame | null = frame; inner !== null; inner = inner.parent) {
    if (inner.item === null) continue;
    context['Map'] = { Item: { Index: inner.item.index, Value: inner.item.value as Json } };
    break;
  }
  return context;
}
