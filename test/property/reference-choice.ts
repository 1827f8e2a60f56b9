import { read, runtimeError, type At, type Fields, type Value } from './reference-fields.ts';
import { nowhere } from './reference-paths.ts';

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const timeOf = (value: Value): number => (typeof value === 'string' && TIMESTAMP.test(value) ? Date.parse(value) : Number.NaN);

/** One Choice rule. `StringMatches` turns into a regular expression, which may backtrack: inputs are small. */
export function holds(rule: Fields, input: Value, at: At): boolean {
  if (Array.isArray(rule['And'])) return rule['And'].every((inner: Fields) => holds(inner, input, at));
  if (Array.isArray(rule['Or'])) return rule['Or'].some((inner: Fields) => holds(inner, input, at));
  if (rule['Not'] !== undefined) return !holds(rule['Not'] as Fields, input, at);
  const operator = Object.keys(rule).find((key) => !['Variable', 'Next', 'Assign', 'Comment'].includes(key))!;
  const value = read(rule['Variable'], input, at);
  if (operator === 'IsPresent') return (value !== nowhere) === rule[operator];
  if (value === nowhere) throw runtimeError();
  let operand = rule[operator];
  let base = operator;
  if (operator.endsWith('Path')) {
    base = operator.slice(0, -'Path'.length);
    operand = read(operand, input, at);
    if (operand === nowhere) throw runtimeError();
  }
  switch (base) {
    case 'IsNull':
      return (value === null) === operand;
    case 'IsString':
      return (typeof value === 'string') === operand;
    case 'IsNumeric':
      return (typeof value === 'number') === operand;
    case 'IsBoolean':
      return (typeof value === 'boolean') === operand;
    case 'IsTimestamp':
      return !Number.isNaN(timeOf(value)) === operand;
    case 'BooleanEquals':
      return typeof value === 'boolean' && value === operand;
    case 'StringMatches':
      return typeof value === 'string' && wildcard(String(operand)).test(value);
  }
  const [, family, order] = /^(String|Numeric|Timestamp)(.*)$/.exec(base)!;
  if (family === 'Timestamp') return ordered(order!, timeOf(value), timeOf(operand));
  const type = family === 'String' ? 'string' : 'number';
  return typeof value === type && typeof operand === type && ordered(order!, value as number, operand as number);
}

function ordered<T>(order: string, a: T, b: T): boolean {
  if (order === 'Equals') return a === b;
  if (order === 'LessThan') return a < b;
  if (order === 'GreaterThan') return a > b;
  return order === 'LessThanEquals' ? a <= b : a >= b;
}

const wildcard = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(/\\([\s\S])|\*|[\s\S]/g, (c, escaped: string | undefined) => (c === '*' ? '[\\s\\S]*' : (escaped ?? c).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)))}$`);
