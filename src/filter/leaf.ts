import { isJsonNumber, JsonNumber } from '../asl/numbers/json-number.ts';
import { literalTest } from './literals.ts';
import { OPERATORS } from './operators/table.ts';
import { isAbsence } from './tree.ts';
import { anyOf, type NumberTest, type TextTest, type ValueTest } from './value-test.ts';

/** Asked of what a field holds: undefined when there is no such field. */
export type FieldTest = (value: unknown) => boolean;

/**
 * Whether a field holds a value that one of the alternatives accepts. Of an array, each element is such a value, and so are
 * those of arrays in it; an object is none, and a field that holds none counts as not being there.
 */
export function compileLeaf(alternatives: readonly unknown[]): FieldTest {
  const present = compilePresent(alternatives);
  if (!alternatives.some(isAbsence)) return present;
  return (value) => present(value) || holdsNoValue(value);
}

/** As compileLeaf, but what is not there never passes. */
export function compilePresent(alternatives: readonly unknown[]): FieldTest {
  const test = valueTest(alternatives);
  const text: TextTest = typeof test.text === 'boolean' ? always(test.text) : test.text;
  const number: NumberTest = typeof test.number === 'boolean' ? always(test.number) : test.number;
  const single: FieldTest = (value) => {
    switch (typeof value) {
      case 'string':
        return text(value);
      case 'number':
        return number(value);
      case 'boolean':
        return value ? test.true : test.false;
      case 'object':
        return value === null ? test.null : value instanceof JsonNumber && number(value);
      default:
        return false;
    }
  };
  const others: FieldTest = (value) => (Array.isArray(value) ? someElement(value, single) : single(value));
  // What nearly all values are that nearly all patterns ask for, in as few calls as can be.
  if (test.number === false) return (value) => (typeof value === 'string' ? text(value) : others(value));
  if (test.text === false) return (value) => (typeof value === 'number' ? number(value) : others(value));
  return others;
}

function valueTest(alternatives: readonly unknown[]): ValueTest {
  const operands = new Map<string, unknown[]>();
  const literals: unknown[] = [];
  for (const alternative of alternatives) {
    if (typeof alternative !== 'object' || alternative === null || isJsonNumber(alternative)) literals.push(alternative);
    else {
      const [name, operand] = Object.entries(alternative)[0] as [string, unknown];
      const given = operands.get(name);
      if (given === undefined) operands.set(name, [operand]);
      else given.push(operand);
    }
  }
  return anyOf([literalTest(literals, true), ...Array.from(operands, ([name, given]) => (OPERATORS[name] as (typeof OPERATORS)[string]).compile(given))]);
}

const always = (answer: boolean) => (): boolean => answer;

/** Whether an element passes that is no array, of this one or of arrays in it. Keeps no stack: they may nest to any depth. */
export function someElement(array: readonly unknown[], test: (element: unknown) => boolean): boolean {
  let pending: (readonly unknown[])[] | null = null;
  for (let current: readonly unknown[] | undefined = array; current !== undefined; current = pending?.pop()) {
    for (const element of current) {
      if (Array.isArray(element)) (pending ??= []).push(element as unknown[]);
      else if (test(element)) return true;
    }
  }
  return false;
}

export function holdsNoValue(value: unknown): boolean {
  if (Array.isArray(value)) return !someElement(value, (element) => !holdsNoValue(element));
  return value === undefined || (typeof value === 'object' && value !== null && !isJsonNumber(value));
}
