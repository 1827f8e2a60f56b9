import type { StateCompiler, StateContext } from '../context.ts';
import { Fault } from '../fault.ts';
import { compileIntrinsic } from '../intrinsics/intrinsic.ts';
import { compileStage, typeFault } from '../jsonata-fields.ts';
import { compilePath, MISSING } from '../jsonpath/path.ts';
import { stateFault } from '../state-fault.ts';
import type { Continuation, Frame, Getter } from '../types.ts';
import { printJson } from '../json-text.ts';

const text = (value: unknown): string | undefined => (value === undefined || value === null ? undefined : typeof value === 'string' ? value : printJson(value));

/** Fail (ASL spec, "Fail State"): raises what it is told to; neither Retry nor Catch of its own. A fault of its name is not terminal. */
export const compileFail: StateCompiler = (context) => {
  const { definition } = context;
  if (context.language === 'JSONata') {
    const stage = compileStage({ Error: definition['Error'], Cause: definition['Cause'] });
    const raise: Continuation = (frame, values) => {
      const fields = values as { Error?: unknown; Cause?: unknown };
      for (const name of ['Error', 'Cause'] as const) {
        if (fields[name] !== undefined && typeof fields[name] !== 'string') throw typeFault(frame, definition[name]!, name, 'string', fields[name]);
      }
      throw new Fault(text(fields.Error), text(fields.Cause), false);
    };
    return { step: stage === null ? (frame) => raise(frame, {}) : (frame) => stage.run(frame, { input: frame.value }, raise) };
  }
  const error = compileText(context, 'Error', 'ErrorPath');
  const cause = compileText(context, 'Cause', 'CausePath');
  return {
    step: (frame) => {
      throw new Fault(error(frame), cause(frame), false);
    },
  };
};

function compileText(context: StateContext, field: 'Error' | 'Cause', pathField: 'ErrorPath' | 'CausePath'): (frame: Frame) => string | undefined {
  const path = context.definition[pathField];
  if (typeof path !== 'string') {
    const literal = text(context.definition[field]);
    return () => literal;
  }
  const read = compilePathOrIntrinsic(path, pathField);
  return (frame) => {
    const value = read(frame.value, frame);
    if (typeof value !== 'string') {
      throw stateFault(frame, 'States.Runtime', `The ${pathField} '${path}' must resolve to a string, but it was: ${printJson(value)}`);
    }
    return value;
  };
}

/** A field that takes a path or an intrinsic function. */
function compilePathOrIntrinsic(source: string, field: string): Getter {
  if (source.startsWith('States.')) {
    const intrinsic = compileIntrinsic(source);
    return (input, frame) => intrinsic.get(input, frame);
  }
  const path = compilePath(source);
  return (input, frame) => {
    const value = path.get(input, frame);
    if (value === MISSING) {
      throw stateFault(frame, 'States.Runtime', `The JSONPath '${source}' specified for the field '${field}' could not be found in the input '${printJson(input)}'`);
    }
    return value;
  };
}
