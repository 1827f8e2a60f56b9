/** A path or filter that cannot be read; `offset` counts UTF-16 units from the start of the text. */
export class PathSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'PathSyntaxError';
    this.offset = offset;
  }
}

/** Parentheses, brackets and literals inside each other; deeper text is refused before it can exhaust the stack. */
const DEPTH_LIMIT = 64;

/** A position in a text, with the few reading moves that paths, filters and intrinsic functions share. */
export class Cursor {
  readonly text: string;
  at: number;
  #depth = 0;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character, or '' at the end. */
  peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead);
  }

  /** Skips blanks and answers the next character. */
  peekPastBlanks(): string {
    while (isBlank(this.peek())) this.at++;
    return this.peek();
  }

  startsWith(word: string): boolean {
    return this.text.startsWith(word, this.at);
  }

  eat(word: string): boolean {
    if (!this.startsWith(word)) return false;
    this.at += word.length;
    return true;
  }

  /** Skips blanks, then demands a word. */
  expect(word: string): void {
    this.peekPastBlanks();
    if (!this.eat(word)) this.fail(`expected '${word}'`);
  }

  /** Reads while the (sticky) expression matches here; answers '' when it does not. */
  match(sticky: RegExp): string {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  nested<T>(read: () => T): T {
    if (++this.#depth > DEPTH_LIMIT) this.fail('nested too deeply');
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }

  /** Reads a quoted string, the cursor standing on its opening quote. Backslash escapes are Java's and JSON's. */
  readQuoted(): string {
    const quote = this.peek();
    const start = this.at++;
    let out = '';
    for (;;) {
      if (this.done) {
        this.at = start;
        this.fail(`the quote ${quote} is not closed`);
      }
      const c = this.peek();
      this.at++;
      if (c === quote) return out;
      out += c === '\\' ? this.#readEscape() : c;
    }
  }

  #readEscape(): string {
    const c = this.peek();
    this.at++;
    if (c === 'u') {
      const hex = this.match(/[0-9a-fA-F]{4}/y);
      if (hex === '') this.fail('expected four hexadecimal digits');
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    return CONTROL_ESCAPES.get(c) ?? c;
  }

  fail(message: string): never {
    throw new PathSyntaxError(`${message} at position ${this.at}`, this.at);
  }
}

const CONTROL_ESCAPES: ReadonlyMap<string, string> = new Map([['n', '\n'], ['t', '\t'], ['r', '\r'], ['b', '\b'], ['f', '\f']]);

export function isBlank(c: string): boolean {
  return c === ' ' || c === '\t' || c === '\n' || c === '\r';
}
