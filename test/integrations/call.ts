import type { TaskCall } from '../../src/asl/types.ts';

/** What the runtime tells a task. */
export const taskCall = (more: Partial<TaskCall> = {}): TaskCall => ({
  executionArn: 'arn:aws:states:local:000000000000:express:m:e:1',
  executionName: 'e',
  stateName: 'Call',
  retryCount: 2,
  signal: new AbortController().signal,
  remainingTimeMs: () => 1234,
  heartbeat: () => undefined,
  ...more,
});
