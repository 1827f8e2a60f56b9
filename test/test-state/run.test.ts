import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/asl/fault.ts';
import { inspected, refused, tested } from './testing.ts';

const TASK = { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true };
const MAP = { Type: 'Map', ItemProcessor: { StartAt: 'Each', States: { Each: { Type: 'Pass', End: true } } }, End: true };
const MOCKED = { mock: { result: '{"MessageId":"m-1"}' } };

describe('a state by itself', () => {
  it('leads to names that are not there', async () => {
    const choice = { Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'One' }], Default: 'Other' };
    expect(await tested(choice, { input: { n: 1 } })).toEqual({ status: 'SUCCEEDED', output: '{"n":1}', nextState: 'One' });
    expect(await tested(choice, { input: { n: 2 } })).toMatchObject({ nextState: 'Other' });
    expect(await tested({ Type: 'Pass', Next: 'Onwards' })).toMatchObject({ nextState: 'Onwards', output: '{}' });
  });

  it('may lead to itself, and runs once', async () => {
    const machine = { StartAt: 'Again', States: { Again: { Type: 'Choice', Choices: [{ Variable: '$.again', BooleanEquals: true, Next: 'Again' }], Default: 'Done' }, Done: { Type: 'Succeed' } } };
    expect(await tested(machine, { stateName: 'Again', input: { again: true } })).toMatchObject({ status: 'SUCCEEDED', nextState: 'Again' });
  });

  it('fails as it would in an execution', async () => {
    expect(await tested({ Type: 'Fail', Error: 'Broken', Cause: 'It broke.' })).toEqual({ status: 'FAILED', error: 'Broken', cause: 'It broke.' });
    expect(await tested({ Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'One' }] }, { input: { n: 2 } })).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('really waits, and really calls its task', async () => {
    const began = Date.now();
    await tested({ Type: 'Wait', Seconds: 1, End: true });
    expect(Date.now() - began).toBeGreaterThanOrEqual(990);
    const task = { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:123456789012:function:double', End: true };
    expect(await tested(task, { input: { n: 4 }, resolveTask: () => async (args) => (args as { n: number }).n * 2 })).toMatchObject({ status: 'SUCCEEDED', output: '8' });
  });

  it('is found in a whole machine, also deep inside, in the language of its surroundings', async () => {
    const machine = {
      QueryLanguage: 'JSONata',
      StartAt: 'Fork',
      States: { Fork: { Type: 'Parallel', Branches: [{ StartAt: 'Inner', States: { Inner: { Type: 'Pass', Output: '{% $states.input.n + 1 %}', End: true } } }], End: true } },
    };
    expect(await tested(machine, { stateName: 'Inner', input: { n: 1 } })).toMatchObject({ output: '2' });
    expect(await refused(machine, { stateName: 'Missing' })).toMatch(/^ValidationException: .*Missing/);
  });

  it('keeps keys such as __proto__ as data', async () => {
    expect(await tested({ Type: 'Pass', End: true }, { input: '{"__proto__": {"polluted": 1}}' })).toMatchObject({ output: '{"__proto__": {"polluted": 1}}' });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('inspection', () => {
  it('shows each step of a JSONPath task, and nothing at level INFO', async () => {
    const task = { ...TASK, InputPath: '$.in', Parameters: { 'MessageBody.$': '$.text' }, ResultSelector: { 'id.$': '$.MessageId' }, ResultPath: '$.sent', OutputPath: '$.sent' };
    const input = { in: { text: 'hi' } };
    const result = await tested(task, { ...MOCKED, input, inspectionLevel: 'DEBUG' });
    expect(inspected(result)).toEqual({
      input,
      afterInputPath: { text: 'hi' },
      afterParameters: { MessageBody: 'hi' },
      result: { MessageId: 'm-1' },
      afterResultSelector: { id: 'm-1' },
      afterResultPath: { in: { text: 'hi' }, sent: { id: 'm-1' } },
    });
    expect(result.output).toBe('{"id":"m-1"}');
    expect(await tested(task, { ...MOCKED, input })).not.toHaveProperty('inspectionData');
  });

  it('shows how far a state came that failed', async () => {
    const result = await tested({ ...TASK, InputPath: '$.in', Parameters: { 'MessageBody.$': '$.missing' } }, { ...MOCKED, input: { in: {} }, inspectionLevel: 'TRACE' });
    expect(result.status).toBe('FAILED');
    expect(inspected(result)).toEqual({ input: { in: {} }, afterInputPath: {} });
  });

  it('shows the selected items and the bounds of a Map', async () => {
    const map = { ...MAP, ItemsPath: '$.list', ItemSelector: { 'v.$': '$$.Map.Item.Value', 'i.$': '$$.Map.Item.Index' }, MaxConcurrency: 2, ToleratedFailurePercentage: 50 };
    const result = await tested(map, { mock: { result: '["a","b"]' }, input: { list: [7, 8] }, inspectionLevel: 'DEBUG' });
    expect(inspected(result)).toMatchObject({
      afterItemsPath: [7, 8],
      afterItemSelector: [{ v: 7, i: 0 }, { v: 8, i: 1 }],
      maxConcurrency: 2,
      toleratedFailurePercentage: 50,
      afterResultPath: ['a', 'b'],
    });
    expect(result.output).toBe('["a","b"]');
  });

  it('shows the selected items of a JSONata Map too', async () => {
    const { ItemProcessor } = MAP;
    const map = { Type: 'Map', QueryLanguage: 'JSONata', Items: '{% $states.input %}', ItemSelector: { v: '{% $states.context.Map.Item.Value * 2 %}' }, ItemProcessor, End: true };
    const result = await tested(map, { mock: { result: '[]' }, input: [1, 2], inspectionLevel: 'DEBUG' });
    expect(inspected(result)['afterItemSelector']).toEqual([{ v: 2 }, { v: 4 }]);
  });

  it('shows variables that came with the request or were assigned', async () => {
    const pass = { Type: 'Pass', QueryLanguage: 'JSONata', Assign: { n: '{% $n + 1 %}' }, Output: '{% $n %}', End: true };
    const result = await tested(pass, { variables: { n: 1, other: true }, inspectionLevel: 'DEBUG' });
    expect(result.output).toBe('1');
    expect(inspected(result)['variables']).toEqual({ n: 2, other: true });
  });
});

describe('mocks', () => {
  it('take the place of a task, which is not called', async () => {
    let called = 0;
    expect(await tested(TASK, { ...MOCKED, resolveTask: () => () => called++ })).toMatchObject({ status: 'SUCCEEDED', output: '{"MessageId":"m-1"}' });
    expect(called).toBe(0);
  });

  it('raise errors that a Catch takes', async () => {
    const task = { ...TASK, Catch: [{ ErrorEquals: ['Other'], Next: 'A' }, { ErrorEquals: ['Boom'], ResultPath: '$.failure', Next: 'B' }] };
    const result = await tested(task, { mock: { errorOutput: { error: 'Boom', cause: 'Loud.' } }, input: { n: 1 }, inspectionLevel: 'DEBUG' });
    expect(result).toMatchObject({ status: 'CAUGHT_ERROR', error: 'Boom', cause: 'Loud.', nextState: 'B', output: '{"n":1,"failure":{"Error":"Boom","Cause":"Loud."}}' });
    expect(inspected(result)['errorDetails']).toEqual({ catchIndex: 1 });
  });

  it.each([
    [0, { status: 'RETRIABLE' }, { retryIndex: 0, retryBackoffIntervalSeconds: 2 }],
    [1, { status: 'RETRIABLE' }, { retryIndex: 0, retryBackoffIntervalSeconds: 6 }],
    [2, { status: 'RETRIABLE' }, { retryIndex: 0, retryBackoffIntervalSeconds: 10 }],
    [3, { status: 'CAUGHT_ERROR', nextState: 'Given up' }, { retryIndex: 0, catchIndex: 0 }],
  ])('after %i retries the Retry answers %o', async (retrierRetryCount, expected, errorDetails) => {
    const task = { ...TASK, Retry: [{ ErrorEquals: ['Boom'], IntervalSeconds: 2, BackoffRate: 3, MaxDelaySeconds: 10, MaxAttempts: 3 }], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Given up' }] };
    const result = await tested(task, { mock: { errorOutput: { error: 'Boom' } }, stateConfiguration: { retrierRetryCount }, inspectionLevel: 'DEBUG' });
    expect(result).toMatchObject({ error: 'Boom', ...expected });
    expect(inspected(result)['errorDetails']).toEqual(errorDetails);
  });

  it('leave a Retry at its word for a task that really fails', async () => {
    const resolveTask = () => () => {
      throw new Fault('Flaky', 'now and then');
    };
    const result = await tested({ ...TASK, Retry: [{ ErrorEquals: ['States.ALL'] }] }, { resolveTask });
    expect(result).toEqual({ status: 'RETRIABLE', error: 'Flaky', cause: 'now and then' });
  });

  it('fail a Map that tolerates fewer failures than there are said to be', async () => {
    const options = { mock: { result: '[1,2,3]' }, input: [1, 2, 3] };
    expect(await tested({ ...MAP, ToleratedFailureCount: 1 }, { ...options, stateConfiguration: { mapIterationFailureCount: 1 } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await tested({ ...MAP, ToleratedFailureCount: 1 }, { ...options, stateConfiguration: { mapIterationFailureCount: 2 } })).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    expect(await tested({ ...MAP, ToleratedFailurePercentage: 34 }, { ...options, stateConfiguration: { mapIterationFailureCount: 1 } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refused(MAP, { ...options, stateConfiguration: { mapIterationFailureCount: 4 } })).toContain('Map iteration failure count must be less than or equal to the number of Map iterations');
  });

  it.each([
    ['JSON', '[1,2,3]', [1, 2, 3]],
    ['JSON', '{"a":1}', [{ Key: 'a', Value: 1 }]],
    ['JSONL', '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
    ['CSV', 'id,say\r\n1,"a ""b"", c"\r\n2,\r\n', [{ id: '1', say: 'a "b", c' }, { id: '2', say: '' }]],
  ])('read what an ItemReader would: %s %s', async (InputType, mapItemReaderData, items) => {
    const map = {
      ...MAP,
      ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig: { InputType, ...(InputType === 'CSV' ? { CSVHeaderLocation: 'FIRST_ROW' } : {}) }, Parameters: { Bucket: 'b', Key: 'k' } },
      ItemSelector: { 'item.$': '$$.Map.Item.Value' },
      ItemProcessor: { ...MAP.ItemProcessor, ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
    };
    const result = await tested(map, { mock: { result: '[]' }, stateConfiguration: { mapItemReaderData }, inspectionLevel: 'DEBUG' });
    expect(inspected(result)['afterItemSelector']).toEqual(items.map((item) => ({ item })));
  });
});

describe('the context object', () => {
  it('is made up unless it is given', async () => {
    const task = { ...TASK, Parameters: { 'c.$': '$$' } };
    const made = inspected(await tested(task, { ...MOCKED, input: { n: 1 }, inspectionLevel: 'DEBUG', roleArn: 'arn:aws:iam::999999999999:role/tester' }))['afterParameters'];
    expect(made).toMatchObject({ c: { Execution: { Id: expect.stringMatching(/^arn:aws:states:us-east-1:999999999999:express:/), Input: { n: 1 }, RoleArn: 'arn:aws:iam::999999999999:role/tester' }, State: { Name: 'StateName', RetryCount: 0 } } });
    const given = inspected(await tested(task, { ...MOCKED, context: { Execution: { Id: 'x' } }, inspectionLevel: 'DEBUG' }))['afterParameters'];
    expect(given).toEqual({ c: { Execution: { Id: 'x' } } });
  });

  it.each([
    ['not json', /Context object/],
    ['[]', /must be a JSON object/],
    ['{"Execution":{"Name":1}}', 'ValidationException: Invalid Context object provided: Execution.Name must be a string'],
    ['{"State":{"RetryCount":"1"}}', 'ValidationException: Invalid Context object provided: State.RetryCount must be a number'],
    ['{"StateMachine":"m"}', 'ValidationException: Invalid Context object provided: StateMachine must be an object'],
  ])('is checked: %s', async (context, message) => {
    expect(await refused(TASK, { ...MOCKED, context })).toMatch(message);
  });
});
