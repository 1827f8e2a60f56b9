import { compareOperands } from './operators.ts';
import { compileKeys } from './definite.ts';
import { MISSING } from './missing.ts';
import type { Run, Walk } from './run.ts';
import { isDefinite, type FilterNode, type Operand, type PathStep, type RelativePath } from './syntax.ts';

/** Decides on one item. */
export type Accept = (item: unknown, run: Run) => boolean;

/** Reads an operand in the sight of one item: MISSING where a definite path leads nowhere, an array for an indefinite one. */
export type ReadOperand = (item: unknown, run: Run) => unknown;

/** Handed in, since a filter holds paths and a path holds filters. Answers all that the steps lead to. */
export type CompileSteps = (steps: readonly PathStep[]) => Walk;

export function compileFilter(node: FilterNode, compileSteps: CompileSteps): Accept {
  switch (node.kind) {
    case 'or': {
      const terms = node.terms.map((term) => compileFilter(term, compileSteps));
      return (item, run) => terms.some((term) => term(item, run));
    }
    case 'and': {
      const terms = node.terms.map((term) => compileFilter(term, compileSteps));
      return (item, run) => terms.every((term) => term(item, run));
    }
    case 'not': {
      const term = compileFilter(node.term, compileSteps);
      return (item, run) => !term(item, run);
    }
    case 'exists': {
      const { wanted } = node;
      const definite = isDefinite(node.path.steps);
      const read = compileRelativePath(node.path, compileSteps);
      return (item, run) => {
        const found = read(item, run);
        return (definite ? found !== MISSING : (found as unknown[]).length > 0) === wanted;
      };
    }
    case 'compare': {
      const compare = compareOperands(node.operator);
      const left = compileOperand(node.left, compileSteps);
      const right = compileOperand(node.right, compileSteps);
      return (item, run) => compare(left(item, run), right(item, run), run.charge);
    }
  }
}

function compileOperand(operand: Operand, compileSteps: CompileSteps): ReadOperand {
  switch (operand.kind) {
    case 'literal':
      return () => operand.value;
    case 'pattern':
      return () => operand.pattern;
    case 'path':
      return compileRelativePath(operand, compileSteps);
  }
}

export function compileRelativePath(path: RelativePath, compileSteps: CompileSteps): ReadOperand {
  const { root, steps } = path;
  if (steps.every((step) => step.kind === 'name')) {
    const read = compileKeys(steps.map((step) => step.name), MISSING);
    return root === '@' ? (item) => read(item) : (_item, run) => read(run.root);
  }
  const walk = compileSteps(steps);
  const definite = isDefinite(steps);
  return (item, run) => {
    const found: unknown[] = [];
    walk(root === '@' ? item : run.root, { ...run, item, found });
    return definite ? (found.length > 0 ? found.at(-1) : MISSING) : found;
  };
}
