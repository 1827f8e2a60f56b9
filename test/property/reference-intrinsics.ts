import { createHash } from 'node:crypto';
import { nowhere, readPath, type Scope } from './reference-paths.ts';

/** What an intrinsic function refuses, or a path among its arguments that leads nowhere. */
export class IntrinsicRefusal {
  readonly missingPath: boolean;
  constructor(missingPath = false) {
    this.missingPath = missingPath;
  }
}

const refuse = (): never => {
  throw new IntrinsicRefusal();
};
const text = (value: unknown): string => (typeof value === 'string' ? value : refuse());
const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : refuse());
const record = (value: unknown): object => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : refuse());
/** Rounded half up, as AWS rounds every argument that should be an integer. */
const integer = (value: unknown): number => (typeof value === 'number' ? Math.floor(value + 0.5) + 0 : refuse());
const short = (value: string): string => (value.length <= 10_000 ? value : refuse());

/** Keys sorted, so that equal objects have equal texts. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

function java(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(java).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, inner]) => `${key}=${java(inner)}`).join(', ')}}`;
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value).toString();
  if (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e7) return String(value);
  const [digits, power] = value.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(power)}`;
}

function format(template: string, values: unknown[]): string {
  let out = '';
  for (let i = 0; i < template.length; i++) {
    if (template[i] === '\\' && i + 1 < template.length) out += template[++i];
    else if (template.startsWith('{}', i)) {
      if (values.length === 0) refuse();
      out += java(values.shift());
      i++;
    } else out += template[i];
  }
  return values.length === 0 ? out : refuse();
}

const FUNCTIONS: Record<string, (...args: unknown[]) => unknown> = {
  StringToJson: (value) => {
    const source = text(value).trim();
    if (source === '') return null;
    try {
      return JSON.parse(source, (_key, inner: unknown) => (Object.is(inner, -0) ? 0 : inner)) as unknown;
    } catch {
      return refuse();
    }
  },
  JsonToString: (value) => JSON.stringify(value),
  Array: (...values) => values,
  ArrayPartition: (array, size) => {
    const [items, length] = [list(array), integer(size)];
    if (length < 1) refuse();
    return items.flatMap((_, i) => (i % length === 0 ? [items.slice(i, i + length)] : []));
  },
  ArrayContains: (array, value) => list(array).some((item) => canonical(item) === canonical(value)),
  ArrayRange: (first, last, step) => {
    const [from, to, by] = [integer(first), integer(last), integer(step)];
    if (by === 0) refuse();
    const out: number[] = [];
    for (let n = from; by > 0 ? n <= to : n >= to; n += by) {
      if (out.length === 1000) refuse();
      out.push(n);
    }
    return out;
  },
  ArrayGetItem: (array, index) => {
    const [items, at] = [list(array), integer(index)];
    return at >= 0 && at < items.length ? items[at] : refuse();
  },
  ArrayLength: (array) => list(array).length,
  ArrayUnique: (array) => list(array).filter((item, i, all) => all.findIndex((other) => canonical(other) === canonical(item)) === i),
  Base64Encode: (value) => Buffer.from(short(text(value))).toString('base64'),
  Base64Decode: (value) => {
    // Padding may be missing, but not wrong; bits that are left over do not count.
    const digits = short(text(value)).replace(/={1,2}$/, '');
    const padded = text(value) !== digits;
    if (/[^A-Za-z0-9+/]/.test(digits) || digits.length % 4 === 1 || (padded && text(value).length % 4 !== 0)) refuse();
    return Buffer.from(digits, 'base64').toString();
  },
  Hash: (data, algorithm) => {
    const name = new Map<unknown, string>([['MD5', 'md5'], ['SHA-1', 'sha1'], ['SHA-256', 'sha256'], ['SHA-384', 'sha384'], ['SHA-512', 'sha512']]).get(algorithm);
    if (name === undefined) return refuse();
    return createHash(name).update(short(typeof data === 'string' ? data : JSON.stringify(data))).digest('hex');
  },
  JsonMerge: (left, right, deep) => {
    if (deep !== false) refuse();
    return Object.fromEntries([...Object.entries(record(left)), ...Object.entries(record(right))]);
  },
  MathAdd: (a, b) => integer(a) + integer(b),
  /** Drawn with a generator that always answers 0. */
  MathRandom: (start, end) => (integer(end) > integer(start) ? integer(start) : refuse()),
  StringSplit: (value, delimiters) => {
    const splitters = [...text(delimiters)];
    const parts = [''];
    for (const c of text(value)) {
      if (splitters.includes(c)) parts.push('');
      else parts.push(parts.pop()! + c);
    }
    return parts.filter((part) => part !== '');
  },
};

/** Evaluates `States.Name(…)`, reading and computing at the same time. */
export function callIntrinsic(source: string, scope: Scope): unknown {
  let at = 0;
  const take = (expression: RegExp): string => {
    const found = new RegExp(`^(?:${expression.source})`, 'u').exec(source.slice(at))?.[0] ?? '';
    at += found.length;
    return found;
  };
  const call = (): unknown => {
    const name = take(/States\.\w+/).slice('States.'.length);
    take(/\(/);
    const args: unknown[] = [];
    let template: string | undefined;
    while (!source.startsWith(')', at)) {
      take(/[\s,]+/);
      if (source[at] === "'") {
        const quoted = take(/'(?:[^'\\]|\\.)*'/).slice(1, -1);
        if (args.length === 0) template = quoted;
        args.push(quoted.replaceAll(/\\(.)/gu, '$1'));
      } else if (source.startsWith('States.', at)) args.push(call());
      else if (source[at] === '$') {
        const value = readPath(take(/\$\$?[\p{ID_Continue}]*(?:\.\.?(?:\*|[^\s.[(),]+)|(?:\.\.)?\[(?:'(?:[^'\\]|\\.)*'|[^'\]])*\])*/u), scope, false);
        if (value === nowhere) throw new IntrinsicRefusal(true);
        args.push(value);
      } else args.push(JSON.parse(take(/-?[\d.]+(?:[eE][-+]?\d+)?|true|false|null/)));
    }
    take(/\)/);
    // A literal template keeps its escapes until it is read for placeholders.
    if (name === 'Format') return format(template ?? text(args[0]), args.slice(1));
    return FUNCTIONS[name]!(...args);
  };
  return call();
}
