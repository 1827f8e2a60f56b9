import { Cursor, PathSyntaxError } from '../jsonpath/cursor.ts';
import { readPath } from '../jsonpath/parse-path.ts';
import { createPath, type Path } from '../jsonpath/path.ts';
import type { JsonNumber } from '../numbers/json-number.ts';
import { exactNumber } from '../numbers/number-text.ts';

/** An argument or a call, as parsed. A string keeps its source, which States.Format reads for placeholders. */
export type IntrinsicNode =
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly IntrinsicNode[] }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'string'; readonly source: string; readonly value: string }
  | { readonly kind: 'literal'; readonly value: number | JsonNumber | boolean | null };

/** An intrinsic function that cannot be compiled. */
export class IntrinsicSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'IntrinsicSyntaxError';
  }
}

/**
 * Reads `States.Name(…)`. Arguments are strings in single quotes, numbers, true, false, null, paths and calls (Amazon States
 * Language, "Intrinsic Functions").
 */
export function parseIntrinsic(text: string): IntrinsicNode & { readonly kind: 'call' } {
  try {
    const cursor = new Cursor(text);
    const call = readCall(cursor);
    if (cursor.peekPastBlanks() !== '') cursor.fail('expected the end');
    return call;
  } catch (error) {
    if (error instanceof PathSyntaxError) throw new IntrinsicSyntaxError(error.message);
    throw error;
  }
}

function readCall(cursor: Cursor): IntrinsicNode & { readonly kind: 'call' } {
  return cursor.nested(() => {
    const name = cursor.match(/States\.\w+/y);
    if (name === '') cursor.fail("expected 'States.'");
    cursor.expect('(');
    const args: IntrinsicNode[] = [];
    if (cursor.peekPastBlanks() !== ')') {
      do {
        args.push(readArgument(cursor));
        cursor.peekPastBlanks();
      } while (cursor.eat(','));
    }
    cursor.expect(')');
    return { kind: 'call', name, args };
  });
}

function readArgument(cursor: Cursor): IntrinsicNode {
  const c = cursor.peekPastBlanks();
  if (c === '$') {
    const start = cursor.at;
    const parsed = readPath(cursor, 'argument');
    return { kind: 'path', path: createPath(cursor.text.slice(start, cursor.at), parsed) };
  }
  if (c === "'") return readString(cursor);
  if (cursor.startsWith('States.')) return readCall(cursor);
  const number = cursor.match(/-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y);
  if (number !== '') return { kind: 'literal', value: exactNumber(number) };
  if (cursor.eat('true')) return { kind: 'literal', value: true };
  if (cursor.eat('false')) return { kind: 'literal', value: false };
  if (cursor.eat('null')) return { kind: 'literal', value: null };
  return cursor.fail('expected an argument');
}

/** Escapes are \' \{ \} and \\ and no others. */
function readString(cursor: Cursor): IntrinsicNode {
  const quoted = cursor.match(/'(?:[^'\\]|\\['{}\\])*'/y);
  if (quoted === '') cursor.fail('a string that is not closed, or an escape other than \\\', \\{, \\} and \\\\,');
  const source = quoted.slice(1, -1);
  return { kind: 'string', source, value: unescapeString(source) };
}

export function unescapeString(source: string): string {
  return source.replace(/\\([\s\S])/g, '$1');
}
