import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/asl/fault.ts';
import { invokeFunction } from '../../src/integrations/function-call.ts';
import type { Handler } from '../../src/integrations/functions.ts';
import { taskCall } from './call.ts';

const invoke = (handler: Handler, event: unknown = {}): unknown => invokeFunction('f', handler, event, taskCall());

async function fault(handler: Handler): Promise<{ error: string | undefined; cause: { errorType: string; errorMessage: string; trace: string[] } }> {
  try {
    await invoke(handler);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Fault);
    const { error, cause } = thrown as Fault;
    return { error, cause: JSON.parse(cause!) as never };
  }
  throw new Error('nothing was raised');
}

describe('a result', () => {
  it('of a synchronous handler is there at once; of an asynchronous one it is a promise', async () => {
    expect(invoke((event) => ({ event }), { a: 1 })).toEqual({ event: { a: 1 } });
    const promise = invoke(async (event) => ({ event }), 7);
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toEqual({ event: 7 });
    // eslint-disable-next-line unicorn/no-thenable
    expect(await invoke(() => ({ then: (resolve: (value: unknown) => void) => resolve({ late: true }) }))).toEqual({ late: true });
  });

  it('is what JSON makes of it', () => {
    expect(invoke(() => undefined)).toBeNull();
    expect(invoke(() => ({ date: new Date(0), gone: undefined, list: [undefined, NaN], map: new Map([[1, 2]]) }))).toEqual({ date: '1970-01-01T00:00:00.000Z', list: [null, null], map: {} });
    expect(invoke(() => () => 1)).toBeNull();
  });

  it('that JSON cannot hold is a fault of the function', async () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const handler of [() => circle, async () => circle, () => ({ big: 1n })]) {
      const { error, cause } = await fault(handler);
      expect(error).toBe('Runtime.JSONStringifyError');
      expect(cause).toEqual({ errorType: 'Runtime.JSONStringifyError', errorMessage: expect.stringMatching(/^Unable to stringify response body: /), trace: [] });
    }
  });
});

describe('what a handler throws', () => {
  class PaymentDeclined extends Error {
    override name = 'PaymentDeclined';
  }

  it.each([
    ['synchronously', (): unknown => { throw new PaymentDeclined('no funds'); }],
    ['asynchronously', async (): Promise<unknown> => { throw new PaymentDeclined('no funds'); }],
  ])('%s goes by its name, with the cause that Lambda writes', async (_how, handler) => {
    const { error, cause } = await fault(handler);
    expect(error).toBe('PaymentDeclined');
    expect(Object.keys(cause)).toEqual(['errorType', 'errorMessage', 'trace']);
    expect(cause).toMatchObject({ errorType: 'PaymentDeclined', errorMessage: 'no funds' });
    expect(cause.trace[0]).toMatch(/no funds$/);
    expect(cause.trace[1]).toMatch(/^ {4}at /);
    expect(cause.trace.join('\n')).not.toContain('integrations/function-call.ts');
  });

  it('and has no name of its own goes by that of its class', async () => {
    expect((await fault(() => { throw new TypeError('x'); })).error).toBe('TypeError');
    class Unnamed extends Error {}
    expect((await fault(() => { throw new Unnamed('x'); })).error).toBe('Error');
    expect((await fault(() => runInNewContext('throw new RangeError("other realm")') as unknown)).error).toBe('RangeError');
  });

  it('and is no Error goes by its type', async () => {
    // eslint-disable-next-line no-throw-literal
    expect(await fault(() => { throw 'broken'; })).toEqual({ error: 'string', cause: { errorType: 'string', errorMessage: 'broken', trace: [] } });
    expect(await fault(() => Promise.reject({ code: 7 }))).toEqual({ error: 'object', cause: { errorType: 'object', errorMessage: '[object Object]', trace: [] } });
    expect((await fault(() => Promise.reject())).error).toBe('undefined');
  });

  it('and cannot be read is a fault nevertheless', async () => {
    const hostile = Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('gotcha'); } });
    expect((await fault(() => { throw hostile; })).error).toBe('handled');
    expect((await fault(() => { throw Object.create(null); })).error).toBe('handled');
    expect((await fault(() => ({ get then() { throw new TypeError('gotcha'); } }))).error).toBe('TypeError');
  });
});

describe('isolation', () => {
  it('keeps what a handler does to its event, then or later, from the execution', async () => {
    const event = { list: [1], inner: { a: 1 } };
    invoke((own) => {
      (own as typeof event).list.push(2);
      delete (own as { inner?: unknown }).inner;
      return null;
    }, event);
    await invoke(async (own) => {
      await Promise.resolve();
      (own as typeof event).inner.a = 2;
    }, event);
    expect(event).toEqual({ list: [1], inner: { a: 1 } });
  });

  it('keeps what a handler holds from the execution', () => {
    const held = { list: [1] };
    const result = invoke(() => held) as typeof held;
    held.list.push(2);
    expect(result).toEqual({ list: [1] });
    expect(result).not.toBe(held);
  });

  it('passes __proto__ and constructor as data, in and out', () => {
    const event = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}') as object;
    let seen: unknown;
    const result = invoke((own) => {
      seen = own;
      return own;
    }, event);
    expect(JSON.stringify(seen)).toBe('{"__proto__":{"polluted":1},"constructor":2}');
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":1},"constructor":2}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

it('tells a handler about its invocation as Lambda does', () => {
  const controller = new AbortController();
  let beats = 0;
  const call = taskCall({ signal: controller.signal, heartbeat: () => beats++ });
  type Context = Record<string, unknown> & { getRemainingTimeInMillis(): number; heartbeat(): void; awsRequestId: string };
  invokeFunction(
    'charge',
    (_event, given) => {
      const context = given as Context;
      expect(context).toMatchObject({ functionName: 'charge', functionVersion: '$LATEST', callbackWaitsForEmptyEventLoop: false });
      expect(context['invokedFunctionArn']).toBe('arn:aws:lambda:local:000000000000:function:charge');
      expect(context.awsRequestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(context.awsRequestId).toBe(context.awsRequestId);
      expect(context.getRemainingTimeInMillis()).toBe(1234);
      expect([context['executionArn'], context['executionName'], context['stateName'], context['retryCount']]).toEqual([call.executionArn, 'e', 'Call', 2]);
      expect(context['signal']).toBe(controller.signal);
      context.heartbeat();
    },
    {},
    call,
  );
  expect(beats).toBe(1);
});
