import { describe, expect, it } from 'vitest';
import { runTestState } from '../../src/test-state/run.ts';

const options = { compatibility: 'extended', arn: { region: 'local', account: '000000000000' } } as const;

describe('numbers in a test of one state', () => {
  it('are answered as AWS prints them, wherever they come from', async () => {
    const definition = '{"Type":"Pass","Parameters":{"l":1.0,"i.$":"$.n","v.$":"$v"},"End":true}';
    const reply = await runTestState({ definition, input: '{"n": 1e3}', variables: '{"v":12345678901234567890}', inspectionLevel: 'DEBUG' }, options);
    expect(reply).toMatchObject({ result: { status: 'SUCCEEDED', output: '{"l":1.0,"i":1000.0,"v":12345678901234567890}', inspectionData: { variables: '{"v":12345678901234567890}' } } });
  });

  it('of settings and mocks are numbers', async () => {
    const definition = '{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:f","Retry":[{"ErrorEquals":["E"],"BackoffRate":2.0,"IntervalSeconds":3.0}],"End":true}';
    expect(await runTestState({ definition, mock: { result: '{"x":1.0}' } }, options)).toMatchObject({ result: { status: 'SUCCEEDED', output: '{"x":1.0}' } });
    const failed = await runTestState({ definition, mock: { errorOutput: { error: 'E' } }, inspectionLevel: 'DEBUG' }, options);
    expect(failed).toMatchObject({ result: { status: 'RETRIABLE', inspectionData: { errorDetails: { retryBackoffIntervalSeconds: 3 } } } });
  });
});
