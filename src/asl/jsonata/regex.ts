import { createContext, Script, type Context } from 'node:vm';
import { exhausted, JsonataError } from './fault.ts';
import { remainingMs, run, spend } from './limits.ts';
import { type Callable, type Found, type Matcher } from './values.ts';

/** Attempts that a regular expression may need at worst to be run without a watchdog. */
const HARMLESS_ATTEMPTS = 100_000_000;

/** How the worst case of a pattern grows with its subject: n to the power of `degree`, or 2 to the power of n. */
interface Growth {
  readonly degree: number;
  readonly exponential: boolean;
}

/**
 * Estimates from above, by looking at the quantifiers alone. A repeated group counts as exponential unless what it
 * holds is a fixed text: it may be ambiguous, and telling for sure costs more than the watchdog.
 */
export function growthOf(source: string): Growth {
  let degree = 0;
  let exponential = false;
  let inClass = false;
  /** For each open group: whether it holds a quantifier or alternatives. */
  const open: boolean[] = [];
  let closed = false;
  for (let at = 0; at < source.length; at++) {
    const character = source[at];
    if (character === '\\') {
      if (!inClass && /[1-9k]/.test(source[at + 1] ?? '')) exponential = true;
      at++;
      closed = false;
      continue;
    }
    if (inClass) {
      if (character === ']') inClass = false;
      continue;
    }
    if (character === '[') inClass = true;
    if (character === '(') {
      open.push(false);
      closed = false;
      // The mark behind a bracket, as in (?: or (?=, is no quantifier.
      if (source[at + 1] === '?') at++;
      continue;
    }
    if (character === ')') {
      closed = open.pop() ?? false;
      if (closed && open.length > 0) open[open.length - 1] = true;
      continue;
    }
    if (character === '|') {
      degree++;
      if (open.length > 0) open[open.length - 1] = true;
    }
    if (character === '*' || character === '+' || character === '?' || (character === '{' && /^\{\d/.test(source.slice(at, at + 2)))) {
      degree++;
      if (closed) exponential = true;
      if (open.length > 0) open[open.length - 1] = true;
    }
    closed = false;
  }
  return { degree, exponential };
}

/** The longest subject on which a pattern runs without a watchdog. */
export function harmlessLength(source: string): number {
  const { degree, exponential } = growthOf(source);
  if (exponential) return 24;
  return Math.floor(HARMLESS_ATTEMPTS ** (1 / (degree + 1)));
}

interface Watched extends Context {
  expression?: RegExp | undefined;
  text?: string | undefined;
}

let watched: { readonly context: Watched; readonly script: Script } | undefined;

/**
 * Runs a match that may backtrack for long. V8 cannot be asked to give up on a match, but it lets itself be terminated
 * within one: that is what the time limit of node:vm does. It costs a tenth of a millisecond.
 */
function watchedExec(expression: RegExp, text: string): RegExpExecArray | null {
  watched ??= { context: createContext({}), script: new Script('expression.exec(text)') };
  const { context, script } = watched;
  context.expression = expression;
  context.text = text;
  try {
    return script.runInContext(context, { timeout: Math.max(1, Math.ceil(remainingMs())) }) as RegExpExecArray | null;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw exhausted(`The regular expression was still matching after ${run.limits.timeLimitMs} milliseconds`, run.limits.timeLimitMs);
  } finally {
    context.expression = undefined;
    context.text = undefined;
  }
}

/** Matches within the time limit of the evaluation under way, which the expression's own state is set for. */
export function boundedExec(expression: RegExp, text: string, harmless: number): RegExpExecArray | null {
  spend(1 + text.length);
  return text.length <= harmless ? expression.exec(text) : watchedExec(expression, text);
}

/** The function that a regular expression stands for: given a text, it answers the first match and how to go on. */
export function compileRegex(expression: RegExp, position: number | undefined): Callable {
  const harmless = harmlessLength(expression.source);
  const first = (text: string, from: number): Found | undefined => {
    expression.lastIndex = from;
    const match = boundedExec(expression, text, harmless);
    if (match === null) return undefined;
    return { match: match[0], start: match.index, end: match.index + match[0].length, groups: match.slice(1) };
  };
  const next = (text: string, previous: Found): Found | undefined => {
    if (previous.end >= text.length) return undefined;
    const found = first(text, previous.end);
    if (found?.match === '') throw new JsonataError('D1004', { value: expression.source }).locate(position, undefined);
    return found;
  };
  return matcherFunction({ first, next });
}

function matcherFunction(matcher: Matcher): Callable {
  const answer = (text: string, found: Found | undefined): unknown => {
    if (found === undefined) return undefined;
    const { match, start, end, groups } = found;
    return { match, start, end, groups, next: plainFunction(0, () => answer(text, matcher.next(text, found))) };
  };
  const call = plainFunction(2, (args) => {
    const text = String(args[0]);
    return answer(text, matcher.first(text, typeof args[1] === 'number' ? args[1] : 0));
  });
  call.matcher = matcher;
  return call;
}

/** A function value that takes its arguments as they come. */
export function plainFunction(arity: number, body: (args: unknown[]) => unknown): Callable {
  const call = ((args: unknown[], _context: unknown) => body(args)) as Callable;
  call.arity = arity;
  call.params = arity;
  call.contextual = false;
  return call;
}

