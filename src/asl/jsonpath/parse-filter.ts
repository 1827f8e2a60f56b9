import type { Json } from '../types.ts';
import type { Cursor } from './cursor.ts';
import { compilePattern } from './pattern.ts';
import { COMPARISONS, type Comparison, type FilterNode, type Operand, type RelativePath } from './syntax.ts';
import { exactNumber } from '../numbers/number-text.ts';

/** Handed in by the path parser, since a filter holds paths and a path holds filters. */
type ReadPath = (cursor: Cursor) => RelativePath;

const SYMBOLS = COMPARISONS.filter((name) => !/^\w/.test(name)).sort((a, b) => b.length - a.length);
const WORDS: ReadonlySet<string> = new Set(COMPARISONS.filter((name) => /^\w/.test(name)));
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;

/**
 * Reads what stands between the parentheses of `[?(…)]`, after Jayway's grammar:
 * or = and {'||' and}; and = operand {'&&' operand}; operand = '!' operand | '(' or ')' | value [operator value].
 */
export function readFilter(cursor: Cursor, readPath: ReadPath): FilterNode {
  const terms = [readAnd(cursor, readPath)];
  while (cursor.peekPastBlanks() === '|' && cursor.eat('||')) terms.push(readAnd(cursor, readPath));
  return terms.length === 1 ? (terms[0] as FilterNode) : { kind: 'or', terms };
}

function readAnd(cursor: Cursor, readPath: ReadPath): FilterNode {
  const terms = [readOperand(cursor, readPath)];
  while (cursor.peekPastBlanks() === '&' && cursor.eat('&&')) terms.push(readOperand(cursor, readPath));
  return terms.length === 1 ? (terms[0] as FilterNode) : { kind: 'and', terms };
}

function readOperand(cursor: Cursor, readPath: ReadPath): FilterNode {
  return cursor.nested(() => {
    const c = cursor.peekPastBlanks();
    if (c === '!') {
      cursor.at++;
      const next = cursor.peekPastBlanks();
      if (next === '@' || next === '$') return readExpression(cursor, readPath, false);
      return { kind: 'not', term: readOperand(cursor, readPath) };
    }
    if (c === '(') {
      cursor.at++;
      const inner = readFilter(cursor, readPath);
      cursor.expect(')');
      return inner;
    }
    return readExpression(cursor, readPath, true);
  });
}

function readExpression(cursor: Cursor, readPath: ReadPath, wanted: boolean): FilterNode {
  const left = readValue(cursor, readPath);
  const operator = readOperator(cursor);
  if (operator !== null) {
    const compare: FilterNode = { kind: 'compare', operator, left, right: readValue(cursor, readPath) };
    return wanted ? compare : { kind: 'not', term: compare };
  }
  if (left.kind !== 'path') cursor.fail('expected an operator');
  return { kind: 'exists', path: left, wanted };
}

function readOperator(cursor: Cursor): Comparison | null {
  cursor.peekPastBlanks();
  for (const symbol of SYMBOLS) if (cursor.eat(symbol)) return symbol;
  const start = cursor.at;
  const word = cursor.match(/[A-Za-z]+/y).toLowerCase();
  if (WORDS.has(word)) return word as Comparison;
  cursor.at = start;
  return null;
}

function readValue(cursor: Cursor, readPath: ReadPath): Operand {
  const c = cursor.peekPastBlanks();
  if (c === '@' || c === '$') return readPath(cursor);
  if (c === '/') return { kind: 'pattern', pattern: readPattern(cursor) };
  return { kind: 'literal', value: readLiteral(cursor) };
}

function readPattern(cursor: Cursor): ReturnType<typeof compilePattern> {
  const start = cursor.at;
  const text = cursor.match(/\/(?:[^/\\]|\\[\s\S])*\/[a-zA-Z]*/y);
  if (text === '') cursor.fail('the pattern is not closed');
  const end = text.lastIndexOf('/');
  return compilePattern(text.slice(1, end), text.slice(end + 1), start);
}

/** A JSON value as Jayway's lenient parser takes it: strings may stand in single quotes. */
export function readLiteral(cursor: Cursor): Json {
  return cursor.nested(() => {
    const c = cursor.peekPastBlanks();
    if (c === "'" || c === '"') return cursor.readQuoted();
    if (c === '[') return readArray(cursor);
    if (c === '{') return readObject(cursor);
    const number = cursor.match(NUMBER);
    if (number !== '') return exactNumber(number) as Json;
    const word = cursor.match(/[a-z]+/y);
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    cursor.at -= word.length;
    return cursor.fail('expected a value');
  });
}

function readArray(cursor: Cursor): Json[] {
  cursor.expect('[');
  const out: Json[] = [];
  if (cursor.peekPastBlanks() !== ']') {
    do {
      out.push(readLiteral(cursor));
      cursor.peekPastBlanks();
    } while (cursor.eat(','));
  }
  cursor.expect(']');
  return out;
}

function readObject(cursor: Cursor): { [key: string]: Json } {
  cursor.expect('{');
  const out: [string, Json][] = [];
  if (cursor.peekPastBlanks() !== '}') {
    do {
      const c = cursor.peekPastBlanks();
      if (c !== "'" && c !== '"') cursor.fail('expected a quoted name');
      const key = cursor.readQuoted();
      cursor.expect(':');
      out.push([key, readLiteral(cursor)]);
      cursor.peekPastBlanks();
    } while (cursor.eat(','));
  }
  cursor.expect('}');
  return Object.fromEntries(out); // defines keys, so that `__proto__` stays a key
}
