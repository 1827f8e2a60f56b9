import { childrenOf, parseJsonata, type Node } from './ast.ts';
import { compileNode } from './compile.ts';
import { faultOf } from './fault.ts';
import { compileLibrary } from './library.ts';
import { begin, end, limits, run, type Limits } from './limits.ts';
import { freeVariables } from './reads.ts';
import { assignedIn, rootScope, unbound, type Eval } from './scope.ts';
import { NotCompiled } from './tail-calls.ts';
import { cleaned, OUTER, SEQUENCE, tagInside } from './values.ts';

export { JsonataError } from './fault.ts';
export { limits, type Limits } from './limits.ts';

/** `$name` reads `bindings[name]`, own properties only. `states` holds input, result, errorOutput and context. */
export interface Bindings {
  readonly [name: string]: unknown;
}

export interface Options extends Partial<Limits> {
  /** Offers `$eval`, which Step Functions does not have, by way of the library. Off unless asked for. */
  readonly evalFunction?: boolean;
}

/** A JSONata expression, parsed once. Values that go in are never changed; what comes out is plain data, or a function. */
export interface Expression {
  readonly text: string;
  /** `compiled`: closures, which answer at once. `library`: the jsonata package, which answers a promise. */
  readonly path: 'compiled' | 'library';
  /** Names of the variables that it reads without assigning them, other than those of functions that there are. */
  readonly reads: readonly string[];
  /** `input` is what `$` and `$$` stand for. Throws (or rejects with) a JsonataError; answers `undefined` for nothing. */
  evaluate(input: unknown, bindings: Bindings): unknown;
}

/**
 * Parses with the library's parser and compiles to closures; leaves to the library what binds positions and contexts
 * (`#`, `@`) or asks for parents (`%`). Throws a JsonataError with the parser's code. Both ways are bounded by `limits`.
 */
export function compileJsonata(text: string, options: Options = {}): Expression {
  const { evalFunction = false, ...given } = options;
  const bounds: Limits = { ...limits, ...given };
  try {
    const ast = parseJsonata(text);
    const reads = freeVariables(ast);
    const evaluate = evalFunction && reads.includes('eval') ? undefined : compiled(ast, bounds);
    if (evaluate !== undefined) return { text, path: 'compiled', reads, evaluate };
    return { text, path: 'library', reads, evaluate: compileLibrary(text, bounds, evalFunction) };
  } catch (error) {
    throw faultOf(error);
  }
}

function compiled(ast: Node, bounds: Limits): Expression['evaluate'] | undefined {
  if (needsLibrary(ast)) return undefined;
  const scope = rootScope(assignedIn([ast]));
  let evaluate: Eval;
  try {
    evaluate = compileNode(ast, scope, false);
  } catch (error) {
    if (error instanceof NotCompiled) return undefined;
    throw error;
  }
  const { layout } = scope;
  const shares = sharesParts(ast);
  return (input, bindings) => {
    begin(input, bindings, bounds);
    try {
      const frame = layout.size === 0 ? null : { slots: unbound(layout.size), up: null };
      const value = evaluate(Array.isArray(input) ? tagInside([input], SEQUENCE | OUTER) : input, frame);
      return (shares || run.tagged > 0) && typeof value === 'object' ? cleaned(value) : value;
    } catch (error) {
      throw faultOf(error);
    } finally {
      end();
    }
  };
}

/** True for a tree with tuple streams in it, or with assignments between items that the library evaluates side by side. */
function needsLibrary(node: Node): boolean {
  if (node.type === 'parent' || node.tuple === true || node.stages?.some((stage) => stage.type === 'index') === true) return true;
  if (node.type === 'unary' && node.value === '[' && assignsBesides(node.expressions ?? [])) return true;
  if (node.type === 'unary' && node.value === '{' && assignsBesides(pairsOf(node.lhs))) return true;
  if (node.group !== undefined && assignsBesides(pairsOf(node.group.lhs))) return true;
  return childrenOf(node).some(needsLibrary);
}

const pairsOf = (pairs: Node['lhs']): Node[] => (Array.isArray(pairs) ? (pairs as ReadonlyArray<readonly [Node, Node]>).flat() : []);

const assignsBesides = (nodes: readonly Node[]): boolean => nodes.length > 1 && assignedIn(nodes).size > 0;

/** True where a value could come to hold another one more than once, and so be larger than what was allocated for it. */
const sharesParts = (node: Node): boolean => node.type === 'bind' || node.type === 'lambda' || childrenOf(node).some(sharesParts);
