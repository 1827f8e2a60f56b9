import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineOf, pass, ROLE, serveAws, task, type AwsServer } from './serving.ts';

let aws: AwsServer;
beforeAll(async () => {
  aws = await serveAws({ machines: { known: { definition: pass('here') } }, limits: { blockedMs: 1000 } });
});
afterAll(() => aws.close());

const KNOWN = 'arn:aws:states:local:000000000000:stateMachine:known';

describe('requests that are not right', () => {
  it.each(['AWSStepFunctions.GetActivityTask2', 'AWSStepFunctions.__proto__', 'AWSStepFunctions.constructor', 'DynamoDB_20120810.GetItem', ''])('of an unknown operation: %j', async (target) => {
    expect(await aws.send(target, '{}')).toMatchObject({ status: 400, json: { __type: 'UnknownOperationException' } });
  });

  it('without a target', async () => {
    const response = await fetch(aws.url, { method: 'POST', body: '{}' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });

  it.each(['{', '[1]', '"text"', '7', 'null', '\u0000'])('with a body that is no JSON object: %j', async (body) => {
    expect(await aws.send('AWSStepFunctions.CreateStateMachine', body)).toMatchObject({ status: 400, json: { __type: 'SerializationException' } });
  });

  it('with members missing or out of bounds: all of them are named', async () => {
    expect((await aws.send('AWSStepFunctions.CreateStateMachine', '')).json).toEqual({
      __type: 'ValidationException',
      message: "3 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; Value null at 'definition' failed to satisfy constraint: Member must not be null; Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    });
    expect((await aws.call('CreateStateMachine', { name: 'n'.repeat(81), definition: pass(1), roleArn: ROLE })).json.message).toBe(
      `1 validation error detected: Value '${'n'.repeat(81)}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80`,
    );
    expect((await aws.call('CreateStateMachine', { name: 'n', definition: pass(1), roleArn: ROLE, type: 'FAST' })).json.message).toContain("Value 'FAST' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]");
    expect((await aws.call('TestState', { definition: pass(1), inspectionLevel: 'ALL', mock: { fieldValidationMode: 'LAX' }, stateConfiguration: { retrierRetryCount: -1 } })).json.message).toMatch(
      /^3 validation errors detected: .*'inspectionLevel'.*'mock\.fieldValidationMode'.*'stateConfiguration\.retrierRetryCount' failed to satisfy constraint: Member must have value greater than or equal to 0$/,
    );
  });

  it('with members of a wrong type', async () => {
    for (const request of [{ definition: 7 }, { definition: '{}', mock: 'x' }, { definition: '{}', revealSecrets: 'yes' }, { definition: '{}', stateConfiguration: { retrierRetryCount: 1.5 } }]) {
      expect((await aws.call('TestState', request)).json.__type).toBe('SerializationException');
    }
  });

  it('with names, ARNs and inputs that AWS refuses', async () => {
    const faults = await Promise.all([
      aws.call('CreateStateMachine', { name: 'a b', definition: pass(1), roleArn: ROLE }),
      aws.call('CreateStateMachine', { name: 'ok', definition: pass(1), roleArn: 'somebody' }),
      aws.call('CreateStateMachine', { name: 'ok', definition: pass(1), roleArn: ROLE, loggingConfiguration: { level: 'ALL' } }),
      aws.call('CreateStateMachine', { name: 'ok', definition: pass(1), roleArn: ROLE, versionDescription: 'v' }),
      aws.call('StartSyncExecution', { stateMachineArn: 'known' }),
      aws.call('StartSyncExecution', { stateMachineArn: KNOWN.replace('stateMachine', 'activity') }),
      aws.call('StartSyncExecution', { stateMachineArn: `${KNOWN}:alias` }),
      aws.call('StartSyncExecution', { stateMachineArn: KNOWN, name: 'a/b' }),
      aws.call('StartSyncExecution', { stateMachineArn: KNOWN, input: '' }),
      aws.call('StartExecution', { stateMachineArn: KNOWN, input: '{' }),
      aws.call('StartExecution', { stateMachineArn: KNOWN, input: JSON.stringify('x'.repeat(262_143)) }),
    ]);
    expect(faults.map(({ status }) => status)).toEqual(faults.map(() => 400));
    expect(faults.map(({ json }) => json.__type)).toEqual([
      'InvalidName', 'InvalidArn', 'InvalidLoggingConfiguration', 'ValidationException', 'InvalidArn', 'InvalidArn', 'StateMachineDoesNotExist', 'InvalidName', 'InvalidExecutionInput', 'InvalidExecutionInput', 'ValidationException',
    ]);
    expect(faults[8]!.json.message).toBe("Invalid State Machine Execution Input: 'Invalid execution input.'");
  });
});

describe('large and hostile definitions', () => {
  it('of a mebibyte are taken, a byte more is not', async () => {
    const filled = (bytes: number): string => {
      const bare = machineOf({ Type: 'Pass', Comment: '', End: true });
      return bare.replace('""', `"${'x'.repeat(bytes - bare.length)}"`);
    };
    expect((await aws.call('CreateStateMachine', { name: 'large', roleArn: ROLE, type: 'EXPRESS', definition: filled(1_048_576) })).status).toBe(200);
    const { status, json } = await aws.call('CreateStateMachine', { name: 'larger', roleArn: ROLE, type: 'EXPRESS', definition: filled(1_048_577) });
    expect({ status, type: json.__type }).toEqual({ status: 400, type: 'ValidationException' });
    expect(json.message.length).toBeLessThan(500);
  });

  it('larger than any request may be are cut off', async () => {
    expect(await aws.send('AWSStepFunctions.CreateStateMachine', `{"definition":"${'x'.repeat(9_000_000)}"}`)).toMatchObject({ status: 413 });
  });

  it('that are deep are refused, and the server answers on', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const action of ['CreateStateMachine', 'ValidateStateMachineDefinition', 'TestState']) {
      const { status } = await aws.call(action, { name: 'deep', roleArn: ROLE, definition: `{"StartAt":"A","States":{"A":{"Type":"Pass","Result":${deep},"End":true}}}` });
      expect([200, 400]).toContain(status);
    }
    expect((await aws.call('StartSyncExecution', { stateMachineArn: KNOWN })).json.output).toBe('"here"');
  });

  it('with names from Object.prototype are definitions like others', async () => {
    const definition = '{"StartAt":"__proto__","States":{"__proto__":{"Type":"Pass","Next":"constructor"},"constructor":{"Type":"Pass","End":true}}}';
    const { status, json } = await aws.call('CreateStateMachine', { name: 'constructor', roleArn: ROLE, type: 'EXPRESS', definition });
    expect(status).toBe(200);
    expect((await aws.call('StartSyncExecution', { stateMachineArn: json.stateMachineArn, input: '{"__proto__":1}' })).json.output).toBe('{"__proto__":1}');
    expect(await aws.send('AWSStepFunctions.CreateStateMachine', '{"__proto__":{"name":"n","definition":"{}","roleArn":"r"}}')).toMatchObject({ json: { __type: 'ValidationException' } });
  });
});

describe('TestState', () => {
  it('runs beside the workers, calls functions, and answers texts', async () => {
    const request = { definition: JSON.stringify(task('double')), input: '{"n": 4}', inspectionLevel: 'DEBUG', roleArn: ROLE };
    expect((await aws.call('TestState', request)).json).toEqual({
      status: 'SUCCEEDED',
      output: '{"n":8}',
      inspectionData: { input: '{"n": 4}', afterInputPath: '{"n": 4}', afterParameters: '{"n": 4}', result: '{"n":8}', afterResultSelector: '{"n":8}', afterResultPath: '{"n":8}' },
    });
    expect((await aws.call('TestState', { definition: JSON.stringify(task('fail')) })).json).toMatchObject({ status: 'FAILED', error: 'Refused' });
  });

  it('takes null for absent', async () => {
    const nothing = { stateName: null, input: null, inspectionLevel: null, mock: null, variables: null, context: null, stateConfiguration: null };
    expect((await aws.call('TestState', { definition: '{"Type":"Succeed"}', ...nothing })).json).toEqual({ status: 'SUCCEEDED', output: '{}' });
    const sqs = JSON.stringify({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true });
    expect((await aws.call('TestState', { definition: sqs, mock: { result: '{}', errorOutput: null, fieldValidationMode: null } })).json).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('refuses as AWS does', async () => {
    expect(await aws.call('TestState', { definition: '{"Type":"Succeed"}', mock: { result: '1' } })).toMatchObject({ status: 400, json: { __type: 'ValidationException', message: "State type 'Succeed' is not supported when a mock is specified" } });
    expect(await aws.call('TestState', { definition: '{"Type":"Nap"}' })).toMatchObject({ status: 400, json: { __type: 'InvalidDefinition' } });
  });

  it('holds nothing up while what it tests hangs', async () => {
    const hung = aws.call('TestState', { definition: JSON.stringify(task('spin')) });
    expect((await aws.call('StartSyncExecution', { stateMachineArn: KNOWN })).json.output).toBe('"here"');
    expect((await aws.call('TestState', { definition: '{"Type":"Succeed"}', input: '7' })).json).toEqual({ status: 'SUCCEEDED', output: '7' });
    expect((await hung).json).toEqual({ status: 'FAILED', error: 'States.Runtime', cause: 'The state held its thread for more than 1000 ms without a break.' });
  });
});
