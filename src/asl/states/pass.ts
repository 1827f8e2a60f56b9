import type { StateCompiler } from '../context.ts';
import { describePass } from '../direct/describe.ts';
import { compileInput, compileResult, holdToLimit } from '../fields.ts';
import { compileJsonataResult, deepFreeze } from '../jsonata-fields.ts';
import { jsonBytes } from '../size.ts';

/** Pass (ASL spec, "Pass State"): its result is Result if there is one, else its effective input. */
export const compilePass: StateCompiler = (context) => {
  const { definition, language, trace } = context;
  if (language === 'JSONata') {
    const finish = compileJsonataResult(context);
    return { step: (frame) => finish(frame, { input: frame.value }, frame.value) };
  }
  const finish = compileResult(context);
  const direct = describePass(context);
  // AWS does not show the input of a Pass that has a Result.
  const input = compileInput(definition['Result'] === undefined ? context : { ...context, trace: undefined });
  if (definition['Result'] !== undefined) {
    const result = deepFreeze(definition['Result']);
    const bytes = jsonBytes(result, Infinity);
    return {
      step: (frame) => {
        frame.inputBytes = frame.bytes;
        // The result does not depend on the effective input, but a path that leads nowhere fails all the same.
        if (input !== null) input(frame, frame.value);
        holdToLimit(frame, result, bytes);
        if (trace !== undefined) trace.note('result', result);
        return finish(frame, result);
      },
      direct,
    };
  }
  if (input === null) {
    return {
      step: (frame) => {
        frame.inputBytes = frame.bytes;
        return finish(frame, frame.value);
      },
      direct,
    };
  }
  return {
    step: (frame) => {
      frame.inputBytes = frame.bytes;
      return finish(frame, input(frame, frame.value));
    },
    direct,
  };
};
