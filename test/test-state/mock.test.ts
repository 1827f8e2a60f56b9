import { describe, expect, it } from 'vitest';
import { refused, tested } from './testing.ts';

const task = (resource: string): object => ({ Type: 'Task', Resource: resource, End: true });
const service = (name: string): object => task(`arn:aws:states:::${name}`);
const mocked = (result: string, fieldValidationMode?: 'STRICT' | 'PRESENT' | 'NONE') => ({ mock: { result, fieldValidationMode } });
const schema = (text: string): string => `ValidationException: Mock result schema validation error: ${text}`;

describe('what a mock may be', () => {
  it.each(['Pass', 'Wait', 'Choice', 'Succeed', 'Fail'])('is refused for a %s', async (type) => {
    const own: Record<string, object> = { Pass: { End: true }, Wait: { Seconds: 1, End: true }, Choice: { Choices: [{ Variable: '$.a', IsPresent: true, Next: 'B' }] }, Succeed: {}, Fail: {} };
    expect(await refused({ Type: type, ...own[type] }, mocked('{}'))).toBe(`ValidationException: State type '${type}' is not supported when a mock is specified`);
  });

  it('is either a result or an error', async () => {
    const both = 'ValidationException: A test mock should have only one of the following fields: [result, errorOutput].';
    expect(await refused(service('sqs:sendMessage'), { mock: { result: '{}', errorOutput: { error: 'E' } } })).toBe(both);
    expect(await refused(service('sqs:sendMessage'), { mock: {} })).toBe(both);
  });

  it('is JSON, of the kind that the state makes', async () => {
    const map = { Type: 'Map', ItemProcessor: { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }, End: true };
    expect(await refused(service('sqs:sendMessage'), mocked('{'))).toBe('ValidationException: Mocked result must be valid JSON');
    expect(await refused(service('sqs:sendMessage'), mocked('[]'))).toBe('ValidationException: Mocked result must be a JSON object.');
    expect(await refused(map, mocked('{}'))).toBe('ValidationException: Mocked result must be a JSON array.');
  });

  it('is needed for Map, Parallel, activities, jobs and callbacks', async () => {
    const parallel = { Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }], End: true };
    expect(await refused(parallel)).toMatch(/^InvalidDefinition: TestState API does not support Map or Parallel states\./);
    expect(await refused(task('arn:aws:states:us-east-1:123456789012:activity:build'))).toMatch(/^InvalidDefinition: .*Activity/);
    expect(await refused(service('states:startExecution.sync:2'))).toMatch(/^InvalidDefinition: .*\.sync:2/);
    expect(await tested(service('sqs:sendMessage.waitForTaskToken'), mocked('"anything"'))).toMatchObject({ output: '"anything"' });
  });
});

describe('mocked results are compared with the service', () => {
  it.each([
    ['states:startExecution', '{"ExecutionArn":"a"}', schema("Required field 'StartDate' is missing")],
    ['aws-sdk:sfn:startExecution', '{}', schema("Required field 'ExecutionArn' is missing")],
    ['sqs:sendMessage', '{"MessageId":1}', schema("Field 'MessageId' must be a string")],
    ['lambda:invoke', '{"StatusCode":"200"}', schema("Field 'StatusCode' must be a number")],
    ['aws-sdk:lambda:getFunction', '{"Configuration":{"EphemeralStorage":{"Size":511}}}', schema("Field 'Size' is less than the minimum value")],
    ['dynamodb:getItem', '{"Item":{"id":{"BOOL":"true"}}}', schema("Field 'BOOL' must be a boolean")],
    ['dynamodb:getItem', '{"Item":[]}', schema("Field 'Item' must be an object")],
    ['aws-sdk:s3:getObject', '{"Metadata":{"k":1}}', schema("Field 'Metadata' must be a string")],
    ['events:putEvents', '{"Entries":{}}', schema("Field 'Entries' must be an array")],
    ['aws-sdk:kms:encrypt', '{"EncryptionAlgorithm":"ROT13"}', schema("Field 'EncryptionAlgorithm' is not an expected value")],
  ])('%s %s', async (name, result, message) => {
    expect(await refused(service(name), mocked(result))).toBe(message);
  });

  it('as far as the mode says', async () => {
    expect(await tested(service('states:startExecution'), mocked('{}', 'PRESENT'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refused(service('states:startExecution'), mocked('{"StartDate":1}', 'PRESENT'))).toBe(schema("Field 'StartDate' must be a string"));
    expect(await tested(service('states:startExecution'), mocked('{"StartDate":1}', 'NONE'))).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('not where nothing is known, nor by inherited names', async () => {
    expect(await tested(service('aws-sdk:ec2:describeInstances'), mocked('{"Reservations":7}'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await tested(service('sqs:sendMessage'), mocked('{"constructor":1,"__proto__":2,"Unknown":3}'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await tested(task('arn:aws:lambda:us-east-1:123456789012:function:f'), mocked('5'))).toMatchObject({ output: '5' });
  });
});

describe('requests that are wrong', () => {
  it('name what is wrong with the definition, all of it', async () => {
    expect(await refused('{"Type":')).toMatch(/^InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION/);
    expect(await refused('7')).toMatch(/^InvalidDefinition: /);
    expect(await refused({ Type: 'Pass', InputPath: 'x', OutputPath: 'y', End: true })).toMatch(/InputPath.*OutputPath/);
    expect(await refused({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } }, { stateName: 'A' })).toMatch(/MISSING_TRANSITION_TARGET/);
    const inner = { Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } }], Next: 'Elsewhere' };
    expect(await refused(inner, mocked('[1]'))).toMatch(/MISSING_TRANSITION_TARGET.*Branches/);
  });

  it('say so of input, variables and a context without a mock', async () => {
    expect(await refused({ Type: 'Succeed' }, { input: '{' })).toMatch(/^InvalidExecutionInput: Invalid State Machine Execution Input/);
    expect(await refused({ Type: 'Succeed' }, { variables: '[]' })).toMatch(/^ValidationException: Variables/);
    expect(await refused({ Type: 'Succeed' }, { context: '{}' })).toMatch(/^ValidationException: .*mock/);
  });
});
