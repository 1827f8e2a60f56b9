/**
 * JSONPath, the slow and obvious way: a path is read step by step against a list of nodes. Knows the part of Jayway's dialect
 * that the generated machines use. Shares nothing with src/asl.
 */
export type Scope = { readonly input: unknown; readonly context: () => unknown; readonly variables: ReadonlyMap<string, unknown> };

/** What a definite path that leads nowhere answers. JSON has no undefined. */
export const nowhere = undefined;

type Step =
  | { kind: 'names'; names: string[] }
  | { kind: 'indexes'; indexes: number[] }
  | { kind: 'slice'; from: number; to: number }
  | { kind: 'all' }
  | { kind: 'where'; test: (item: unknown) => boolean };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const hasOwn = (value: unknown, key: string): value is Record<string, unknown> => isObject(value) && Object.keys(value).includes(key);

/** @param pastIsNull an index past the end of an array is null; as an intrinsic function's argument it leads nowhere */
export function readPath(text: string, scope: Scope, pastIsNull = true): unknown {
  const root = /^\$\$|^\$[\p{ID_Start}_][\p{ID_Continue}]*|^\$/u.exec(text)![0];
  let nodes: unknown[];
  if (root === '$') nodes = [scope.input];
  else if (root === '$$') nodes = [scope.context()];
  else nodes = scope.variables.has(root.slice(1)) ? [scope.variables.get(root.slice(1))] : [];
  let rest = text.slice(root.length);
  let definite = true;
  while (rest !== '') {
    const deep = rest.startsWith('..');
    const { step, length } = readStep(deep ? rest.slice(1) : rest);
    rest = rest.slice(length + (deep ? 1 : 0));
    const last = rest === '';
    const single = step.kind === 'names' ? step.names.length === 1 || last : step.kind === 'indexes' && step.indexes.length === 1;
    if (deep || !single) definite = false;
    nodes = (deep ? nodes.flatMap(withAllBelow) : nodes).flatMap((node) => apply(step, node, last, pastIsNull));
  }
  if (!definite) return nodes;
  return nodes.length === 0 ? nowhere : nodes[0];
}

/** A node and everything inside it, each before what is in it. Only what can hold something is of interest. */
function withAllBelow(node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  return [node, ...Object.values(node).flatMap(withAllBelow)];
}

function apply(step: Step, node: unknown, last: boolean, pastIsNull: boolean): unknown[] {
  switch (step.kind) {
    case 'names':
      if (!isObject(node)) return [];
      if (step.names.length > 1 && last) return [Object.fromEntries([...new Set(step.names)].filter((name) => hasOwn(node, name)).map((name) => [name, node[name]]))];
      return step.names.filter((name) => hasOwn(node, name)).map((name) => node[name]);
    case 'indexes':
      if (!Array.isArray(node)) return [];
      return step.indexes.flatMap((index): unknown[] => {
        const at = index < 0 ? node.length + index : index;
        if (at >= 0 && at < node.length) return [node[at]];
        return pastIsNull ? [null] : [];
      });
    case 'slice':
      return Array.isArray(node) ? node.filter((_, i) => i >= step.from && i < step.to) : [];
    case 'all':
      return typeof node === 'object' && node !== null ? Object.values(node) : [];
    case 'where':
      if (Array.isArray(node)) return node.filter(step.test);
      return isObject(node) && step.test(node) ? [node] : [];
  }
}

function readStep(text: string): { step: Step; length: number } {
  let match = /^\.\*|^\.?\[\*\]/.exec(text);
  if (match !== null) return { step: { kind: 'all' }, length: match[0].length };
  match = /^\.([^\s.[(]+)/.exec(text);
  if (match !== null) return { step: { kind: 'names', names: [match[1]!] }, length: match[0].length };
  match = /^\.?\[(-?\d+(?:,-?\d+)*)\]/.exec(text);
  if (match !== null) return { step: { kind: 'indexes', indexes: match[1]!.split(',').map(Number) }, length: match[0].length };
  match = /^\.?\[(\d+):(\d+)\]/.exec(text);
  if (match !== null) return { step: { kind: 'slice', from: Number(match[1]), to: Number(match[2]) }, length: match[0].length };
  match = /^\.?\[('(?:[^'\\]|\\.)*'(?:,'(?:[^'\\]|\\.)*')*)\]/.exec(text);
  if (match !== null) {
    const names = match[1]!.match(/'(?:[^'\\]|\\.)*'/g)!.map((name) => name.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
    return { step: { kind: 'names', names }, length: match[0].length };
  }
  match = /^\.?\[\?\(@\.([^\s.[()<>=~!,]+)(?: (==|!=|<|<=|>|>=) (-?\d+(?:\.\d+)?|'[^'\\]*'|true|false|null))?\)\]/.exec(text);
  if (match !== null) return { step: { kind: 'where', test: filter(match[1]!, match[2], match[3]) }, length: match[0].length };
  throw new Error(`the reference cannot read ${text}`);
}

function filter(name: string, operator: string | undefined, literal: string | undefined): (item: unknown) => boolean {
  if (operator === undefined || literal === undefined) return (item) => hasOwn(item, name);
  const right: unknown = literal.startsWith("'") ? literal.slice(1, -1) : JSON.parse(literal);
  return (item) => {
    const left = hasOwn(item, name) ? item[name] : nowhere;
    if (operator === '==') return equal(left, right);
    if (operator === '!=') return !equal(left, right);
    if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return false;
    const [a, b] = [left as number, right as number];
    return operator === '<' ? a < b : operator === '<=' ? a <= b : operator === '>' ? a > b : a >= b;
  };
}

/** Jayway compares a number with a text that says the same number. */
function equal(left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'string') return right.trim() !== '' && Number(right) === left;
  if (typeof left === 'string' && typeof right === 'number') return left === String(right);
  return left === right;
}

/** A copy of `root` in which what the reference path leads to is `value`; undefined where it cannot be placed. */
export function placeAt(root: unknown, path: string, value: unknown): { placed: unknown } | undefined {
  let rest = path.slice(1);
  const keys: (string | number)[] = [];
  while (rest !== '') {
    const { step, length } = readStep(rest);
    keys.push(step.kind === 'names' ? step.names[0]! : (step as { indexes: number[] }).indexes[0]!);
    rest = rest.slice(length);
  }
  const place = (node: unknown, depth: number): { placed: unknown } | undefined => {
    if (depth === keys.length) return { placed: value };
    const key = keys[depth]!;
    if (typeof key === 'number') {
      if (!Array.isArray(node) || key >= node.length) return undefined;
      const inner = place(node[key], depth + 1);
      return inner && { placed: node.map((item: unknown, i) => (i === key ? inner.placed : item)) };
    }
    // What is not there is made; what is there must be an object.
    const object = node === nowhere ? {} : node;
    if (!isObject(object)) return undefined;
    const inner = place(hasOwn(object, key) ? object[key] : nowhere, depth + 1);
    if (inner === undefined) return undefined;
    const entries = Object.entries(object).map(([name, old]): [string, unknown] => [name, name === key ? inner.placed : old]);
    return { placed: Object.fromEntries(hasOwn(object, key) ? entries : [...entries, [key, inner.placed]]) };
  };
  return place(root, 0);
}
