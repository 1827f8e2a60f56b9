import { types } from 'node:util';
import { Fault } from '../asl/fault.ts';
import { copyJson, importJson } from '../asl/copy.ts';
import type { TaskCall } from '../asl/types.ts';
import type { Handler } from './functions.ts';

/** What a handler is told of its invocation: Lambda's context as far as it makes sense here, and the execution it serves. */
class InvocationContext {
  readonly functionName: string;
  readonly functionVersion = '$LATEST';
  callbackWaitsForEmptyEventLoop = false;
  readonly #call: TaskCall;
  #requestId: string | undefined;

  constructor(functionName: string, call: TaskCall) {
    this.functionName = functionName;
    this.#call = call;
  }

  get awsRequestId(): string {
    return (this.#requestId ??= crypto.randomUUID());
  }

  get invokedFunctionArn(): string {
    return `arn:aws:lambda:local:000000000000:function:${this.functionName}`;
  }

  getRemainingTimeInMillis(): number {
    return this.#call.remainingTimeMs();
  }

  /** Aborted when the attempt times out, or its execution ends otherwise. */
  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get executionArn(): string {
    return this.#call.executionArn;
  }

  get executionName(): string {
    return this.#call.executionName;
  }

  get stateName(): string {
    return this.#call.stateName;
  }

  get retryCount(): number {
    return this.#call.retryCount;
  }

  /** Starts HeartbeatSeconds anew. */
  heartbeat(): void {
    this.#call.heartbeat();
  }
}

/**
 * Invokes a user's function: a value for a handler that answers at once, a promise for one that does not. It gets a copy of
 * its event and its result is copied, so that neither side can change what the other holds.
 *
 * @throws Fault with the error's name, and the JSON text that Lambda's Node runtime gives as its cause
 */
export function invokeFunction(name: string, handler: Handler, event: unknown, call: TaskCall): unknown {
  let result: unknown;
  let settles: boolean;
  try {
    result = handler(copyJson(event), new InvocationContext(name, call));
    // Reading `then` may run code of the user's, too.
    settles = result !== null && (typeof result === 'object' || typeof result === 'function') && typeof (result as PromiseLike<unknown>).then === 'function';
  } catch (error) {
    throw functionFault(error);
  }
  if (!settles) return imported(result);
  return Promise.resolve(result as PromiseLike<unknown>).then(imported, (error: unknown) => {
    throw functionFault(error);
  });
}

function imported(result: unknown): unknown {
  try {
    return importJson(result);
  } catch (error) {
    const message = `Unable to stringify response body: ${error instanceof Error ? error.message : String(error)}`;
    throw new Fault('Runtime.JSONStringifyError', causeText('Runtime.JSONStringifyError', message, []));
  }
}

/** What was thrown, as Lambda's Node runtime reports it: an Error by its name, anything else by its type. */
function functionFault(error: unknown): Fault {
  try {
    if (!types.isNativeError(error)) return new Fault(typeof error, causeText(typeof error, String(error), []));
    const { name, message, stack } = error;
    return new Fault(String(name), causeText(String(name), String(message), ownFrames(String(stack ?? ''))));
  } catch {
    return new Fault('handled', causeText('handled', 'The function raised something whose name, message or stack cannot be read.', []));
  }
}

/** How stacks name this file, as a URL or as a path. */
const HERE = new URL(import.meta.url).pathname;

/** The stack down to the handler: what called it is nothing to the workflow, and names files of this installation. */
function ownFrames(stack: string): string[] {
  const lines = stack.split('\n');
  const end = lines.findIndex((line) => line.includes(HERE));
  return end < 0 ? lines : lines.slice(0, end);
}

const causeText = (errorType: string, errorMessage: string, trace: readonly string[]): string => JSON.stringify({ errorType, errorMessage, trace });
