import { jsonataLibrary } from './library-module.ts';
import { JsonataError, faultOf } from './fault.ts';

/** What a function signature does with the arguments of a call: answers them, completed, or throws. */
export interface Signature {
  readonly definition: string;
  validate(args: readonly unknown[], context: unknown): unknown[];
}

/** A filter written behind a step or a value. */
export interface Stage {
  readonly type: 'filter' | 'index';
  readonly expr: Node;
}

export interface Group {
  readonly lhs: ReadonlyArray<readonly [Node, Node]>;
  readonly position: number;
}

export interface Term {
  readonly descending: boolean;
  readonly expression: Node;
}

/** A node of the tree that the library's parser answers. Which fields there are depends on `type`. */
export interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly position?: number;
  readonly steps?: readonly Node[];
  readonly stages?: readonly Stage[];
  readonly predicate?: readonly Stage[];
  readonly group?: Group;
  readonly keepArray?: boolean;
  readonly keepSingletonArray?: boolean;
  readonly consarray?: boolean;
  /** Set where a step binds its context (@), its position (#) or is asked for by a parent operator (%). */
  readonly tuple?: boolean;
  readonly lhs?: Node | ReadonlyArray<readonly [Node, Node]>;
  readonly rhs?: Node;
  readonly expression?: Node;
  readonly expressions?: readonly Node[];
  readonly arguments?: readonly Node[];
  readonly procedure?: Node;
  readonly signature?: Signature;
  /** A call in tail position, which the parser wraps in a lambda of its own. */
  readonly thunk?: boolean;
  readonly body?: Node;
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
  readonly pattern?: Node;
  readonly update?: Node;
  readonly delete?: Node;
  readonly terms?: readonly Term[];
}

/** Parses with the library's own parser. Throws a JsonataError that carries the parser's code. */
export function parseJsonata(text: string): Node {
  try {
    return jsonataLibrary()(text).ast() as unknown as Node;
  } catch (error) {
    if (error instanceof SyntaxError) throw new JsonataError('S0201', { message: error.message, token: '/' });
    throw faultOf(error);
  }
}

/** The library's validator for a signature such as `<s-n?:s>`. */
export function librarySignature(definition: string): Signature {
  const node = parseJsonata(`function()${definition}{0}`);
  if (node.signature === undefined) throw new JsonataError('S0401', { value: definition });
  return node.signature;
}

/** The nodes directly below a node, in the order in which they are evaluated. */
export function childrenOf(node: Node): Node[] {
  const found: Node[] = [];
  const add = (child: Node | undefined): void => {
    if (child !== undefined) found.push(child);
  };
  for (const step of node.steps ?? []) found.push(step);
  if (Array.isArray(node.lhs)) {
    for (const [key, value] of node.lhs as ReadonlyArray<readonly [Node, Node]>) found.push(key, value);
  } else if (node.type !== 'bind') {
    add(node.lhs as Node | undefined);
  }
  add(node.rhs);
  add(node.expression);
  for (const child of node.expressions ?? []) found.push(child);
  for (const child of node.type === 'lambda' ? [] : (node.arguments ?? [])) found.push(child);
  add(node.procedure);
  add(node.condition);
  add(node.then);
  add(node.else);
  add(node.body);
  add(node.pattern);
  add(node.update);
  add(node.delete);
  for (const term of node.terms ?? []) found.push(term.expression);
  for (const stage of [...(node.predicate ?? []), ...(node.stages ?? [])]) add(stage.expr);
  for (const [key, value] of node.group?.lhs ?? []) found.push(key, value);
  return found;
}
