import { putKey } from '../copy.ts';
import { exactNumber } from './number-text.ts';

/**
 * What may be printed otherwise: whole numbers past 2^53, fractions of nothing but zeros, exponents, and doubles which Java
 * writes with one, or which are rounded to a whole number. Digits within a string are found too and cost the slower parser.
 */
const SPECIAL = /(?:^|[[:,\s])-?(?:\d{16}|\d+\.(?:0+(?=[,\]}\s]|$)|0{8}|9{8})|\d+(?:\.\d+)?[eE]|0\.000|\d{8,}\.)/;

/** False for most texts: JSON.parse answers the same for them as parseExact, in half the time or less. */
export const mayHoldNumbers = (text: string): boolean => SPECIAL.test(text);

/** JSON.parse, except that the numbers which AWS prints otherwise are JsonNumbers. @throws SyntaxError as JSON.parse does */
export function parseJson(text: string): unknown {
  return mayHoldNumbers(text) ? parseExact(text) : (JSON.parse(text) as unknown);
}

type Data = Record<string, unknown>;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Keeps no stack of its own: data may nest deeper than that reaches. */
export function parseExact(text: string): unknown {
  // What is wrong is found and said by JSON.parse. Below, the text is known to be JSON.
  JSON.parse(text);
  const outer: (unknown[] | Data | null)[] = [];
  const outerKeys: string[] = [];
  let container: unknown[] | Data | null = null;
  let key = '';
  let at = 0;
  for (;;) {
    at = skipBlanks(text, at);
    const start = at;
    let value: unknown;
    switch (text.charCodeAt(at)) {
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        const isArray = text.charCodeAt(at) === OPEN_BRACKET;
        const inner: unknown[] | Data = isArray ? [] : {};
        at = skipBlanks(text, at + 1);
        if (text.charCodeAt(at) !== (isArray ? CLOSE_BRACKET : CLOSE_BRACE)) {
          outer.push(container);
          outerKeys.push(key);
          container = inner;
          if (!isArray) {
            const end = endOfString(text, at);
            key = stringAt(text, at, end);
            at = skipBlanks(text, end) + 1;
          }
          continue;
        }
        at++;
        value = inner;
        break;
      }
      case QUOTE:
        at = endOfString(text, at);
        value = stringAt(text, start, at);
        break;
      case 0x74: // true
        at += 4;
        value = true;
        break;
      case 0x66: // false
        at += 5;
        value = false;
        break;
      case 0x6e: // null
        at += 4;
        value = null;
        break;
      default:
        at = endOfNumber(text, at);
        value = exactNumber(text.slice(start, at));
    }
    for (;;) {
      if (container === null) return value;
      if (Array.isArray(container)) container.push(value);
      else putKey(container, key, value);
      at = skipBlanks(text, at);
      if (text.charCodeAt(at++) === COMMA) {
        if (!Array.isArray(container)) {
          at = skipBlanks(text, at);
          const end = endOfString(text, at);
          key = stringAt(text, at, end);
          at = skipBlanks(text, end) + 1;
        }
        break;
      }
      value = container;
      container = outer.pop() as unknown[] | Data | null;
      key = outerKeys.pop() as string;
    }
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (let c = text.charCodeAt(at); c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; c = text.charCodeAt(at)) at++;
  return at;
}

/** Behind the closing quote of the string that begins at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (let c = text.charCodeAt(at); c !== QUOTE; c = text.charCodeAt(at)) at += c === BACKSLASH ? 2 : 1;
  return at + 1;
}

function stringAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : raw;
}

/** Behind the digits, signs, point and exponent. */
function endOfNumber(text: string, from: number): number {
  let at = from;
  for (let c = text.charCodeAt(at); (c >= 0x2b && c <= 0x39 && c !== COMMA) || c === 0x65 || c === 0x45; c = text.charCodeAt(at)) at++;
  return at;
}
