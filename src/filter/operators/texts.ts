import { isContainer } from '../../asl/numbers/json-number.ts';
import { beginsWithAny, endsWithAny } from '../affixes.ts';
import { memberOf, type Report } from '../fault.ts';
import { beginsIgnoringCase, endsIgnoringCase, equalsIgnoringCase } from '../ignore-case.ts';
import { either, NOTHING, type TextTest } from '../value-test.ts';
import { readWildcard, wildcardTest } from '../wildcards.ts';
import type { Operator } from './operator.ts';

const IGNORING_CASE = 'equals-ignore-case';

const textOperator = (name: string, make: (texts: readonly string[]) => TextTest): Operator => ({
  check: (operand, pointer, report) => {
    if (typeof operand !== 'string') report(pointer, `${name} match pattern must be a string`);
  },
  compile: (operands) => ({ ...NOTHING, text: make(operands as readonly string[]) }),
});

export const exactly = textOperator('exact', (texts) => either(texts.map((wanted): TextTest => (text) => text === wanted)));

export const equalsIgnoreCase = textOperator(IGNORING_CASE, (texts) => either(texts.map(equalsIgnoringCase)));

export const prefix = affixOperator('prefix', beginsWithAny, beginsIgnoringCase);

export const suffix = affixOperator('suffix', endsWithAny, endsIgnoringCase);

/** A prefix or suffix: a text, or one whose case is ignored. */
function affixOperator(name: string, anyOf: (texts: readonly string[]) => TextTest, ignoringCase: (text: string) => TextTest): Operator {
  return {
    check: (operand, pointer, report) => {
      if (!isContainer(operand) || Array.isArray(operand)) {
        if (typeof operand !== 'string') report(pointer, `${name} match pattern must be a string`, Array.isArray(operand) ? `Write one ${name} expression for each text: they are alternatives.` : undefined);
        return;
      }
      const [key, ...more] = Object.keys(operand);
      if (key === undefined) report(pointer, `${name === 'prefix' ? 'Prefix' : 'Suffix'} expression name not found`, `It may hold ${IGNORING_CASE}.`);
      else if (key !== IGNORING_CASE) report(memberOf(pointer, key), `Unsupported ${name} pattern: ${key}`, `It may hold ${IGNORING_CASE}.`);
      else equalsIgnoreCase.check((operand as Record<string, unknown>)[key], memberOf(pointer, key), report, false);
      for (const extra of key === IGNORING_CASE ? more : []) report(memberOf(pointer, extra), 'Only one key allowed in match expression');
    },
    compile: (operands) => {
      const texts = operands.filter((operand) => typeof operand === 'string');
      const others = operands.filter((operand) => typeof operand !== 'string') as Record<typeof IGNORING_CASE, string>[];
      const tests = others.map((operand) => ignoringCase(operand[IGNORING_CASE]));
      if (texts.length > 0) tests.unshift(anyOf(texts));
      return { ...NOTHING, text: either(tests) };
    },
  };
}

export const wildcard: Operator = {
  check: (operand, pointer, report) => {
    if (typeof operand !== 'string') report(pointer, 'wildcard match pattern must be a string');
    else checkWildcard(operand, pointer, report);
  },
  compile: (operands) => ({ ...NOTHING, text: either((operands as readonly string[]).map((text) => wildcardTest(readWildcard(text) as readonly string[]))) }),
};

function checkWildcard(text: string, pointer: string, report: Report): void {
  const read = readWildcard(text);
  if (!('kind' in read)) return;
  // EventBridge counts UTF-8 bytes, and the quote before the text.
  const position = Buffer.byteLength(text.slice(0, read.at)) + 1;
  if (read.kind === 'CONSECUTIVE') report(pointer, `Consecutive wildcard characters at pos ${position}`, 'One * takes any number of characters.');
  else report(pointer, `Invalid escape character at pos ${position}`, String.raw`A backslash stands before * or \ only: \* is an asterisk, \\ a backslash.`);
}
