import { expect } from 'vitest';
import type { TaskResolver } from '../../src/asl/types.ts';
import type { TestStateRequest, TestStateResult } from '../../src/test-state/contract.ts';
import { runTestState } from '../../src/test-state/run.ts';

export interface Tested extends Partial<Omit<TestStateRequest, 'definition' | 'input' | 'variables' | 'context'>> {
  readonly input?: unknown;
  readonly variables?: unknown;
  readonly context?: unknown;
  readonly resolveTask?: TaskResolver;
}

const text = (value: unknown): string | undefined => (value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value));

/** Tests a state given as a value; data may be given as values too. */
export const reply = ({ resolveTask, input, variables, context, ...more }: Tested, definition: unknown) =>
  runTestState(
    { ...more, definition: text(definition)!, input: text(input), variables: text(variables), context: text(context) },
    { compatibility: 'strict', arn: { region: 'us-east-1', account: '123456789012' }, ...(resolveTask === undefined ? {} : { resolveTask }) },
  );

export async function tested(definition: unknown, options: Tested = {}): Promise<TestStateResult> {
  const answer = await reply(options, definition);
  if ('refusal' in answer) throw new Error(`${answer.refusal.code}: ${answer.refusal.message}`);
  return answer.result;
}

export async function refused(definition: unknown, options: Tested = {}): Promise<string> {
  const answer = await reply(options, definition);
  expect(answer).toHaveProperty('refusal');
  return 'refusal' in answer ? `${answer.refusal.code}: ${answer.refusal.message}` : '';
}

/** Members of an inspection as data. */
export const inspected = (result: TestStateResult): Record<string, unknown> =>
  Object.fromEntries(Object.entries(result.inspectionData ?? {}).map(([member, value]) => [member, typeof value === 'string' ? JSON.parse(value) : value]));
