import type { StateCompiler } from '../context.ts';
import { compilePathField } from '../fields.ts';
import { describeSucceed } from '../direct/describe.ts';
import { compileJsonataResult } from '../jsonata-fields.ts';
import { END } from '../types.ts';

/** Succeed (ASL spec, "Succeed State"): ends its machine, branch or iteration with its input, shaped. */
export const compileSucceed: StateCompiler = (context) => {
  if (context.language === 'JSONata') {
    const finish = compileJsonataResult(context, context.definition, END);
    return { step: (frame) => finish(frame, { input: frame.value }, frame.value), direct: describeSucceed(context) };
  }
  const input = compilePathField(context, 'InputPath');
  const output = compilePathField(context, 'OutputPath');
  if (input === null && output === null) return { step: () => END, direct: describeSucceed(context) };
  return {
    step: (frame) => {
      const effective = input === null ? frame.value : input(frame.value, frame);
      frame.value = output === null ? effective : output(effective, frame);
      return END;
    },
  };
};
