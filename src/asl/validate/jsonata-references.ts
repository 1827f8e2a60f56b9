import { childrenOf, type Node } from '../jsonata/ast.ts';

/** What an expression reads from outside itself. */
export interface JsonataReferences {
  /** Names, `$`, `*`, `**` read from the top-level context, which does not exist in a workflow; in order of appearance. */
  readonly topLevel: readonly string[];
  readonly root: boolean;
  /** Members of `$states` that are named. */
  readonly states: readonly string[];
  /** Variables that are neither bound within the expression nor followed by a call. */
  readonly variables: readonly string[];
}

/**
 * Finds the free references of a parsed expression. Only the first step of a path is evaluated against the top-level context:
 * later steps, predicates, sort terms and groupings see what the step before them produced. The body of a function keeps
 * the context in which the function stands.
 */
export function referencesOf(tree: Node): JsonataReferences {
  const topLevel = new Set<string>();
  const states = new Set<string>();
  const variables = new Set<string>();
  const bound = new Set<string>();
  let root = false;

  /** `context`: the node is evaluated against the top-level context. */
  const visit = (node: Node, context: boolean): void => {
    switch (node.type) {
      case 'path': {
        const [first, second] = node.steps ?? [];
        if (first?.type === 'variable' && first.value === 'states' && (second?.type === 'name' || second?.type === 'string')) states.add(String(second.value));
        (node.steps ?? []).forEach((step, index) => visit(step, context && index === 0));
        for (const [key, value] of node.group?.lhs ?? []) {
          visit(key, false);
          visit(value, false);
        }
        return;
      }
      case 'name':
        if (context) topLevel.add(String(node.value));
        visitStages(node);
        return;
      case 'wildcard':
      case 'descendant':
        if (context) topLevel.add(node.type === 'wildcard' ? '*' : '**');
        visitStages(node);
        return;
      case 'variable':
        if (node.value === '$') root = true;
        else if (node.value === '') {
          if (context) topLevel.add('$');
        } else variables.add(String(node.value));
        visitStages(node);
        return;
      case 'bind':
        bound.add(String((node.lhs as Node | undefined)?.value));
        if (node.rhs !== undefined) visit(node.rhs, context);
        return;
      case 'lambda':
        for (const parameter of node.arguments ?? []) bound.add(String(parameter.value));
        if (node.body !== undefined) visit(node.body, context);
        return;
      case 'function':
      case 'partial':
        // A called name is a function of the language, or a variable that holds one.
        if (node.procedure !== undefined && !(node.procedure.type === 'variable' && typeof node.procedure.value === 'string' && node.procedure.value.length > 1)) visit(node.procedure, context);
        for (const argument of node.arguments ?? []) visit(argument, context);
        visitStages(node);
        return;
      case 'transform':
        for (const child of childrenOf(node)) visit(child, false);
        return;
      default: {
        const stages = new Set<Node>([...(node.predicate ?? []), ...(node.stages ?? [])].map((stage) => stage.expr));
        const grouped = new Set<Node>((node.group?.lhs ?? []).flat());
        const terms = new Set<Node>((node.terms ?? []).map((term) => term.expression));
        for (const child of childrenOf(node)) visit(child, context && !stages.has(child) && !grouped.has(child) && !terms.has(child));
      }
    }
  };
  const visitStages = (node: Node): void => {
    for (const stage of [...(node.predicate ?? []), ...(node.stages ?? [])]) if (stage.expr !== undefined) visit(stage.expr, false);
  };

  visit(tree, true);
  return { topLevel: [...topLevel], root, states: [...states], variables: [...variables].filter((name) => name !== 'states' && !bound.has(name)) };
}
