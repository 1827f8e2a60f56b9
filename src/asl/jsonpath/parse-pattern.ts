import { Cursor, PathSyntaxError } from './cursor.ts';

/** A regular expression as a tree. Greed plays no part: only whether a whole text matches is ever asked. */
export type PatternNode =
  | { readonly kind: 'char'; readonly accepts: (codePoint: number) => boolean }
  | { readonly kind: 'assert'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly min: number; readonly max: number };

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

const ASCII = 128;
const WORD = /[0-9A-Za-z_]/;

/** Reads the common part of Java's and JavaScript's syntax; flags are Java's letters, given behind the slash or as `(?i)` in front. */
export function parsePattern(source: string, flags: string, offset: number): PatternNode {
  const inline = /^\(\?([a-zA-Z]+)\)/.exec(source);
  const letters = flags + (inline?.[1] ?? '');
  const unknown = /[^imsduU]/.exec(letters)?.[0];
  if (unknown !== undefined) throw new PathSyntaxError(`the pattern flag '${unknown}' is not supported`, offset);
  const parser = new PatternParser(source.slice(inline?.[0].length ?? 0), offset, {
    ignoreCase: letters.includes('i'),
    multiline: letters.includes('m'),
    dotAll: letters.includes('s'),
  });
  return parser.parse();
}

class PatternParser {
  readonly #cursor: Cursor;
  readonly #offset: number;
  readonly #flags: Flags;

  constructor(source: string, offset: number, flags: Flags) {
    this.#cursor = new Cursor(source);
    this.#offset = offset;
    this.#flags = flags;
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (!this.#cursor.done) this.#fail("an unmatched ')'");
    return node;
  }

  #choice(): PatternNode {
    return this.#cursor.nested(() => {
      const options = [this.#sequence()];
      while (this.#cursor.eat('|')) options.push(this.#sequence());
      return { kind: 'choice', options };
    });
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (!this.#cursor.done && this.#cursor.peek() !== '|' && this.#cursor.peek() !== ')') {
      const atom = this.#atom();
      parts.push(this.#repeated(atom));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(body: PatternNode): PatternNode {
    const text = this.#cursor.match(/(?:[*+?]|\{\d+(?:,\d*)?\})/y);
    if (text === '') return body;
    if (this.#cursor.match(/[?+]/y) === '+') this.#fail('a possessive quantifier');
    if (/^[*+?]/.test(this.#cursor.peek())) this.#fail('a quantifier of a quantifier');
    if (text === '*') return { kind: 'repeat', body, min: 0, max: Infinity };
    if (text === '+') return { kind: 'repeat', body, min: 1, max: Infinity };
    if (text === '?') return { kind: 'repeat', body, min: 0, max: 1 };
    const [min = '', max] = text.slice(1, -1).split(',');
    return { kind: 'repeat', body, min: Number(min), max: max === undefined ? Number(min) : max === '' ? Infinity : Number(max) };
  }

  #atom(): PatternNode {
    const cursor = this.#cursor;
    const c = cursor.peek();
    switch (c) {
      case '(':
        return this.#group();
      case '^':
        cursor.at++;
        return assertion(this.#flags.multiline ? (text, at) => at === 0 || text[at - 1] === '\n' : (_text, at) => at === 0);
      case '$':
        cursor.at++;
        return assertion(this.#flags.multiline ? (text, at) => at === text.length || text[at] === '\n' : (text, at) => at === text.length);
      case '*':
      case '+':
      case '?':
        return this.#fail(`nothing for '${c}' to repeat`);
      case '[':
        return this.#class(cursor.match(/\[\^?(?:(?!&&)[^\]\\[]|\\[\s\S])*\]/y));
      case '\\':
        return this.#escape();
      default:
        return this.#class(String.fromCodePoint(cursor.text.codePointAt(cursor.at) as number), true);
    }
  }

  #group(): PatternNode {
    const cursor = this.#cursor;
    cursor.at++;
    if (cursor.peek() === '?' && cursor.match(/\?(?::|<[A-Za-z]\w*>)/y) === '') this.#fail('look-around and inline flags');
    const inner = this.#choice();
    if (!cursor.eat(')')) this.#fail("a missing ')'");
    return inner;
  }

  #escape(): PatternNode {
    const cursor = this.#cursor;
    if (cursor.match(/\\b/y) !== '') return assertion((text, at) => isWordBoundary(text, at));
    if (cursor.match(/\\B/y) !== '') return assertion((text, at) => !isWordBoundary(text, at));
    if (cursor.match(/\\[AzZ]/y) !== '') this.#fail('\\A, \\Z and \\z');
    if (cursor.match(/\\(?:[1-9]|k)/y) !== '') this.#fail('a back-reference');
    const literal = cursor.match(/\\[^0-9A-Za-z]/uy);
    if (literal !== '') return this.#class(literal.slice(1), false);
    const source = cursor.match(/\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{\w+(?:=\w+)?\}|[dDwWsStnrfv])/y);
    if (source === '') this.#fail(`the escape ${cursor.peek()}${cursor.peek(1)}`);
    return this.#class(source);
  }

  /** One character's test, taken from JavaScript's own engine: a single character cannot backtrack. */
  #class(source: string, advance = false): PatternNode {
    if (source === '') this.#fail('a class that is not closed, or classes inside each other');
    if (advance) this.#cursor.at += source.length;
    const body = source.length > 1 && source[0] === '[' ? unescapeNeedless(source) : source.length > 1 || (source === '.' && advance) ? source : escapeLiteral(source);
    const flags = `u${this.#flags.ignoreCase ? 'i' : ''}${this.#flags.dotAll ? 's' : ''}`;
    let test: RegExp;
    try {
      test = new RegExp(`^(?:${body})$`, flags);
    } catch {
      return this.#fail(`the class ${source}`);
    }
    const ascii = Uint8Array.from({ length: ASCII }, (_, code) => (test.test(String.fromCharCode(code)) ? 1 : 0));
    return { kind: 'char', accepts: (codePoint) => (codePoint < ASCII ? ascii[codePoint] === 1 : test.test(String.fromCodePoint(codePoint))) };
  }

  #fail(what: string): never {
    throw new PathSyntaxError(`the pattern holds ${what}, which is not supported`, this.#offset);
  }
}

function assertion(holds: (text: string, at: number) => boolean): PatternNode {
  return { kind: 'assert', holds };
}

function isWordBoundary(text: string, at: number): boolean {
  return WORD.test(text.charAt(at - 1)) !== WORD.test(text.charAt(at));
}

/** JavaScript's Unicode mode refuses an escape that changes nothing; Java takes it. */
function unescapeNeedless(source: string): string {
  return source.replace(/\\([\s\S])/g, (whole, c: string) => (/[\dA-Za-z^$\\.*+?()[\]{}|/-]/.test(c) ? whole : c));
}

function escapeLiteral(c: string): string {
  return /^[\^$\\.*+?()[\]{}|/]$/.test(c) ? `\\${c}` : c;
}
