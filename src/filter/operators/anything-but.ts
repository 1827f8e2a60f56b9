import { isContainer, isNumber, type JsonNumber } from '../../asl/numbers/json-number.ts';
import { memberOf, type Report } from '../fault.ts';
import { literalTest } from '../literals.ts';
import { anyOf, not, type ValueTest } from '../value-test.ts';
import { checkNumber } from './numeric.ts';
import type { Operator } from './operator.ts';
import { equalsIgnoreCase, prefix, suffix, wildcard } from './texts.ts';

/** The match expressions that it can negate, and what it says to operands of theirs that are no text. */
const NEGATED: Readonly<Record<string, { readonly operator: Operator; readonly wrong: string }>> = {
  prefix: { operator: prefix, wrong: 'prefix/suffix match pattern must be a string' },
  suffix: { operator: suffix, wrong: 'prefix/suffix match pattern must be a string' },
  'equals-ignore-case': { operator: equalsIgnoreCase, wrong: 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.' },
  wildcard: { operator: wildcard, wrong: 'wildcard match pattern must be a string' },
};

const FORM = 'It takes a string, a number, a list of strings or one of numbers, or a prefix, suffix, equals-ignore-case or wildcard expression.';

/** Accepts any value there is, of any type, except what it names. */
export const anythingBut: Operator = { check, compile: (operands) => anyOf(operands.map((operand) => not(compile(operand)))) };

function compile(operand: unknown): ValueTest {
  const [name, inner] = isExpression(operand) ? (Object.entries(operand)[0] as [string, unknown]) : [];
  if (name === undefined) return literalTest(listOf(operand), false);
  return (NEGATED[name] as (typeof NEGATED)[string]).operator.compile(listOf(inner));
}

const listOf = (operand: unknown): readonly unknown[] => (Array.isArray(operand) ? operand : [operand]);

const isExpression = (operand: unknown): operand is Record<string, unknown> => isContainer(operand) && !Array.isArray(operand);

function check(operand: unknown, pointer: string, report: Report, strict: boolean): void {
  if (isExpression(operand)) checkExpression(operand, pointer, report);
  else if (Array.isArray(operand)) checkList(operand, pointer, report, strict);
  else if (isNumber(operand)) checkNumber(operand, pointer, report, strict);
  else if (typeof operand !== 'string') report(pointer, 'Value of anything-but must be an array or single string/number value.', FORM);
}

function checkList(list: readonly unknown[], pointer: string, report: Report, strict: boolean): void {
  let texts = 0;
  let numbers = 0;
  for (const [index, value] of list.entries()) {
    if (typeof value === 'string') texts++;
    else if (!isNumber(value)) {
      report(memberOf(pointer, index), 'Inside anything but list, start|null|boolean is not supported.', FORM);
      return;
    } else {
      numbers++;
      checkNumber(value as number | JsonNumber, memberOf(pointer, index), report, strict);
    }
  }
  if (texts > 0 === numbers > 0) report(pointer, 'Inside anything but list, either all values are number or string, mixed type is not supported', FORM);
}

function checkExpression(operand: Record<string, unknown>, pointer: string, report: Report): void {
  const [name, ...more] = Object.keys(operand);
  if (name === undefined) {
    report(pointer, 'Anything-But expression name not found', FORM);
    return;
  }
  const inner = memberOf(pointer, name);
  if (!Object.hasOwn(NEGATED, name)) {
    report(inner, `Unsupported anything-but pattern: ${name}`, FORM);
    return;
  }
  const { operator, wrong } = NEGATED[name] as (typeof NEGATED)[string];
  const value = operand[name];
  if (Array.isArray(value) && value.length === 0) report(inner, 'Empty arrays are not allowed');
  else if (!Array.isArray(value) && typeof value !== 'string' && !isNumber(value)) report(inner, 'Value of anything-but must be an array or single string/number value.', FORM);
  else {
    for (const [index, text] of listOf(value).entries()) {
      const at = Array.isArray(value) ? memberOf(inner, index) : inner;
      if (typeof text !== 'string') report(at, wrong);
      else if (text === '' && (name === 'prefix' || name === 'suffix')) report(at, 'Null prefix/suffix not allowed', 'Every string begins and ends with the empty string.');
      else operator.check(text, at, report, false);
    }
  }
  for (const extra of more) report(memberOf(pointer, extra), 'Too many elements in numeric expression');
}
