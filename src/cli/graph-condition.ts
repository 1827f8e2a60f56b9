import type { Json } from '../asl/types.ts';

type Rule = Readonly<Record<string, Json>>;

const SIGNS: readonly (readonly [suffix: string, sign: string])[] = [
  ['LessThanEquals', '<='], ['GreaterThanEquals', '>='], ['LessThan', '<'], ['GreaterThan', '>'], ['Equals', '='], ['Matches', 'matches'],
];
const TESTS: Readonly<Record<string, string>> = { IsNull: 'null', IsPresent: 'present', IsNumeric: 'a number', IsString: 'a string', IsBoolean: 'a boolean', IsTimestamp: 'a timestamp' };
/** Rules nest as deep as JSON does; beyond this the label says no more. */
const MAX_DEPTH = 8;
const MAX_LENGTH = 120;

/** A choice rule in a form that people read: `$.x > 3 and not ($.y is null)`; a JSONata condition as it is. */
export function conditionText(rule: Rule): string {
  const text = describe(rule, 0);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

function describe(rule: Rule, depth: number): string {
  const field = (name: string): Json | undefined => (Object.hasOwn(rule, name) ? rule[name] : undefined);
  if (depth > MAX_DEPTH) return '…';
  const condition = field('Condition');
  if (condition !== undefined) return typeof condition === 'string' ? condition.replace(/^\{%\s*([\s\S]*?)\s*%\}$/, '$1') : shown(condition);
  for (const [name, word] of [['And', ' and '], ['Or', ' or ']] as const) {
    const rules = field(name);
    if (Array.isArray(rules)) return rules.map((nested) => grouped(nested, depth + 1, name)).join(word);
  }
  const negated = field('Not');
  if (isRule(negated)) return `not (${describe(negated, depth + 1)})`;
  const variable = shown(field('Variable') ?? '?');
  for (const [name, operand] of Object.entries(rule)) {
    if (Object.hasOwn(TESTS, name)) return `${variable} is ${operand === false ? 'not ' : ''}${TESTS[name]!}`;
    const base = name.endsWith('Path') ? name.slice(0, -4) : name;
    const family = /^(?:String|Numeric|Boolean|Timestamp)/.exec(base)?.[0];
    const sign = family === undefined ? undefined : SIGNS.find(([suffix]) => base === `${family}${suffix}`)?.[1];
    if (sign !== undefined) return `${variable} ${sign} ${base === name ? JSON.stringify(operand) : shown(operand)}`;
  }
  return variable;
}

/** What is not the text that it should be is shown as JSON: an object's own toString must not be called. */
const shown = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Parentheses where the words alone would be ambiguous. */
function grouped(rule: Json, depth: number, around: 'And' | 'Or'): string {
  if (!isRule(rule)) return '?';
  const text = describe(rule, depth);
  const isCompound = Object.hasOwn(rule, 'And') || Object.hasOwn(rule, 'Or');
  return isCompound && !Object.hasOwn(rule, around) ? `(${text})` : text;
}

const isRule = (value: Json | undefined): value is { [key: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value);
