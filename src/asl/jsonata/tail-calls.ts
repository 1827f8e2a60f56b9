import { JsonataError } from './fault.ts';
import { spend } from './limits.ts';
import { STEP, TailCall, type Callable } from './values.ts';

/** Says that an expression is left to the library. Never leaves compileJsonata. */
export class NotCompiled extends Error {}

/** Makes tail calls until one answers: what keeps a tail-recursive function from growing the stack. */
export function unwind(result: unknown, context: unknown): unknown {
  let value = result;
  while (value instanceof TailCall) {
    const { callee, args } = value;
    if (typeof callee !== 'function') throw new JsonataError('T1006');
    spend(1);
    value = (callee as Callable)(args, context, STEP);
  }
  return value;
}
