import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/asl/fault.ts';
import type { Functions, Handler } from '../../src/integrations/functions.ts';
import { lambdaInvoke } from '../../src/integrations/lambda.ts';
import { taskCall } from './call.ts';

interface Answer {
  readonly Payload?: unknown;
  readonly LogResult?: string;
  readonly StatusCode: number;
  readonly ExecutedVersion?: string;
  readonly SdkResponseMetadata: { readonly RequestId: string };
  readonly SdkHttpMetadata: { readonly HttpStatusCode: number; readonly HttpHeaders: Record<string, string>; readonly AllHttpHeaders: Record<string, string[]> };
}

function invoke(handler: Handler, more: object): Answer {
  const functions: Functions = { revision: '0', names: ['f'], get: (name) => (name === 'f' ? handler : undefined) };
  return lambdaInvoke.bind('arn:aws:states:::lambda:invoke', { functions })({ FunctionName: 'f', Payload: { n: 1 }, ...more }, taskCall()) as Answer;
}

describe('lambda:invoke', () => {
  it('with LogType Tail answers the log as well, in the envelope and its headers', () => {
    const { LogResult: log = '', SdkHttpMetadata: http, SdkResponseMetadata: response, Payload } = invoke((event) => event, { LogType: 'Tail' });
    expect(Payload).toEqual({ n: 1 });
    expect(Buffer.from(log, 'base64').toString()).toContain(`START RequestId: ${response.RequestId} Version: $LATEST`);
    expect(http.HttpHeaders['X-Amz-Log-Result']).toBe(log);
    expect(http.AllHttpHeaders['X-Amz-Log-Result']).toEqual([log]);
    expect(invoke((event) => event, { LogType: 'None' })).not.toHaveProperty('LogResult');
  });

  it('with InvocationType Event answers 202 before the function begins', async () => {
    const seen: unknown[] = [];
    const ran = new Promise<void>((resolve) => {
      const answer = invoke(
        (event) => {
          seen.push(event);
          resolve();
        },
        { InvocationType: 'Event' },
      );
      expect(seen).toEqual([]);
      expect(answer).toMatchObject({ StatusCode: 202, Payload: '', SdkHttpMetadata: { HttpStatusCode: 202 } });
      expect(answer).not.toHaveProperty('ExecutedVersion');
    });
    await ran;
    expect(seen).toEqual([{ n: 1 }]);
  });

  it.each([
    ['throws', () => { throw new TypeError('no'); }],
    ['rejects', () => Promise.reject(new TypeError('no'))],
  ])('with InvocationType Event warns when the function %s', async (_how, handler) => {
    const warned = once(process, 'warning');
    expect(invoke(handler, { InvocationType: 'Event' }).StatusCode).toBe(202);
    const [warning] = (await warned) as [Error];
    expect(warning.name).toBe('FunctionWarning');
    expect(warning.message).toMatch(/^The function f, invoked as an event, failed with TypeError: \{"errorType":"TypeError","errorMessage":"no"/);
  });

  it('with InvocationType DryRun answers 204 and runs nothing', () => {
    const answer = invoke(() => { throw new Error('ran'); }, { InvocationType: 'DryRun' });
    expect(answer).toMatchObject({ StatusCode: 204, SdkHttpMetadata: { HttpStatusCode: 204 } });
    expect(answer).not.toHaveProperty('Payload');
  });

  it('refuses any other InvocationType, and looks for the function whichever it is', () => {
    const raised = (more: object): Fault => {
      try {
        invoke(() => 1, more);
      } catch (fault) {
        return fault as Fault;
      }
      throw new Error('nothing was raised');
    };
    expect(raised({ InvocationType: 'Later' })).toMatchObject({ error: 'Lambda.ValidationException', cause: expect.stringContaining("Value 'Later' at 'invocationType'") });
    for (const InvocationType of ['Event', 'DryRun']) expect(raised({ FunctionName: 'nope', InvocationType }).error).toBe('Lambda.ResourceNotFoundException');
  });
});
