import type { CompiledState, StateContext } from './context.ts';
import type { Fault } from './fault.ts';
import { compileAssign, compileResultPath, holdToLimit } from './fields.ts';
import { compileJsonataResult } from './jsonata-fields.ts';
import { compileErrorEquals, compileFaultStep, objects, type Catcher } from './retry.ts';
import type { Continuation } from './types.ts';

/** The error object that a Catch sees: keys in AWS's order, absent where the workflow gave none. */
export function errorOutput(fault: Fault): Record<string, string> {
  const output: Record<string, string> = {};
  if (fault.error !== undefined) output['Error'] = fault.error;
  if (fault.cause !== undefined) output['Cause'] = fault.cause;
  return output;
}

/** Catch entries of a JSONPath state. */
export function compileJsonPathCatchers(context: StateContext): Catcher[] {
  return objects(context.definition['Catch']).map((definition) => {
    const target = context.target(String(definition['Next']));
    const merge = compileResultPath(definition['ResultPath']);
    const assign = compileAssign(definition['Assign']);
    return {
      matches: compileErrorEquals(definition['ErrorEquals']),
      run: (frame, fault) => {
        const output = errorOutput(fault);
        // A character takes six bytes at the most, as \udXXX.
        holdToLimit(frame, output, ((fault.error?.length ?? 0) + (fault.cause?.length ?? 0)) * 6 + 32);
        const outputBytes = frame.bytes;
        const value = merge === null ? output : merge(frame, output);
        if (assign !== null) assign(frame, output, outputBytes);
        frame.value = value;
        return target;
      },
    };
  });
}

/** Catch entries of a JSONata state: Output and Assign see `$states.errorOutput`; without Output the error is the output. */
export function compileJsonataCatchers(context: StateContext): Catcher[] {
  return objects(context.definition['Catch']).map((definition) => {
    const finish = compileJsonataResult(context, definition, context.target(String(definition['Next'])));
    return {
      matches: compileErrorEquals(definition['ErrorEquals']),
      run: (frame, fault) => {
        const output = errorOutput(fault);
        holdToLimit(frame, output, Infinity);
        return finish(frame, { input: frame.value, errorOutput: output }, output);
      },
    };
  });
}

/** A state that makes an attempt, and another one where its Retry says so. */
export function compileAttempts(context: StateContext, catchers: readonly Catcher[], attempt: Continuation): CompiledState {
  const onFault = compileFaultStep(context, catchers, attempt);
  const step: CompiledState['step'] = (frame) => {
    frame.inputBytes = frame.bytes;
    return attempt(frame, undefined);
  };
  return onFault === undefined ? { step } : { step, onFault };
}
