import type { Json } from '../types.ts';
import type { Pattern } from './pattern.ts';

/** One step of a path, as parsed. A path is definite when it can lead to one node at the most. */
export type PathStep =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  /** Below zero counts from the end. */
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | null; readonly to: number | null }
  | { readonly kind: 'wildcard' }
  /** `..`: applies the step that follows to every node below and including this one. */
  | { readonly kind: 'descend' }
  | { readonly kind: 'filter'; readonly test: FilterNode }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly CallArgument[] };

/** `$` stands for the document, `@` for the item that a filter looks at. */
export interface RelativePath {
  readonly kind: 'path';
  readonly root: '$' | '@';
  readonly steps: readonly PathStep[];
}

export interface LiteralOperand {
  readonly kind: 'literal';
  readonly value: Json;
}

export type CallArgument = RelativePath | LiteralOperand;

export type Operand = RelativePath | LiteralOperand | { readonly kind: 'pattern'; readonly pattern: Pattern };

export type FilterNode =
  | { readonly kind: 'or'; readonly terms: readonly FilterNode[] }
  | { readonly kind: 'and'; readonly terms: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly term: FilterNode }
  | { readonly kind: 'exists'; readonly path: RelativePath; readonly wanted: boolean }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Operand; readonly right: Operand };

export const COMPARISONS = [
  '==', '===', '!=', '!==', '<', '<=', '>', '>=', '=~',
  'in', 'nin', 'subsetof', 'anyof', 'noneof', 'all', 'contains', 'size', 'empty', 'exists',
] as const;

export type Comparison = (typeof COMPARISONS)[number];

/** True when the steps lead to one node at the most. Names joined by a comma are merged into one object where they stand last. */
export function isDefinite(steps: readonly PathStep[]): boolean {
  if (isAggregate(steps)) return true;
  return steps.every((step, i) => {
    switch (step.kind) {
      case 'name':
      case 'index':
      case 'call':
        return true;
      case 'names':
        return i === steps.length - 1;
      default:
        return false;
    }
  });
}

/** `$..price.sum()`: the function is applied to all that the descent finds, not to each of it. */
export function isAggregate(steps: readonly PathStep[]): boolean {
  return steps[0]?.kind === 'descend' && steps.at(-1)?.kind === 'call';
}
