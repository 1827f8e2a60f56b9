import { childrenOf, type Node } from './ast.ts';
import { builtinNamed } from './functions/table.ts';

/** The variables that an expression reads before, or without, assigning them; functions of the language are left out. */
export function freeVariables(ast: Node): string[] {
  const free = new Set<string>();
  visit(ast, new Set(), free);
  return [...free];
}

/** Goes through a tree in the order of evaluation; `bound` grows with every assignment that is certain to be made. */
function visit(node: Node, bound: Set<string>, free: Set<string>): void {
  switch (node.type) {
    case 'variable': {
      const name = node.value as string;
      if (name !== '' && name !== '$' && !bound.has(name) && builtinNamed(name) === undefined) free.add(name);
      break;
    }
    case 'bind':
      visit(node.rhs as Node, bound, free);
      bound.add((node.lhs as Node).value as string);
      return;
    case 'lambda': {
      const inner = new Set(bound);
      for (const parameter of node.arguments ?? []) inner.add(parameter.value as string);
      visit(node.body as Node, inner, free);
      return;
    }
    case 'block': {
      const inner = new Set(bound);
      for (const expression of node.expressions ?? []) visit(expression, inner, free);
      for (const stage of node.predicate ?? []) visit(stage.expr, new Set(bound), free);
      for (const [key, value] of node.group?.lhs ?? []) {
        visit(key, new Set(bound), free);
        visit(value, new Set(bound), free);
      }
      return;
    }
    default:
  }
  visitTuples(node, bound);
  for (const child of childrenOf(node)) visit(child, new Set(bound), free);
}

/** Names that the steps of a path bind: `x@$a`, `x#$i`. */
function visitTuples(node: Node, bound: Set<string>): void {
  for (const step of node.steps ?? []) {
    const { focus, index } = step as Node & { focus?: string; index?: string };
    if (focus !== undefined) bound.add(focus);
    if (index !== undefined) bound.add(index);
    for (const stage of step.stages ?? []) {
      const { type, value } = stage as { type: string; value?: unknown };
      if (type === 'index' && typeof value === 'string') bound.add(value);
    }
  }
}
