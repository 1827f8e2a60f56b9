/** One value of a JSON text by its offsets; `keyEnd` is 0 where it has no key. Children by key or by index as text. */
export interface ScanNode {
  start: number;
  end: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  children: Map<string, ScanNode> | undefined;
}

export interface ScanFault {
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface DuplicateKey {
  readonly key: string;
  readonly pointer: string;
  readonly start: number;
  readonly end: number;
}

export interface Scan {
  /** Present when nodes were asked for and the text is JSON. */
  readonly root: ScanNode | undefined;
  readonly fault: ScanFault | undefined;
  readonly duplicates: readonly DuplicateKey[];
}

interface Open {
  readonly isArray: boolean;
  /** Keys so far, for duplicates. */
  readonly keys: Set<string> | undefined;
  readonly node: ScanNode | undefined;
  key: string;
  keyStart: number;
  keyEnd: number;
  index: number;
}

const WHITE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
/** Everything up to a quote, a backslash or a control character. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what JSON strings may not hold
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Walks a JSON text (RFC 8259) once, with its own stack: half a million nested arrays cost memory, not the call stack.
 * Stops at the first syntax fault. `build` makes the tree of offsets; otherwise only duplicate keys are looked for.
 */
export function scanJson(text: string, build: boolean, maxDuplicates: number): Scan {
  const duplicates: DuplicateKey[] = [];
  const stack: Open[] = [];
  let root: ScanNode | undefined;
  let at = skip(WHITE, text, 0);

  for (;;) {
    // A value begins at `at`.
    const open = stack.at(-1);
    const node: ScanNode | undefined = build
      ? { start: at, end: at, keyStart: open?.keyStart ?? 0, keyEnd: open?.keyEnd ?? 0, children: undefined }
      : undefined;
    if (node !== undefined) {
      if (open === undefined) root = node;
      else (open.node!.children ??= new Map()).set(open.isArray ? String(open.index) : open.key, node);
    }
    const first = text[at];
    if (first === '{' || first === '[') {
      const isArray = first === '[';
      stack.push({ isArray, keys: build || isArray ? undefined : new Set(), node, key: '', keyStart: 0, keyEnd: 0, index: 0 });
      at = skip(WHITE, text, at + 1);
      if (text[at] !== (isArray ? ']' : '}')) {
        if (isArray) continue;
        const key = readKey(stack.at(-1)!);
        if (key !== undefined) return failed(key);
        continue;
      }
    } else {
      const end = scalarEnd(text, at);
      if (typeof end !== 'number') return failed(end);
      if (node !== undefined) node.end = end;
      at = skip(WHITE, text, end);
      if (stack.length === 0) break;
      const after = afterValue();
      if (after === 'next') continue;
      if (after !== 'close') return failed(after);
    }
    // One or more containers close at `at`.
    for (;;) {
      const closed = stack.pop()!;
      at += 1;
      if (closed.node !== undefined) closed.node.end = at;
      at = skip(WHITE, text, at);
      if (stack.length === 0) break;
      const after = afterValue();
      if (after === 'next') break;
      if (after !== 'close') return failed(after);
    }
    if (stack.length === 0) break;
  }
  if (at < text.length) return failed({ offset: at, message: `Expected the end of the text, but found ${found(text, at)}.`, hint: commentHint(text, at) });
  return { root, fault: undefined, duplicates };

  function failed(fault: ScanFault): Scan {
    return { root: undefined, fault, duplicates };
  }

  /** After a value inside a container: a comma and the next value's start, or its end. */
  function afterValue(): 'next' | 'close' | ScanFault {
    const open = stack.at(-1)!;
    const close = open.isArray ? ']' : '}';
    if (text[at] === close) return 'close';
    if (text[at] !== ',') {
      return { offset: at, message: `Expected ',' or '${close}', but found ${found(text, at)}.`, hint: commentHint(text, at) };
    }
    const comma = at;
    at = skip(WHITE, text, at + 1);
    if (text[at] === close) return { offset: comma, message: `Expected no ',' before '${close}'.`, hint: 'JSON allows no comma after the last value.' };
    if (open.isArray) {
      open.index += 1;
      return 'next';
    }
    return readKey(open) ?? 'next';
  }

  /** Reads a key and its colon; leaves `at` at the value. */
  function readKey(open: Open): ScanFault | undefined {
    if (text[at] !== '"') {
      return { offset: at, message: `Expected a key in double quotes, but found ${found(text, at)}.`, hint: commentHint(text, at) };
    }
    const end = stringEnd(text, at);
    if (typeof end !== 'number') return end;
    const raw = text.slice(at + 1, end - 1);
    open.key = raw.includes('\\') ? (JSON.parse(text.slice(at, end)) as string) : raw;
    open.keyStart = at;
    open.keyEnd = end;
    if (open.keys !== undefined) {
      if (open.keys.has(open.key) && duplicates.length < maxDuplicates) {
        const pointer = stack.map((frame) => `/${frame.isArray ? String(frame.index) : frame.key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
        duplicates.push({ key: open.key, pointer, start: at, end });
      }
      open.keys.add(open.key);
    }
    at = skip(WHITE, text, end);
    if (text[at] !== ':') return { offset: at, message: `Expected ':' after the key ${JSON.stringify(open.key)}, but found ${found(text, at)}.`, hint: undefined };
    at = skip(WHITE, text, at + 1);
    return undefined;
  }
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

function scalarEnd(text: string, at: number): number | ScanFault {
  const first = text[at];
  if (first === '"') return stringEnd(text, at);
  if (first === 't' && text.startsWith('true', at)) return at + 4;
  if (first === 'f' && text.startsWith('false', at)) return at + 5;
  if (first === 'n' && text.startsWith('null', at)) return at + 4;
  const end = skip(NUMBER, text, at);
  if (end > at) return end;
  return { offset: at, message: `Expected a value, but found ${found(text, at)}.`, hint: first === "'" ? 'JSON strings stand in double quotes.' : commentHint(text, at) };
}

function stringEnd(text: string, from: number): number | ScanFault {
  let at = from + 1;
  for (;;) {
    at = skip(PLAIN, text, at);
    const next = text[at];
    if (next === '"') return at + 1;
    if (next === undefined) return { offset: from, message: 'Expected a closing double quote, but the text ends.', hint: undefined };
    if (next !== '\\') return { offset: at, message: 'Expected a closing double quote, but found a control character.', hint: 'Write a line break in a string as \\n.' };
    const end = skip(ESCAPE, text, at);
    if (end === at) return { offset: at, message: `Expected an escape sequence, but found ${JSON.stringify(text.slice(at, at + 2))}.`, hint: 'JSON knows \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX.' };
    at = end;
  }
}

function found(text: string, at: number): string {
  const char = text[at];
  if (char === undefined) return 'the end of the text';
  if (char === '\uFEFF') return 'a byte-order mark';
  const end = skip(WORD, text, at);
  return JSON.stringify(end > at ? text.slice(at, Math.min(end, at + 30)) : String.fromCodePoint(text.codePointAt(at)!));
}

function commentHint(text: string, at: number): string | undefined {
  return text[at] === '/' || text[at] === '#' ? 'JSON has no comments; ASL takes a "Comment" field instead.' : undefined;
}
