import { Cursor, isBlank, PathSyntaxError } from './cursor.ts';
import { readFilter, readLiteral } from './parse-filter.ts';
import { PATH_FUNCTIONS } from './functions.ts';
import type { CallArgument, PathStep, RelativePath } from './syntax.ts';

export interface ParsedPath {
  readonly root: 'input' | 'context' | 'variable';
  readonly variable: string | null;
  readonly steps: readonly PathStep[];
}

/** Where a path stands decides which characters end it: nothing but its own end, or the punctuation of what is around it. */
type Surroundings = 'field' | 'filter' | 'argument';

const STEP_LIMIT = 1000;
const INT_MAX = 2_147_483_647;
const VARIABLE_NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;

/** Characters that end an undotted name, by surroundings. Beyond these Jayway takes anything for part of a name. */
const NAME_END: Readonly<Record<Surroundings, RegExp>> = {
  field: /[^\s.[(]+/y,
  filter: /(?:(?!&&|\|\|)[^\s.[()<>=~!,])+/y,
  argument: /[^\s.[(),]+/y,
};

/** Reads a whole field: `$…`, `$$…` or `$name…`. Blanks around it are ignored, as Jayway trims them. */
export function parsePath(text: string): ParsedPath {
  const cursor = new Cursor(text);
  cursor.peekPastBlanks();
  const path = readPath(cursor, 'field');
  cursor.peekPastBlanks();
  if (!cursor.done) cursor.fail("expected '.' or '['");
  return path;
}

/** Reads a path up to where its surroundings go on. */
export function readPath(cursor: Cursor, around: Surroundings): ParsedPath {
  if (!cursor.eat('$')) cursor.fail("a path must start with '$'");
  if (cursor.eat('$')) return { root: 'context', variable: null, steps: readSteps(cursor, around) };
  const name = cursor.match(VARIABLE_NAME);
  if (name !== '') return { root: 'variable', variable: name, steps: readSteps(cursor, around) };
  return { root: 'input', variable: null, steps: readSteps(cursor, around) };
}

function readSteps(cursor: Cursor, around: Surroundings): PathStep[] {
  const steps: PathStep[] = [];
  for (;;) {
    const c = cursor.peek();
    if (c === '.') readDotted(cursor, around, steps);
    else if (c === '[') steps.push(cursor.nested(() => readBracket(cursor)));
    else return steps;
    if (steps.length > STEP_LIMIT) cursor.fail(`a path has ${STEP_LIMIT} steps at the most`);
  }
}

function readDotted(cursor: Cursor, around: Surroundings, steps: PathStep[]): void {
  cursor.at++;
  if (cursor.eat('.')) steps.push({ kind: 'descend' });
  const c = cursor.peek();
  if (c === '[') return; // `.['a']` and `..[0]`: the bracket is read as the next step
  if (c === '' || isBlank(c)) cursor.fail("a path must not end with '.'");
  if (c === '*') {
    cursor.at++;
    steps.push({ kind: 'wildcard' });
    return;
  }
  const start = cursor.at;
  const name = cursor.match(NAME_END[around]);
  if (name === '') cursor.fail('expected a name');
  if (cursor.peek() === '(') {
    steps.push(cursor.nested(() => readCall(cursor, name, start)));
    return;
  }
  if (around === 'field' && isBlank(cursor.peek()) && cursor.text.slice(cursor.at).trim() !== '') {
    cursor.fail("use bracket notation, ['my name'], for a name with blanks in it");
  }
  steps.push({ kind: 'name', name });
}

function readCall(cursor: Cursor, name: string, start: number): PathStep {
  if (!PATH_FUNCTIONS.has(name)) {
    // What is not a function is a name like any other (as with AWS, which knows none): it will hardly be found.
    const close = closingParenthesis(cursor);
    cursor.at = close + 1;
    return { kind: 'name', name: cursor.text.slice(start, cursor.at) };
  }
  cursor.expect('(');
  const args: CallArgument[] = [];
  if (cursor.peekPastBlanks() !== ')') {
    do {
      args.push(readArgument(cursor));
      cursor.peekPastBlanks();
    } while (cursor.eat(','));
  }
  cursor.expect(')');
  return { kind: 'call', name, args };
}

function closingParenthesis(cursor: Cursor): number {
  let open = 0;
  for (let at = cursor.at; at < cursor.text.length; at++) {
    const c = cursor.text[at];
    if (c === '(') open++;
    else if (c === ')' && --open === 0) return at;
  }
  return cursor.fail("expected ')'");
}

function readArgument(cursor: Cursor): CallArgument {
  const c = cursor.peekPastBlanks();
  if (c === '$' || c === '@') return readRelativePath(cursor, 'argument');
  return { kind: 'literal', value: readLiteral(cursor) };
}

function readRelativePath(cursor: Cursor, around: Surroundings): RelativePath {
  const root = cursor.peek() === '$' ? '$' : '@';
  cursor.at++;
  return { kind: 'path', root, steps: readSteps(cursor, around) };
}

function readBracket(cursor: Cursor): PathStep {
  cursor.expect('[');
  const c = cursor.peekPastBlanks();
  let step: PathStep;
  if (c === "'" || c === '"') step = readNames(cursor);
  else if (cursor.eat('*')) step = { kind: 'wildcard' };
  else if (cursor.eat('?')) {
    cursor.expect('(');
    step = { kind: 'filter', test: readFilter(cursor, (inner) => readRelativePath(inner, 'filter')) };
    cursor.expect(')');
  } else if (c === '(') step = readFromEnd(cursor);
  else step = readNumbers(cursor);
  cursor.expect(']');
  return step;
}

function readNames(cursor: Cursor): PathStep {
  const names: string[] = [];
  do {
    const c = cursor.peekPastBlanks();
    if (c !== "'" && c !== '"') cursor.fail('expected a quoted name');
    names.push(cursor.readQuoted());
    cursor.peekPastBlanks();
  } while (cursor.eat(','));
  const [first] = names;
  return first !== undefined && names.length === 1 ? { kind: 'name', name: first } : { kind: 'names', names };
}

/** `[(@.length - 1)]`, which AWS's version of Jayway reads as an index from the end. */
function readFromEnd(cursor: Cursor): PathStep {
  const text = cursor.match(/\(\s*@\.(?:length|size)(?:\(\))?\s*-\s*\d+\s*\)/y);
  if (text === '') cursor.fail('expected an index, a name, a slice, * or ?');
  const back = Number(/\d+/.exec(text)?.[0]);
  return { kind: 'index', index: back === 0 || back > INT_MAX ? INT_MAX : -back };
}

function readNumbers(cursor: Cursor): PathStep {
  const start = cursor.at;
  const inside = cursor.match(/[-\d:,\s]*/y).trim();
  // A third part, the step of a slice, is read over as Jayway does.
  const slice = /^(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(?:-?\d+)?)?$/.exec(inside);
  if (slice !== null && (slice[1] !== undefined || slice[2] !== undefined)) {
    return { kind: 'slice', from: bound(slice[1], start), to: bound(slice[2], start) };
  }
  if (!/^-?\d+(?:\s*,\s*-?\d+)*$/.test(inside)) {
    cursor.at = start;
    cursor.fail('expected an index, a name, a slice, * or ?');
  }
  const indexes = inside.split(',').map((digits) => bound(digits.trim(), start) ?? 0);
  const [first] = indexes;
  return first !== undefined && indexes.length === 1 ? { kind: 'index', index: first } : { kind: 'indexes', indexes };
}

function bound(digits: string | undefined, offset: number): number | null {
  if (digits === undefined) return null;
  const value = Number(digits);
  if (Math.abs(value) > INT_MAX) throw new PathSyntaxError(`the index ${digits} is out of range`, offset);
  return value;
}
