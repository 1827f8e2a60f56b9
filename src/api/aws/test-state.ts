import type { TestStateRequest } from '../../test-state/contract.ts';
import type { Action } from './action.ts';
import { AwsFault } from './fault.ts';
import { knownMembers, type Shape } from './members.ts';

const LONGEST_DATA = 262_144;

const shape: Shape = {
  definition: { type: 'string', required: true, min: 1, max: 1_048_576, sensitive: true },
  roleArn: { type: 'string', min: 1, max: 256 },
  input: { type: 'string', max: LONGEST_DATA, sensitive: true },
  inspectionLevel: { type: 'string', values: ['INFO', 'DEBUG', 'TRACE'] },
  revealSecrets: { type: 'boolean' },
  variables: { type: 'string', max: LONGEST_DATA, sensitive: true },
  stateName: { type: 'string', min: 1, max: 80 },
  context: { type: 'string', max: LONGEST_DATA, sensitive: true },
  mock: {
    type: 'structure',
    members: {
      result: { type: 'string', max: LONGEST_DATA, sensitive: true },
      errorOutput: { type: 'structure', members: { error: { type: 'string', max: 256, sensitive: true }, cause: { type: 'string', max: 32_768, sensitive: true } } },
      fieldValidationMode: { type: 'string', values: ['STRICT', 'PRESENT', 'NONE'] },
    },
  },
  stateConfiguration: {
    type: 'structure',
    members: {
      retrierRetryCount: { type: 'integer', min: 0 },
      errorCausedByState: { type: 'string', min: 1, max: 80 },
      mapIterationFailureCount: { type: 'integer', min: 0 },
      mapItemReaderData: { type: 'string', max: LONGEST_DATA, sensitive: true },
    },
  },
};

export const testState: Action = {
  request: shape,
  async run({ engine }, request) {
    const reply = await engine.testState(knownMembers(request, shape) as unknown as TestStateRequest);
    if ('refusal' in reply) throw new AwsFault(reply.refusal.code, reply.refusal.message);
    return reply.result;
  },
};
