import type { Report } from '../fault.ts';
import type { ValueTest } from '../value-test.ts';

/** One match expression, as in `{"prefix": "eu-"}`. */
export interface Operator {
  /** Reports what is wrong with the operand at `pointer`. `strict`: also what only EventBridge's documented limits refuse. */
  readonly check: (operand: unknown, pointer: string, report: Report, strict: boolean) => void;
  /** Of all operands that one list gives it: a value passes that satisfies any of them. They have been checked. */
  readonly compile: (operands: readonly unknown[]) => ValueTest;
}
