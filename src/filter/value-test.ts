import type { JsonNumber } from '../asl/numbers/json-number.ts';

export type TextTest = (text: string) => boolean;

/** A number of an event is a JsonNumber where JavaScript cannot print it as it came. */
export type NumberTest = (value: number | JsonNumber) => boolean;

/** What a match expression accepts, for each of the types that a single JSON value may have: all, none, or those that pass a test. */
export interface ValueTest {
  readonly text: TextTest | boolean;
  readonly number: NumberTest | boolean;
  readonly true: boolean;
  readonly false: boolean;
  readonly null: boolean;
}

export const NOTHING: ValueTest = { text: false, number: false, true: false, false: false, null: false };

export const ANYTHING: ValueTest = { text: true, number: true, true: true, false: true, null: true };

/** Accepts every value that `test` does not. */
export const not = (test: ValueTest): ValueTest => ({
  text: negated(test.text),
  number: negated(test.number),
  true: !test.true,
  false: !test.false,
  null: !test.null,
});

/** Accepts the values that any of the tests accepts. */
export const anyOf = (tests: readonly ValueTest[]): ValueTest => ({
  text: eitherOrAll(tests.map((test) => test.text)),
  number: eitherOrAll(tests.map((test) => test.number)),
  true: tests.some((test) => test.true),
  false: tests.some((test) => test.false),
  null: tests.some((test) => test.null),
});

/** Passes what any of the tests passes, of which there is at least one. */
export function either<V>(tests: readonly ((value: V) => boolean)[]): (value: V) => boolean {
  const [first, second] = tests as readonly [(value: V) => boolean, (value: V) => boolean];
  if (tests.length === 1) return first;
  if (tests.length === 2) return (value) => first(value) || second(value);
  return (value) => {
    for (const test of tests) if (test(value)) return true;
    return false;
  };
}

function eitherOrAll<V>(tests: readonly (((value: V) => boolean) | boolean)[]): ((value: V) => boolean) | boolean {
  const left = tests.filter((test) => typeof test === 'function');
  return tests.includes(true) || (left.length > 0 && either(left));
}

function negated<V>(test: ((value: V) => boolean) | boolean): ((value: V) => boolean) | boolean {
  return typeof test === 'boolean' ? !test : (value) => !test(value);
}
