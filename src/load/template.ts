import { nearest } from '../config/nearest.ts';
import { PLACEHOLDERS, type EventContext, type Piece } from './placeholders.ts';

/** A mistake in a template: the message says where it is and what there is. */
export class TemplateMistake extends Error {
  override readonly name = 'TemplateMistake';
}

export interface TemplateOptions {
  /** How long each event is to be in UTF-8; needs a {{pad}} without a number. */
  readonly bytes?: number;
  /** False where events have no key. */
  readonly hasKey: boolean;
}

export type Template = (event: EventContext) => string;

/**
 * Compiles a text with placeholders to a function that makes one event's text. Line breaks become spaces, so that every event
 * is one line.
 *
 * @throws TemplateMistake
 */
export function compileTemplate(source: string, { bytes, hasKey }: TemplateOptions): Template {
  const text = source.trim().replaceAll(/\s*\r?\n\s*/g, ' ');
  const literals: string[] = [];
  const pieces: Piece[] = [];
  /** Which piece is filled up to the length asked for. */
  let filling = -1;
  let from = 0;
  let literal = '';
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', from)) {
    const end = endOf(text, open);
    if (end === -1) throw mistake(text, open, 'has no end: }} is missing');
    literal += text.slice(from, open);
    from = end + 2;
    const [name, ...args] = wordsOf(text, open, end);
    if (name === undefined) throw mistake(text, open, `is empty. ${KNOWN}`);
    if (name.quoted) literal += name.word;
    else {
      literals.push(literal);
      literal = '';
      if (name.word === 'pad' && args.length === 0) {
        if (bytes === undefined) throw mistake(text, open, 'needs a length, {{pad 100}}, or --bytes for the length of the event');
        if (filling !== -1) throw mistake(text, open, 'is the second {{pad}} without a length; only one can be filled up');
        filling = pieces.length;
        pieces.push(() => '');
      } else pieces.push(pieceOf(text, open, name.word, args.map(({ word }) => word), hasKey));
    }
  }
  literal += text.slice(from);
  if (bytes !== undefined && filling === -1) throw new TemplateMistake('--bytes needs to know where the filling goes: put {{pad}} into the template, in quotes.');
  const plain = join(literals, pieces, literal);
  return bytes === undefined ? plain : filled(join(literals.slice(0, filling), pieces.slice(0, filling), literals[filling]!), join(literals.slice(filling + 1), pieces.slice(filling + 1), literal), bytes);
}

const KNOWN = `There are ${Object.keys(PLACEHOLDERS).join(', ')}.`;

function join(literals: readonly string[], pieces: readonly Piece[], tail: string): Template {
  const count = pieces.length;
  return (event) => {
    let text = '';
    for (let i = 0; i < count; i++) text += literals[i]! + pieces[i]!(event);
    return text + tail;
  };
}

function filled(before: Template, after: Template, bytes: number): Template {
  let filling = '';
  return (event) => {
    const head = before(event);
    const tail = after(event);
    const missing = Math.max(0, bytes - Buffer.byteLength(head) - Buffer.byteLength(tail));
    if (filling.length !== missing) filling = 'x'.repeat(missing);
    return head + filling + tail;
  };
}

function pieceOf(text: string, at: number, name: string, args: readonly string[], hasKey: boolean): Piece {
  const placeholder = Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name] : undefined;
  if (placeholder === undefined) {
    const close = nearest(name, Object.keys(PLACEHOLDERS));
    throw mistake(text, at, `is not known.${close === undefined ? '' : ` Is {{${close}}} meant?`} ${KNOWN}`);
  }
  if (name === 'key' && !hasKey) throw mistake(text, at, 'needs --key, which says what the keys are');
  try {
    return placeholder.compile(args);
  } catch (error) {
    if (error instanceof RangeError) throw mistake(text, at, `${error.message}. Write ${placeholder.usage}: ${placeholder.meaning}`);
    throw error;
  }
}

/** Index of the }} that ends a placeholder, outside of quotes; -1 when there is none. */
function endOf(text: string, open: number): number {
  let quote = '';
  for (let at = open + 2; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '}' && text[at + 1] === '}') return at;
  }
  return -1;
}

const WORD = /"([^"]*)"|'([^']*)'|[^\s"']+/g;

const wordsOf = (text: string, open: number, end: number): { word: string; quoted: boolean }[] =>
  [...text.slice(open + 2, end).matchAll(WORD)].map((match) => ({ word: match[1] ?? match[2] ?? match[0], quoted: match[0].startsWith('"') || match[0].startsWith("'") }));

/** Names the placeholder and where it begins, counted from 1 in the text as one line. */
function mistake(text: string, open: number, what: string): TemplateMistake {
  const end = endOf(text, open);
  const shown = end === -1 ? `${text.slice(open, open + 20)}…` : text.slice(open, end + 2);
  return new TemplateMistake(`${shown} at character ${open + 1} of the template ${what}`);
}
