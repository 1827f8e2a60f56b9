import { Fault } from '../asl/fault.ts';
import type { StateType } from '../asl/types.ts';
import type { TestStateRequest } from './contract.ts';
import type { TestedState } from './definition.ts';
import { invalid, isObject, parseMember, Refusal } from './refusal.ts';
import { shapeFault } from './result-shape.ts';
import { resultShape } from './result-shapes.ts';
import { plainJson } from '../asl/numbers/plain-json.ts';

/** What stands in for a task, or for the bodies of a Map or Parallel. */
export type Mock = { readonly result: unknown } | { readonly fault: Fault };

const MOCKED: ReadonlySet<StateType> = new Set<StateType>(['Task', 'Map', 'Parallel']);

/** The mock of a request, held to the rules of the state; undefined without one. @throws Refusal */
export function parseMock({ mock }: TestStateRequest, { definition }: TestedState): Mock | undefined {
  const { Type: type } = definition;
  if (mock === undefined || mock === null) {
    refuseUnmocked(definition);
    return undefined;
  }
  const { result, errorOutput, fieldValidationMode: mode = 'STRICT' } = mock;
  if ((result === undefined) === (errorOutput === undefined)) throw invalid('A test mock should have only one of the following fields: [result, errorOutput].');
  if (!MOCKED.has(type)) throw invalid(`State type '${type}' is not supported when a mock is specified`);
  if (result === undefined) return { fault: new Fault(errorOutput?.error, errorOutput?.cause) };
  const value = parseMember(result, () => invalid('Mocked result must be valid JSON'));
  if (type === 'Task') checkTaskResult(plainJson(value), String(definition['Resource']), mode);
  else if (definition['ResultWriter'] !== undefined) {
    if (!isObject(value)) throw invalid('Mocked result must be a JSON object.');
  } else if (!Array.isArray(value)) throw invalid('Mocked result must be a JSON array.');
  return { result: value };
}

/** What AWS cannot run for a test; the words for activities, jobs and callbacks are ours. */
function refuseUnmocked({ Type: type, ...definition }: TestedState['definition']): void {
  if (type === 'Map' || type === 'Parallel') {
    throw new Refusal('InvalidDefinition', 'TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]');
  }
  if (type !== 'Task') return;
  const resource = String(definition['Resource']);
  if (/:activity:/.test(resource)) throw new Refusal('InvalidDefinition', 'TestState API does not support Activity tasks unless a mock is specified.');
  const pattern = /\.(sync(?::\d)?|waitForTaskToken)$/.exec(resource)?.[1];
  if (pattern !== undefined) throw new Refusal('InvalidDefinition', `TestState API does not support the .${pattern} service integration pattern unless a mock is specified.`);
}

function checkTaskResult(value: unknown, resource: string, mode: 'STRICT' | 'PRESENT' | 'NONE'): void {
  const shape = mode === 'NONE' ? undefined : resultShape(resource);
  if (shape === undefined) return;
  if (!isObject(value)) throw invalid('Mocked result must be a JSON object.');
  const fault = shapeFault(value, shape, 'result', mode === 'STRICT');
  if (fault !== undefined) throw invalid(`Mock result schema validation error: ${fault}`);
}
