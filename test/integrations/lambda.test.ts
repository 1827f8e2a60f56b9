import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/asl/fault.ts';
import type { Functions, Handler } from '../../src/integrations/functions.ts';
import { functionName } from '../../src/integrations/lambda.ts';
import { createTaskResolver } from '../../src/integrations/table.ts';
import { run } from '../lib/run.ts';
import { taskCall } from './call.ts';

const handlers: Readonly<Record<string, Handler>> = {
  echo: (event) => ({ event }),
  slow: async (event) => ({ event }),
  fail: () => {
    throw new RangeError('out of range');
  },
};
const functions = { revision: '0', names: Object.keys(handlers), get: (name: string) => (Object.hasOwn(handlers, name) ? handlers[name] : undefined) } as Functions;
const resolve = createTaskResolver({ functions });
const reference = { stateName: 'Call', definition: {} };
const call = (resource: string, args: unknown): unknown => resolve(resource, reference)!(args, taskCall());

function fault(action: () => unknown): { error: string | undefined; cause: string | undefined } {
  try {
    action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Fault);
    return { error: (thrown as Fault).error, cause: (thrown as Fault).cause };
  }
  throw new Error('nothing was raised');
}

describe('a Resource', () => {
  it.each(['echo', 'arn:aws:lambda:eu-central-1:123456789012:function:echo', 'arn:aws:lambda:eu-central-1:123456789012:function:echo:$LATEST', 'arn:aws-us-gov:lambda:x:1:function:echo:prod'])('%s is the function echo', (resource) => {
    expect(call(resource, { a: 1 })).toEqual({ event: { a: 1 } });
  });

  it.each(['arn:aws:states:::sqs:sendMessage', 'arn:aws:states:::lambda:invoke.waitForTaskToken', 'arn:aws:states:us-east-1:1:activity:x', 'a b', ''])('%j is nothing that is offered', (resource) => {
    expect(resolve(resource, reference)).toBeUndefined();
  });

  it('of a function that does not exist raises what AWS raises', () => {
    const arn = 'arn:aws:lambda:eu-central-1:123456789012:function:nope';
    const cause = `Function not found: ${arn} (Service: Lambda, Status Code: 404)`;
    expect(fault(() => call(arn, {}))).toEqual({ error: 'Lambda.ResourceNotFoundException', cause });
    expect(fault(() => call('nope', {})).cause).toBe('Function not found: arn:aws:lambda:local:000000000000:function:nope (Service: Lambda, Status Code: 404)');
    for (const name of ['__proto__', 'constructor', 'toString']) expect(fault(() => call(name, {})).error).toBe('Lambda.ResourceNotFoundException');
    expect(fault(() => createTaskResolver({ functions: null })('echo', reference)!({}, taskCall())).error).toBe('Lambda.ResourceNotFoundException');
  });
});

describe('lambda:invoke', () => {
  const invoke = (args: unknown): unknown => call('arn:aws:states:::lambda:invoke', args);

  it('answers in the envelope that AWS gives', () => {
    const answer = invoke({ FunctionName: 'echo', Payload: { ä: 1 } }) as { SdkHttpMetadata: { HttpHeaders: Record<string, string>; AllHttpHeaders: Record<string, string[]> } };
    expect(answer).toEqual({
      ExecutedVersion: '$LATEST',
      Payload: { event: { ä: 1 } },
      SdkHttpMetadata: { AllHttpHeaders: expect.any(Object), HttpHeaders: expect.any(Object), HttpStatusCode: 200 },
      SdkResponseMetadata: { RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      StatusCode: 200,
    });
    const { HttpHeaders, AllHttpHeaders } = answer.SdkHttpMetadata;
    expect(HttpHeaders).toMatchObject({ 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength('{"event":{"ä":1}}')), 'X-Amz-Executed-Version': '$LATEST' });
    expect(AllHttpHeaders).toEqual(Object.fromEntries(Object.entries(HttpHeaders).map(([name, value]) => [name, [value]])));
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  });

  it('answers at once for a synchronous handler, and with a promise for another', async () => {
    expect(invoke({ FunctionName: 'echo', Payload: 1 })).toMatchObject({ Payload: { event: 1 } });
    const answer = invoke({ FunctionName: 'slow', Payload: 1 });
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toMatchObject({ Payload: { event: 1 }, StatusCode: 200 });
  });

  it('gives {} to a function when there is no Payload', () => {
    expect(invoke({ FunctionName: 'echo' })).toMatchObject({ Payload: { event: {} } });
  });

  it('parses a Payload that is text, as Lambda does with the body of a request', () => {
    expect(invoke({ FunctionName: 'echo', Payload: '{"a":1}' })).toMatchObject({ Payload: { event: { a: 1 } } });
    expect(invoke({ FunctionName: 'echo', Payload: 'plain' })).toMatchObject({ Payload: { event: 'plain' } });
  });

  it.each([
    ['echo', 'echo'],
    ['echo:prod', 'echo'],
    ['123456789012:function:echo', 'echo'],
    ['123456789012:function:echo:prod', 'echo'],
    ['arn:aws:lambda:us-east-1:123456789012:function:echo', 'echo'],
    ['arn:aws:lambda:us-east-1:123456789012:function:echo:prod', 'echo'],
    ['function', 'function'],
    ['function:prod', 'function'],
    ['arn:aws:lambda:us-east-1:123456789012:function:function:prod', 'function'],
  ])('takes FunctionName %s as %s', (target, name) => {
    expect(functionName(target)).toBe(name);
  });

  it.each([[{}], [null], ['text'], [[]], [{ FunctionName: '' }], [{ FunctionName: 7 }]])('refuses arguments without a FunctionName: %j', (args) => {
    expect(fault(() => invoke(args)).error).toBe('Lambda.ValidationException');
  });

  it('raises what the function raises, and what is not there', () => {
    expect(fault(() => invoke({ FunctionName: 'fail' })).error).toBe('RangeError');
    expect(fault(() => invoke({ FunctionName: 'nope:prod' }))).toEqual({ error: 'Lambda.ResourceNotFoundException', cause: 'Function not found: arn:aws:lambda:local:000000000000:function:nope (Service: Lambda, Status Code: 404)' });
  });
});

describe('in a state machine', () => {
  const machine = (state: object): never => ({ StartAt: 'S', States: { S: { Type: 'Task', End: true, ...state } } }) as never;
  const options = { compile: { resolveTask: resolve } };

  it('a synchronous function keeps the execution synchronous, an asynchronous one parks it', async () => {
    expect(await run(machine({ Resource: 'echo' }), { n: 1 }, options)).toEqual({ status: 'SUCCEEDED', output: { event: { n: 1 } }, synchronous: true });
    expect(await run(machine({ Resource: 'slow' }), { n: 1 }, options)).toEqual({ status: 'SUCCEEDED', output: { event: { n: 1 } }, synchronous: false });
  });

  it('lambda:invoke and its usual selector give the payload', async () => {
    const state = { Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: 'echo', 'Payload.$': '$' }, OutputPath: '$.Payload.event' };
    expect(await run(machine(state), { n: 1 }, options)).toMatchObject({ status: 'SUCCEEDED', output: { n: 1 }, synchronous: true });
  });

  it("a function's error is caught by its name", async () => {
    const definition = { StartAt: 'S', States: { S: { Type: 'Task', Resource: 'fail', End: true, Catch: [{ ErrorEquals: ['RangeError'], Next: 'Caught' }] }, Caught: { Type: 'Pass', End: true } } } as never;
    const { output } = await run(definition, {}, options);
    expect(output).toEqual({ Error: 'RangeError', Cause: expect.stringContaining('"errorMessage":"out of range"') });
  });
});
