import { compareNumbers, isNumber, type JsonNumber } from '../asl/numbers/json-number.ts';
import { addressOf, blockTest } from './addresses.ts';
import { either, type NumberTest, type TextTest, type ValueTest } from './value-test.ts';

/** From this many on, a set is quicker than a comparison with each. */
const SET_FROM = 8;

/**
 * Accepts the values that are listed. Numbers are equal when their values are: 1, 1.0 and 1e0 are one number, "1" is none. With
 * `addresses`, a text that is an IP address stands for all ways of writing it.
 */
export function literalTest(values: readonly unknown[], addresses: boolean): ValueTest {
  const texts = values.filter((value) => typeof value === 'string');
  const blocks = addresses ? texts.map(addressOf).filter((address) => address !== null) : [];
  return {
    text: texts.length > 0 && either([textTest(texts), ...blocks.map((address) => blockTest(address, address.length * 32))]),
    number: numberTest(values.filter(isNumber)),
    true: values.includes(true),
    false: values.includes(false),
    null: values.includes(null),
  };
}

function textTest(texts: readonly string[]): TextTest {
  const [first, second] = texts;
  if (texts.length === 1) return (text) => text === first;
  if (texts.length === 2) return (text) => text === first || text === second;
  if (texts.length < SET_FROM) return (text) => texts.includes(text);
  const set = new Set(texts);
  return (text) => set.has(text);
}

function numberTest(numbers: readonly (number | JsonNumber)[]): NumberTest | boolean {
  if (numbers.length === 0) return false;
  // Only whole numbers past 2^53 have to be told apart further than by their doubles.
  const doubles = new Set(numbers.map(Number));
  const [first] = doubles;
  const long = numbers.filter((value) => !Number.isSafeInteger(Number(value)) && Number.isInteger(Number(value)));
  if (long.length > 0) return (value) => doubles.has(Number(value)) && numbers.some((wanted) => compareNumbers(value, wanted) === 0);
  if (doubles.size === 1) return (value) => Number(value) === first;
  return (value) => doubles.has(Number(value));
}
