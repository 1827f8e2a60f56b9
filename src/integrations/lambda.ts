import { Fault } from '../asl/fault.ts';
import type { TaskCall } from '../asl/types.ts';
import { invokeFunction } from './function-call.ts';
import type { Functions, Handler } from './functions.ts';
import type { Integration } from './integration.ts';
import { answerWith, answerWithout } from './lambda-answer.ts';

const FUNCTION_ARN = /^arn:aws[\w-]*:lambda:[^:]*:[^:]*:function:([^:]+)(?::[^:]+)?$/;
const BARE_NAME = /^[A-Za-z0-9_-]+$/;
const INVOKE = /^arn:aws[\w-]*:states:::lambda:invoke$/;

/** A Resource that is a function itself: its ARN (any account, region and qualifier) or its bare name. */
export const lambdaFunction: Integration = {
  name: 'lambda function',
  matches: (resource) => FUNCTION_ARN.test(resource) || BARE_NAME.test(resource),
  bind(resource, { functions }) {
    const name = FUNCTION_ARN.exec(resource)?.[1] ?? resource;
    const handler = functions?.get(name);
    return handler === undefined ? () => find(functions, name, resource) : (args, call) => invokeFunction(name, handler, args, call);
  },
};

/** What lambda:invoke takes; Qualifier and ClientContext mean nothing here. */
interface Invocation {
  readonly FunctionName?: unknown;
  readonly Payload?: unknown;
  readonly InvocationType?: unknown;
  readonly LogType?: unknown;
}

/**
 * `arn:aws:states:::lambda:invoke`: the function is an argument, its answer comes inside an envelope. With InvocationType
 * Event the function begins once the execution has gone on: the state succeeds whatever becomes of it, nothing waits for
 * it at a shutdown, and a failure is a warning of the process.
 */
export const lambdaInvoke: Integration = {
  name: 'lambda:invoke',
  matches: (resource) => INVOKE.test(resource),
  bind(_resource, { functions }) {
    return (args, call) => {
      const { FunctionName: target, Payload: payload, InvocationType: type = 'RequestResponse', LogType: logType } = (args ?? {}) as Invocation;
      if (typeof target !== 'string' || target === '') throw refusal("Value at 'functionName' failed to satisfy constraint: Member must not be null");
      const name = functionName(target);
      const handler = find(functions, name, target);
      if (type === 'RequestResponse') {
        const withLog = logType === 'Tail';
        const result = invokeFunction(name, handler, eventOf(payload), call);
        return isPromise(result) ? result.then((value) => answerWith(value, withLog)) : answerWith(result, withLog);
      }
      if (type !== 'Event' && type !== 'DryRun') {
        throw refusal(`Value '${String(type)}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`);
      }
      if (type === 'Event') setImmediate(invokeAsEvent, name, handler, eventOf(payload), call);
      return answerWithout(type === 'Event' ? 202 : 204);
    };
  },
};

const refusal = (reason: string): Fault => new Fault('Lambda.ValidationException', `1 validation error detected: ${reason} (Service: Lambda, Status Code: 400)`);

function invokeAsEvent(name: string, handler: Handler, event: unknown, call: TaskCall): void {
  const failed = (raised: unknown): void => {
    const { error, cause } = raised as Fault;
    process.emitWarning(`The function ${name}, invoked as an event, failed with ${error}: ${cause}`, 'FunctionWarning');
  };
  try {
    const result = invokeFunction(name, handler, event, call);
    if (isPromise(result)) result.then(undefined, failed);
  } catch (raised) {
    failed(raised);
  }
}

/** The function's event. A Payload that is text is the request's body as it stands, which Lambda parses. */
function eventOf(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload ?? {};
  try {
    return JSON.parse(payload) as unknown;
  } catch {
    return payload;
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> => typeof (value as PromiseLike<unknown> | null)?.then === 'function';

/** The name in any form that FunctionName takes: name, name:qualifier, account:function:name, or a full ARN. */
export function functionName(target: string): string {
  const parts = target.split(':');
  if (parts[0] === 'arn') return parts[6] ?? target;
  return (parts[1] === 'function' && parts.length > 2 ? parts[2] : parts[0]) ?? target;
}

/** The function of a name. @throws Fault as Lambda does where there is none */
function find(functions: Functions | null, name: string, written: string): Handler {
  const handler = functions?.get(name);
  if (handler !== undefined) return handler;
  const arn = written.startsWith('arn:') ? written : `arn:aws:lambda:local:000000000000:function:${name}`;
  throw new Fault('Lambda.ResourceNotFoundException', `Function not found: ${arn} (Service: Lambda, Status Code: 404)`);
}
