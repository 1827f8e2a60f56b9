import { ANYTHING, NOTHING } from '../value-test.ts';
import type { Operator } from './operator.ts';

/** Of a field that is there. That `exists: false` accepts a field which is not is seen to by what reads the field. */
export const exists: Operator = {
  check: (operand, pointer, report) => {
    if (typeof operand !== 'boolean') report(pointer, 'exists match pattern must be either true or false.');
  },
  compile: (operands) => (operands.includes(true) ? ANYTHING : NOTHING),
};
