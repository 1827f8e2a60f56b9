import type { StateContext } from '../context.ts';
import { interned } from '../interned.ts';
import { isInherited } from '../jsonpath/definite.ts';
import { keysOf } from '../jsonpath/path.ts';
import { parsePath } from '../jsonpath/parse-path.ts';
import { isContainer } from '../numbers/json-number.ts';
import { jsonBytes } from '../size.ts';
import { compileTemplate } from '../template.ts';
import { END, type Json } from '../types.ts';
import type { DirectState, Growth, Names, Shape, Test } from './contract.ts';

/*
 * Which states direct code can run, as plain descriptions: the fields that are met most. Whatever is not known here answers
 * null, and runs as a step.
 */

type Definition = Readonly<Record<string, Json>>;

const isIdentity = (path: Json | undefined): boolean => path === undefined || path === '$';

export function describeSucceed({ definition, language }: StateContext): DirectState | null {
  if (language === 'JSONata') return definition['Output'] === undefined ? { kind: 'end' } : null;
  return isIdentity(definition['InputPath']) && isIdentity(definition['OutputPath']) ? { kind: 'end' } : null;
}

export function describePass(context: StateContext): DirectState | null {
  const { definition, language, trace } = context;
  if (language === 'JSONata' || trace !== undefined || definition['Assign'] !== undefined || !isIdentity(definition['OutputPath'])) return null;
  const result = describeResult(definition);
  if (result === null) return null;
  const next = definition['Next'];
  const target = typeof next === 'string' ? context.target(next) : END;
  const resultPath = definition['ResultPath'];
  if (isIdentity(resultPath)) return { kind: 'pass', result: result.shape, at: null, target, growth: result.growth };
  if (typeof resultPath !== 'string') return null;
  const at = keysOf(parsePath(resultPath).steps);
  if (at === null || at.length !== 1 || typeof at[0] !== 'string' || at[0] === '__proto__') return null;
  const { factor, plus } = result.growth;
  return { kind: 'pass', result: result.shape, at: interned(at[0]), target, growth: { factor: factor + 1, plus: plus + resultPath.length + 4 } };
}

function describeResult(definition: Definition): { shape: Shape; growth: Growth } | null {
  const { InputPath: inputPath, Parameters: template, Result: result } = definition;
  const root = inputPath === undefined ? [] : inputPath === null ? null : namesOf(inputPath);
  if (root === null) return null;
  if (result !== undefined) {
    // A path or template that fails does so even if nothing reads what it makes.
    if (root.length > 0 || template !== undefined) return null;
    return { shape: { kind: 'literal', value: result }, growth: { factor: 0, plus: jsonBytes(result, Infinity) } };
  }
  if (template === undefined) return { shape: { kind: 'read', names: root }, growth: { factor: 1, plus: 0 } };
  const { get, constant, references, literalBytes, unbounded } = compileTemplate(template, 'Parameters');
  if (unbounded || (constant && root.length > 0)) return null;
  const growth = { factor: references, plus: literalBytes };
  if (constant) return { shape: { kind: 'literal', value: get(null, NO_FRAME) }, growth };
  const shape = shapeOf(template, root);
  return shape === null ? null : { shape, growth };
}

/** A constant template looks at no frame. */
const NO_FRAME = null as never;

function shapeOf(template: Json, root: Names): Shape | null {
  if (!isContainer(template)) return { kind: 'literal', value: template };
  const { constant, get } = compileTemplate(template, 'Parameters');
  if (constant) return { kind: 'literal', value: get(null, NO_FRAME) };
  if (Array.isArray(template)) return null;
  const members = new Map<string, Shape>();
  for (const [key, value] of Object.entries(template)) {
    const read = key.endsWith('.$');
    const name = read ? key.slice(0, -2) : key;
    if (name === '__proto__' || members.has(name)) return null;
    const names = read ? namesOf(value) : null;
    const member: Shape | null = !read ? shapeOf(value as Json, root) : names === null ? null : { kind: 'read', names: [...root, ...names] };
    if (member === null) return null;
    members.set(interned(name), member);
  }
  return { kind: 'object', keys: [...members.keys()], members: [...members.values()] };
}

/** The names that a path into the input consists of; null for any other. */
function namesOf(path: Json | undefined): Names | null {
  if (typeof path !== 'string' || !path.trim().startsWith('$')) return null;
  const { root, steps } = parsePath(path);
  const keys = root === 'input' ? keysOf(steps) : null;
  return keys !== null && keys.every((key) => typeof key === 'string' && !isInherited(key)) ? (keys as string[]).map(interned) : null;
}

export function describeChoice(context: StateContext): DirectState | null {
  const { definition, language } = context;
  if (language === 'JSONata' || definition['Assign'] !== undefined || !isIdentity(definition['InputPath']) || !isIdentity(definition['OutputPath'])) return null;
  const rules = definition['Choices'] as readonly Record<string, Json>[];
  if (rules.some((rule) => rule['Assign'] !== undefined)) return null;
  const tests = allOf(rules.map(describeTest));
  if (tests === null) return null;
  const otherwise = definition['Default'];
  return {
    kind: 'choice',
    tests,
    targets: rules.map((rule) => context.target(String(rule['Next']))),
    otherwise: typeof otherwise === 'string' ? context.target(otherwise) : null,
  };
}

/** Comparisons with a literal, and what it has to be. */
const OPERANDS: Readonly<Record<string, 'number' | 'string' | 'boolean'>> = {
  NumericEquals: 'number', NumericLessThan: 'number', NumericGreaterThan: 'number', NumericLessThanEquals: 'number', NumericGreaterThanEquals: 'number',
  StringEquals: 'string', StringLessThan: 'string', StringGreaterThan: 'string', StringLessThanEquals: 'string', StringGreaterThanEquals: 'string',
  BooleanEquals: 'boolean', IsPresent: 'boolean', IsNull: 'boolean', IsString: 'boolean', IsNumeric: 'boolean', IsBoolean: 'boolean',
};

function describeTest(rule: Record<string, Json>): Test | null {
  const { And: and, Or: or, Not: not, Variable: variable } = rule;
  if (Array.isArray(and) || Array.isArray(or)) {
    const tests = allOf(((and ?? or) as Record<string, Json>[]).map(describeTest));
    return tests === null ? null : { kind: Array.isArray(and) ? 'and' : 'or', tests };
  }
  if (not !== undefined) {
    const test = describeTest(not as Record<string, Json>);
    return test === null ? null : { kind: 'not', test };
  }
  const names = namesOf(variable);
  const operator = Object.keys(rule).find((key) => Object.hasOwn(OPERANDS, key));
  if (names === null || operator === undefined) return null;
  const operand = rule[operator];
  return typeof operand === OPERANDS[operator] ? { kind: 'compare', names, operator, operand: operand as number | string | boolean } : null;
}

const allOf = <T>(items: readonly (T | null)[]): readonly T[] | null => (items.some((item) => item === null) ? null : (items as readonly T[]));
