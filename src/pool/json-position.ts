const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
/** As much of a string as is right, without the quote at its end: where it stops, the string is wrong. */
// oxlint-disable-next-line no-control-regex -- control characters are what JSON forbids in a string
const STRING_START = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/**
 * Where a text stops being JSON, as an index into it; its length when it ends too soon; -1 when it is JSON.
 * JSON.parse says so only for some mistakes. Used for what was already refused: it is not written for speed.
 */
export function jsonErrorPosition(text: string): number {
  let at = 0;
  const stack: ('{' | '[')[] = [];
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const is = (character: string): boolean => {
    match(SPACE);
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  /** A string that is wrong leaves `at` where it goes wrong. */
  const string = (): boolean => {
    if (!match(STRING_START) || text[at] !== '"') return false;
    at++;
    return true;
  };
  const key = (): boolean => {
    match(SPACE);
    return string() && is(':');
  };
  for (;;) {
    match(SPACE);
    // A value is due.
    if (text[at] === '{') {
      at++;
      if (!is('}')) {
        if (!key()) return at;
        stack.push('{');
        continue;
      }
    } else if (text[at] === '[') {
      at++;
      if (!is(']')) {
        stack.push('[');
        continue;
      }
    } else if (text[at] === '"' ? !string() : !match(SCALAR)) return at;
    // A value has ended: containers that end with it, then what comes next.
    while (stack.length > 0 && is(stack[stack.length - 1] === '{' ? '}' : ']')) stack.pop();
    if (stack.length === 0) {
      match(SPACE);
      return at === text.length ? -1 : at;
    }
    if (!is(',')) return at;
    if (stack[stack.length - 1] === '{' && !key()) return at;
  }
}
