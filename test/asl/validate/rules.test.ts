import { describe, expect, it } from 'vitest';

import type { Json } from '../../../src/asl/types.ts';
import { OPERATORS } from '../../../src/asl/validate/schema-parts.ts';
import { faults, machine, warnings } from './faults.ts';

const task = (Resource: string, fields: { [key: string]: Json } = {}): Json => machine({ Type: 'Task', Resource, ...fields, End: true });
const retry = (...retriers: Json[]): Json => task('f', { Retry: retriers });
const choice = (rule: { [key: string]: Json }): Json => machine({ Type: 'Choice', Choices: [{ ...rule, Next: 'T' }] });
const assign = (variables: { [key: string]: Json }): Json => machine({ Type: 'Pass', Assign: variables, End: true });
const map = (processor: { [key: string]: Json }, fields: { [key: string]: Json } = {}): Json =>
  machine({ Type: 'Map', ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Succeed' } }, ...processor }, ...fields, End: true });

describe('Retry and Catch', () => {
  it.each<[string, Json, string[]]>([
    ['no ErrorEquals', retry({}), ['These fields are required: [ErrorEquals] @ /States/S/Retry[0]']],
    ['an empty ErrorEquals', retry({ ErrorEquals: [] }), ['Value cannot be empty @ /States/S/Retry[0]/ErrorEquals']],
    ['States.ALL among others', retry({ ErrorEquals: ['States.ALL', 'E'] }), ['States.ALL must appear alone and at end of list @ /States/S/Retry[0]/ErrorEquals']],
    ['States.ALL before others', task('f', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'T' }, { ErrorEquals: ['E'], Next: 'T' }] }), ['States.ALL must appear alone and at end of list @ /States/S/Catch[0]/ErrorEquals']],
    ['a rate below 1', retry({ ErrorEquals: ['E'], BackoffRate: 0.5 }), ['Minimum value is 1.0 @ /States/S/Retry[0]/BackoffRate']],
    ['no interval', retry({ ErrorEquals: ['E'], IntervalSeconds: 0 }), ['Minimum value is 1 @ /States/S/Retry[0]/IntervalSeconds']],
    ['a delay below the interval', retry({ ErrorEquals: ['E'], IntervalSeconds: 5, MaxDelaySeconds: 5 }), ['MaxDelaySeconds must be greater than IntervalSeconds @ /States/S/Retry[0]']],
    ['an unknown jitter', retry({ ErrorEquals: ['E'], JitterStrategy: 'SOME' }), ['Value should be one of the following: [NONE, FULL] @ /States/S/Retry[0]/JitterStrategy']],
    ['a catcher without Next', task('f', { Catch: [{ ErrorEquals: ['E'] }] }), ['These fields are required: [Next] @ /States/S/Catch[0]']],
    ['a heartbeat as long as the time-out', task('f', { TimeoutSeconds: 5, HeartbeatSeconds: 5 }), ['HeartbeatSeconds must be smaller than TimeoutSeconds @ /States/S']],
    ['a time-out twice', task('f', { TimeoutSeconds: 5, TimeoutSecondsPath: '$.t' }), ['There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] @ /States/S']],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it('takes States.ALL alone and last', () => {
    expect(faults(retry({ ErrorEquals: ['A', 'B'], MaxAttempts: 0, MaxDelaySeconds: 2 }, { ErrorEquals: ['States.ALL'], IntervalSeconds: 3, BackoffRate: 1, JitterStrategy: 'FULL' }))).toEqual([]);
  });
});

describe('Choice', () => {
  it.each<[string, Json, string[]]>([
    ['two operators', choice({ Variable: '$.x', IsNull: true, StringEquals: 'x' }), ['There should only be one of the following fields: [IsNull, StringEquals] @ /States/S/Choices[0]']],
    ['no operator', choice({ Variable: '$.x' }), [`This object should have only one of the following fields: [${OPERATORS.join(', ')}] @ /States/S/Choices[0]`]],
    ['two selectors', choice({ Variable: '$.x', IsNull: true, Not: { Variable: '$.y', IsNull: true } }), ['The object must have only one of the following fields, [And, Or, Not, Variable, Condition] @ /States/S/Choices[0]']],
    ['no selector', choice({}), ['The object must have only one of the following fields, [And, Or, Not, Variable, Condition] @ /States/S/Choices[0]']],
    ['a Next inside And', choice({ And: [{ Variable: '$.x', IsNull: true, Next: 'T' }] }), ["Field 'Next' is not supported @ /States/S/Choices[0]/And[0]"]],
    ['an operand of another type', choice({ Variable: '$.x', NumericEquals: '1' }), ['Expected value of type Number @ /States/S/Choices[0]/NumericEquals']],
    ['a Variable that is a call', choice({ Variable: 'States.ArrayLength($.x)', NumericEquals: 0 }), ["Value is not a Reference Path: Reference path didn't start with '$' @ /States/S/Choices[0]/Variable"]],
    ['a path deep inside', choice({ Not: { Or: [{ Variable: '$.x', NumericEqualsPath: '$.y[*]' }] } }), ['Value is not a Reference Path @ /States/S/Choices[0]/Not/Or[0]/NumericEqualsPath']],
    ['a timestamp', choice({ Variable: '$.x', TimestampEquals: '2016-08-18' }), ['String does not match RFC3339 timestamp @ /States/S/Choices[0]/TimestampEquals']],
    ['no rules', machine({ Type: 'Choice', Choices: [], Default: 'T' }), ['Value cannot be empty @ /States/S/Choices']],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it('takes every operator', () => {
    for (const operator of OPERATORS) {
      const operand = operator.endsWith('Path') ? '$.y' : operator.startsWith('Is') || operator.startsWith('Boolean') ? true : operator.startsWith('Numeric') ? 1.5 : '2016-08-18T17:33:00Z';
      expect(faults(choice({ Variable: '$$.Execution.Input.x', [operator]: operand })), operator).toEqual([]);
    }
  });
});

describe('Wait', () => {
  it.each(['2016-12-05 21:29:29Z', '2016-12-05T21:29:29', '2016-12-05T21:29Z', '2016-13-05T21:29:29Z', 'x'])('refuses %j', (Timestamp) => {
    expect(faults(machine({ Type: 'Wait', Timestamp, End: true }))).toEqual(['String does not match RFC3339 timestamp @ /States/S/Timestamp']);
  });

  it.each(['2016-12-05T21:29:29Z', '2016-12-05T21:29:29.243167252Z', '2016-12-05T21:29:29+02:00'])('takes %j', (Timestamp) => {
    expect(faults(machine({ Type: 'Wait', Timestamp, End: true }))).toEqual([]);
  });
});

describe('Assign', () => {
  it.each<[string, Json, string[]]>([
    ['states', assign({ states: 1 }), ["RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. @ /States/S/Assign/states"]],
    ['no identifier', assign({ 'a-b.$': '$.x' }), ["INVALID_VARIABLE_NAME: Invalid variable name 'a-b': the variable name contains invalid characters. @ /States/S/Assign/a-b"]],
    ['too long a name', assign({ [`x${'y'.repeat(80)}`]: 1 }), [expect.stringContaining('INVALID_VARIABLE_NAME') as unknown as string]],
    ['a variable of the scope around', machine({ Type: 'Parallel', Assign: { x: 1 }, Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', Assign: { 'x.$': '$.y' }, End: true } } }], End: true }), [
      "INVALID_VARIABLE_NAME: Invalid variable name 'x': the variable is assigned in an outer scope. @ /States/S/Branches[0]/States/B/Assign/x",
    ]],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it('takes the same name in two branches, and __proto__', () => {
    const branch = (name: string): Json => ({ StartAt: name, States: { [name]: { Type: 'Pass', Assign: { x: 1, größe: 2, _y: 3 }, End: true } } });
    expect(faults(machine({ Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true }))).toEqual([]);
    expect(faults(JSON.stringify(assign({})).replace('"Assign":{}', '"Assign":{"__proto__":{"a":1}}'))).toEqual([]);
  });
});

describe('resources', () => {
  const unknown = (arn: string): string => `The resource provided ${arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. @ /States/S/Resource`;
  const strict = { compatibility: 'strict' } as const;

  it('knows the integrations of AWS', () => {
    for (const name of ['lambda:invoke', 'dynamodb:putItem', 'states:startExecution', 'aws-sdk:s3:listBuckets', 'sqs:sendMessage']) expect(faults(task(`arn:aws:states:::${name}`), strict), name).toEqual([]);
    for (const name of ['dynamodb:query', 'lambda:invoke.sync', 'glue:startJobRun.waitForTaskToken', 'nothing:call', 'aws-sdk:s3:listBuckets.sync', 'lambda']) {
      expect(faults(task(`arn:aws:states:::${name}`), { type: 'STANDARD' }), name).toEqual([unknown(`arn:aws:states:::${name}`)]);
    }
  });

  it('refuses on Express what AWS refuses there, in strict mode only', () => {
    const refused: readonly (readonly [string, string])[] = [
      ['arn:aws:states:::sqs:sendMessage.waitForTaskToken', "Express state machine does not support '.waitForTaskToken' service integration  @ /States/S/Resource"],
      ['arn:aws:states:::states:startExecution.sync', "Express state machine does not support '.sync' service integration  @ /States/S/Resource"],
      ['arn:aws:states:::states:startExecution.sync:2', "Express state machine does not support '.sync' service integration  @ /States/S/Resource"],
      ['arn:aws:states:us-east-1:111111111111:activity:a', 'Express state machine does not support Activity ARN @ /States/S/Resource'],
    ];
    for (const [resource, message] of refused) {
      expect(faults(task(resource), strict)).toEqual([message]);
      expect(faults(task(resource))).toEqual([]);
      expect(faults(task(resource), { ...strict, type: 'STANDARD' })).toEqual([]);
    }
  });

  it('takes bare names in extended mode', () => {
    expect(faults(task('two-functions.first'))).toEqual([]);
    expect(faults(task('first'), strict)).toEqual(['Value is not a valid resource ARN @ /States/S/Resource']);
    expect(faults(task('no name'))).toEqual(['Value is not a valid resource ARN @ /States/S/Resource']);
    expect(faults(task('arn:aws:lambda:us-east-1:111111111111:function:f:1'), strict)).toEqual([]);
  });

  it('asks who offers a resource', () => {
    const taskResources = (resource: string): boolean => resource === 'f' || resource === 'arn:aws:states:::mill:grind';
    expect(faults(task('arn:aws:states:::mill:grind'), { taskResources })).toEqual([]);
    expect(faults(task('arn:aws:states:::mill:grind'), { taskResources, ...strict })).toEqual([unknown('arn:aws:states:::mill:grind')]);
    expect(warnings(task('f'), { taskResources })).toEqual([]);
    expect(warnings(task('g'), { taskResources })).toEqual(['RESOURCE_NOT_OFFERED /States/S/Resource']);
  });

  it('wants a role in Credentials', () => {
    expect(faults(task('f', { Credentials: {} }))).toEqual(["The field 'RoleArn' is required but was missing @ /States/S/Credentials"]);
    expect(faults(task('f', { Credentials: { 'RoleArn.$': '$.role' } }))).toEqual([]);
  });
});

describe('Map', () => {
  const distributed = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } };

  it.each<[string, Json, string[]]>([
    ['distributed mode on Express', map(distributed), ["The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines @ /States/S/ItemProcessor/ProcessorConfig/Mode"]],
    ['an execution type in inline mode', map({ ProcessorConfig: { Mode: 'INLINE', ExecutionType: 'EXPRESS' } }), ["Field 'ExecutionType' is not supported @ /States/S/ItemProcessor/ProcessorConfig"]],
    ['an unknown mode', map({ ProcessorConfig: { Mode: 'inline' } }), ['Value should be one of the following: [INLINE, DISTRIBUTED] @ /States/S/ItemProcessor/ProcessorConfig/Mode']],
    ['batching in inline mode', map({}, { ItemBatcher: { MaxItemsPerBatch: 3 } }), ["Field 'ItemBatcher' is not supported @ /States/S"]],
    ['two names for the item selector', map({}, { Parameters: {}, ItemSelector: {} }), ['There should only be one of the following fields: [Parameters, ItemSelector] @ /States/S']],
    ['a concurrency twice', map({}, { MaxConcurrency: 1, MaxConcurrencyPath: '$.n' }), ['There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath] @ /States/S']],
    ['too long a label', map({}, { Label: 'x'.repeat(41) }), [expect.stringContaining('INVALID_LABEL_NAME') as unknown as string]],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it('leaves distributed mode to Standard machines', () => {
    expect(faults(map(distributed, { ItemBatcher: {} }), { type: 'STANDARD' })).toEqual([]);
    expect(faults(map({ ProcessorConfig: { Mode: 'DISTRIBUTED' } }), { type: 'STANDARD' })).toEqual(['These fields are required: [ExecutionType] @ /States/S/ItemProcessor/ProcessorConfig']);
  });
});
