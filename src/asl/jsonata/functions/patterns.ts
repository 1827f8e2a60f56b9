import { JsonataError } from '../fault.ts';
import { chargeItems, chargeText, run, spend } from '../limits.ts';
import { unwind } from '../tail-calls.ts';
import { substitute } from '../substitution.ts';
import type { Callable, Found } from '../values.ts';
import { general, scalar, type BuiltinTable } from './builtin.ts';

/**
 * The matches of a text one by one: of a regular expression directly, else of a function that answers what a regular
 * expression would. Throws T1010 where it answers something else.
 */
function* matches(text: string, pattern: Callable): Generator<Found> {
  const { matcher } = pattern;
  if (matcher !== undefined) {
    for (let found = matcher.first(text, 0); found !== undefined; found = matcher.next(text, found)) yield found;
    return;
  }
  for (let found = asked(pattern, [text]); found !== undefined; ) {
    yield found as Found;
    const { next } = found as { next?: unknown };
    if (typeof next !== 'function') throw new JsonataError('T1010');
    found = asked(next as Callable, [undefined]);
  }
}

function asked(pattern: Callable, args: unknown[]): Partial<Found> | undefined {
  spend(1);
  const found = unwind(pattern(args, null), null) as (Partial<Found> & { next?: unknown }) | undefined;
  if (!found) return undefined;
  // As loose as the library: any one of the four will do.
  if (typeof found.start === 'number' || (found.end as unknown) === 'number' || Array.isArray(found.groups) || typeof found.next === 'function') return found;
  throw new JsonataError('T1010');
}

function contains(text: string, pattern: unknown): boolean {
  if (typeof pattern === 'string') return text.includes(pattern);
  return matches(text, pattern as Callable).next().done !== true;
}

function match(text: string, pattern: Callable, limit: number | undefined): unknown[] {
  if (limit !== undefined && limit < 0) throw new JsonataError('D3040', { value: limit, index: 3 });
  const found: unknown[] = [];
  if (limit !== undefined && !(limit > 0)) return found;
  for (const { match: text_, start, groups } of matches(text, pattern)) {
    found.push({ match: text_, index: start, groups });
    chargeItems(found.length === 1 ? 8 : 4);
    if (limit !== undefined && found.length >= limit) break;
  }
  return found;
}

function split(text: string, separator: unknown, limit: number | undefined): string[] {
  if (limit !== undefined && limit < 0) throw new JsonataError('D3020', { value: limit, index: 3 });
  if (limit !== undefined && !(limit > 0)) return [];
  if (typeof separator === 'string') {
    chargeItems(Math.min(text.length, run.limits.sequenceLimit));
    return text.split(separator, limit);
  }
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of matches(text, separator as Callable)) {
    parts.push(text.substring(from, start));
    from = end;
    if (limit !== undefined && parts.length >= limit) return parts;
  }
  parts.push(text.substring(from));
  chargeItems(parts.length);
  return parts;
}

function replace(text: string, pattern: unknown, replacement: unknown, limit: number | undefined): string {
  if (pattern === '') throw new JsonataError('D3010', { value: pattern, index: 2 });
  if (limit !== undefined && limit < 0) throw new JsonataError('D3011', { value: limit, index: 4 });
  if (limit !== undefined && !(limit > 0)) return text;
  return typeof pattern === 'string' ? replaceText(text, pattern, replacement, limit) : replaceMatches(text, pattern as Callable, replacement, limit);
}

function replaceText(text: string, pattern: string, replacement: unknown, limit: number | undefined): string {
  let result = '';
  let from = 0;
  let count = 0;
  for (let at = text.indexOf(pattern); at !== -1; at = text.indexOf(pattern, from)) {
    if (limit !== undefined && count >= limit) break;
    // A function in this place is written out by the library too, as JavaScript writes it; here it is the empty text that $string makes of it.
    result += text.substring(from, at) + (typeof replacement === 'string' ? replacement : '');
    checkText(result);
    from = at + pattern.length;
    count++;
    spend(1);
  }
  return result + text.substring(from);
}

function replaceMatches(text: string, pattern: Callable, replacement: unknown, limit: number | undefined): string {
  let result = '';
  let from = 0;
  let count = 0;
  for (const found of matches(text, pattern)) {
    if (limit !== undefined && count >= limit) break;
    const written = typeof replacement === 'string' ? substitute(replacement, found) : unwind((replacement as Callable)([found], null), null);
    if (typeof written !== 'string') throw new JsonataError('D3012', { value: written });
    result += text.substring(from, found.start) + written;
    checkText(result);
    from = found.start + found.match.length;
    count++;
  }
  return result + text.substring(from);
}

function checkText(text: string): void {
  if (text.length > 65_536) chargeText(text.length > run.limits.textLimit ? text.length : 128);
}

/** What works on texts by patterns. */
export const PATTERNS: BuiltinTable = {
  contains: scalar('<s-(sf):b>', 2, ([text, pattern]) => (text === undefined || pattern === undefined ? undefined : contains(text as string, pattern))),
  match: general('<s-f<s:o>n?:a<o>>', 3, ([text, pattern, limit]) => (text === undefined ? undefined : match(text as string, pattern as Callable, limit as number | undefined)), { sequence: true }),
  split: general('<s-(sf)n?:a<s>>', 3, ([text, separator, limit]) => (text === undefined ? undefined : split(text as string, separator, limit as number | undefined))),
  replace: scalar('<s-(sf)(sf)n?:s>', 4, ([text, pattern, replacement, limit]) => (text === undefined ? undefined : replace(text as string, pattern, replacement, limit as number | undefined))),
};
