import { Buffer } from 'node:buffer';
import { exhausted, JsonataError } from '../fault.ts';
import { chargeText, run, spend } from '../limits.ts';
import { textOf } from '../text.ts';
import { scalar, type BuiltinTable } from './builtin.ts';

/** True for a text in which every UTF-16 unit is a character of its own, as nearly all are. */
const isFlat = (text: string): boolean => !/[\ud800-\udfff]/.test(text);

const lengthOf = (text: string): number => (isFlat(text) ? text.length : Array.from(text).length);

/** Part of a text by characters. Negative positions count from its end. */
function substring(text: string, from: number, length: number | undefined): string {
  spend(text.length >> 4);
  const characters = isFlat(text) ? text : Array.from(text);
  const size = characters.length;
  const start = size + from < 0 ? 0 : from;
  if (length !== undefined && length <= 0) return '';
  const end = length === undefined ? undefined : start >= 0 ? start + length : size + start + length;
  const part = characters.slice(start, end);
  return typeof part === 'string' ? part : part.join('');
}

function pad(text: string, width: number, filling: string | undefined): string {
  const whole = Math.trunc(width);
  const missing = Math.abs(whole) - lengthOf(text);
  if (!(missing > 0)) return text;
  if (missing > run.limits.textLimit) throw exhausted(`The expression builds a text of more than ${run.limits.textLimit} characters`, missing);
  const unit = filling === undefined || filling.length === 0 ? ' ' : filling;
  chargeText(text.length + missing * unit.length);
  const padding = unit.length === 1 ? unit.repeat(missing) : substring(unit.repeat(missing), 0, missing);
  return whole > 0 ? text + padding : padding + text;
}

/** Runs of white space become one space; none is left at the ends. */
function trim(text: string): string {
  spend(text.length >> 4);
  return text.replace(/[ \t\n\r]+/g, ' ').replace(/^ | $/g, '');
}

/** A function of one text that answers nothing for nothing. */
const unary = (signature: string, compute: (text: string) => unknown) =>
  scalar(signature, 1, ([text]) => {
    if (text === undefined) return undefined;
    chargeText((text as string).length);
    return compute(text as string);
  });

/** A URL function, which refuses malformed texts with D3140. */
const url = (functionName: string, compute: (text: string) => string) =>
  unary('<s-:s>', (text) => {
    try {
      return compute(text);
    } catch {
      throw new JsonataError('D3140', { value: text, functionName });
    }
  });

const before = (text: string, mark: string): string => {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(0, at);
};

const after = (text: string, mark: string): string => {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(at + mark.length);
};

function join(texts: readonly string[], separator: string): string {
  let length = separator.length * texts.length;
  for (const text of texts) length += text.length;
  spend(texts.length);
  chargeText(length);
  return texts.join(separator);
}

export const STRINGS: BuiltinTable = {
  string: scalar('<x-b?:s>', 1, ([value, pretty]) => textOf(value, pretty === true)),
  substring: scalar('<s-nn?:s>', 3, ([text, from, length]) => (text === undefined ? undefined : substring(text as string, from as number, length as number | undefined))),
  // A mark that is nothing is looked for as the word that JavaScript has for it, as in the library.
  substringBefore: scalar('<s-s:s>', 2, ([text, mark]) => (text === undefined ? undefined : before(text as string, String(mark)))),
  substringAfter: scalar('<s-s:s>', 2, ([text, mark]) => (text === undefined ? undefined : after(text as string, String(mark)))),
  lowercase: unary('<s-:s>', (text) => text.toLowerCase()),
  uppercase: unary('<s-:s>', (text) => text.toUpperCase()),
  length: unary('<s-:n>', lengthOf),
  trim: unary('<s-:s>', trim),
  pad: scalar('<s-ns?:s>', 3, ([text, width, filling]) => (text === undefined ? undefined : pad(text as string, width as number, filling as string | undefined))),
  join: scalar('<a<s>s?:s>', 2, ([texts, separator]) => (texts === undefined ? undefined : join(texts as string[], (separator as string | undefined) ?? ''))),
  base64encode: unary('<s-:s>', (text) => Buffer.from(text, 'latin1').toString('base64')),
  base64decode: unary('<s-:s>', (text) => Buffer.from(text, 'base64').toString('latin1')),
  encodeUrlComponent: url('encodeUrlComponent', encodeURIComponent),
  encodeUrl: url('encodeUrl', encodeURI),
  decodeUrlComponent: url('decodeUrlComponent', decodeURIComponent),
  decodeUrl: url('decodeUrl', decodeURI),
};
