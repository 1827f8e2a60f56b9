import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineOf, pass, ROLE, serveAws, task, type AwsServer } from './serving.ts';

let aws: AwsServer;
beforeAll(async () => {
  aws = await serveAws({ machines: { configured: { definition: pass('configured') } }, arn: { region: 'eu-west-1', account: '123456789012' } });
});
afterAll(() => aws.close());

let serial = 0;
const create = (definition: string, more: object = {}) => aws.call('CreateStateMachine', { name: `machine-${++serial}`, type: 'EXPRESS', roleArn: ROLE, definition, ...more });
const arnOf = (name: string): string => `arn:aws:states:eu-west-1:123456789012:stateMachine:${name}`;

describe('machines over the AWS protocol', () => {
  it('are made, described, run and deleted', async () => {
    const before = Date.now() / 1000;
    const { status, type, json } = await create(machineOf(task('double')));
    expect({ status, type }).toEqual({ status: 200, type: 'application/x-amz-json-1.0' });
    expect(json).toEqual({ stateMachineArn: arnOf(`machine-${serial}`), creationDate: expect.any(Number) });
    expect(Math.abs(json.creationDate - before)).toBeLessThan(60);

    const { stateMachineArn } = json;
    expect((await aws.call('DescribeStateMachine', { stateMachineArn })).json).toMatchObject({ stateMachineArn, status: 'ACTIVE', type: 'EXPRESS', roleArn: ROLE, definition: machineOf(task('double')), loggingConfiguration: { level: 'OFF' } });

    const run = (await aws.call('StartSyncExecution', { stateMachineArn, input: '{"n":21}', name: 'answer' })).json;
    expect(run).toMatchObject({ status: 'SUCCEEDED', name: 'answer', input: '{"n":21}', output: '{"n":42}', stateMachineArn, outputDetails: { included: true }, billingDetails: { billedMemoryUsedInMB: 64 } });
    expect(run.executionArn).toMatch(/^arn:aws:states:eu-west-1:123456789012:express:machine-\d+:answer:[\w-]+$/);
    expect(run.stopDate).toBeGreaterThanOrEqual(run.startDate);

    expect(await aws.call('DeleteStateMachine', { stateMachineArn })).toMatchObject({ status: 200, json: {} });
    expect((await aws.call('StartSyncExecution', { stateMachineArn })).json).toEqual({ __type: 'StateMachineDoesNotExist', message: `State Machine Does Not Exist: '${stateMachineArn}'` });
    expect((await aws.call('DeleteStateMachine', { stateMachineArn })).status).toBe(200);
  });

  it('name the role that they were made with in their context object', async () => {
    const { json } = await create(machineOf({ Type: 'Pass', Parameters: { 'role.$': '$$.Execution.RoleArn' }, End: true }));
    expect(JSON.parse((await aws.call('StartSyncExecution', { stateMachineArn: json.stateMachineArn })).json.output)).toEqual({ role: ROLE });
  });

  it('fail with 200, as executions that were run', async () => {
    const { json } = await create(machineOf(task('fail')));
    expect(await aws.call('StartSyncExecution', { stateMachineArn: json.stateMachineArn })).toMatchObject({ status: 200, json: { status: 'FAILED', error: 'Refused' } });
  });

  it('are made twice only if they are the same', async () => {
    const same = { name: 'twice', type: 'EXPRESS', roleArn: ROLE, definition: pass(1) };
    const first = (await aws.call('CreateStateMachine', same)).json;
    expect((await aws.call('CreateStateMachine', { ...same, roleArn: `${ROLE}-2` })).json).toEqual(first);
    for (const other of [{ definition: pass(2) }, { type: 'STANDARD' }]) {
      expect((await aws.call('CreateStateMachine', { ...same, ...other })).json).toEqual({ __type: 'StateMachineAlreadyExists', message: `State Machine Already Exists: '${arnOf('twice')}'` });
    }
    const racing = await Promise.all([1, 2, 3].map((n) => aws.call('CreateStateMachine', { ...same, name: 'raced', definition: pass(n) })));
    expect(racing.map(({ status }) => status).toSorted()).toEqual([200, 400, 400]);
  });

  it('of the configuration are there too, and cannot be taken over', async () => {
    expect((await aws.call('CreateStateMachine', { name: 'configured', roleArn: ROLE, definition: pass(0) })).json.__type).toBe('StateMachineAlreadyExists');
    expect((await aws.call('DescribeStateMachine', { stateMachineArn: arnOf('configured') })).json).toMatchObject({ name: 'configured', type: 'EXPRESS' });
    const elsewhere = arnOf('configured').replace('eu-west-1:123456789012', 'us-east-2:000000000001');
    expect((await aws.call('StartSyncExecution', { stateMachineArn: elsewhere })).json.output).toBe('"configured"');
  });

  it('are refused with every mistake, in the words of AWS', async () => {
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, C: { Type: 'Wait', Seconds: -1, End: true } } });
    const { status, json } = await create(definition);
    expect(status).toBe(400);
    expect(json.__type).toBe('InvalidDefinition');
    expect(json.message).toMatch(/^Invalid State Machine Definition: '.*SCHEMA_VALIDATION_FAILED.*MISSING_TRANSITION_TARGET/);
    const callback = machineOf({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', Parameters: { QueueUrl: 'q', MessageBody: 'm' }, End: true });
    expect((await create(callback)).json.message).toContain('Express state machine does not support');
    expect((await create(callback, { type: 'STANDARD' })).status).toBe(200);
  });

  it('of type STANDARD take no synchronous starts; asynchronous ones they do', async () => {
    const { stateMachineArn } = (await create(pass('x'), { type: undefined })).json;
    expect((await aws.call('StartSyncExecution', { stateMachineArn })).json.__type).toBe('StateMachineTypeNotSupported');
    const { executionArn, startDate } = (await aws.call('StartExecution', { stateMachineArn, input: '{}' })).json;
    expect(startDate).toEqual(expect.any(Number));
    await expect.poll(() => aws.engine.describe(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '"x"' });
  });

  it('are listed by pages, in the order of their names', async () => {
    await Promise.all(['list-c', 'list-a', 'list-b'].map((name) => aws.call('CreateStateMachine', { name, roleArn: ROLE, definition: pass(0), type: 'EXPRESS' })));
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const { json } = await aws.call('ListStateMachines', { maxResults: 2, nextToken });
      expect(json.stateMachines.length).toBeLessThanOrEqual(2);
      names.push(...json.stateMachines.map(({ name }: { name: string }) => name));
      nextToken = json.nextToken;
    } while (nextToken !== undefined);
    expect(names).toEqual(aws.engine.machines().map(({ name }) => name).toSorted());
    expect((await aws.call('ListStateMachines', { nextToken: '?' })).json.__type).toBe('InvalidToken');
  });

  it('come and go by the thousand without leaving anything behind', async () => {
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 15 }, async (_, i) => {
          const { stateMachineArn } = (await aws.call('CreateStateMachine', { name: `churn-${round}-${i}`, type: 'EXPRESS', roleArn: ROLE, definition: pass(i) })).json;
          expect((await aws.call('StartSyncExecution', { stateMachineArn })).json.output).toBe(String(i));
          await aws.call('DeleteStateMachine', { stateMachineArn });
        }),
      );
    }
    expect(aws.engine.machines().filter(({ name }) => name.startsWith('churn'))).toEqual([]);
    const labels = new Set([...(await aws.engine.metrics()).body.matchAll(/machine="(churn-[^"]+)"/g)].map(([, name]) => name));
    expect(labels.size).toBeLessThan(150);
  });
});

describe('ValidateStateMachineDefinition', () => {
  it('answers codes, severities and places', async () => {
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true }, B: { Type: 'Nap', End: true } } });
    const { json } = await aws.call('ValidateStateMachineDefinition', { definition });
    expect(json).toMatchObject({ result: 'FAIL', truncated: false });
    expect(json.diagnostics[0]).toMatchObject({ severity: 'ERROR', code: 'SCHEMA_VALIDATION_FAILED', location: '/States/B/Type' });
    expect((await aws.call('ValidateStateMachineDefinition', { definition, maxResults: 1 })).json.diagnostics).toHaveLength(1);
    expect((await aws.call('ValidateStateMachineDefinition', { definition: pass(1) })).json).toEqual({ result: 'OK', diagnostics: [], truncated: false });
  });
});
