import { memberOf, type Report } from './fault.ts';
import { OR } from './tree.ts';

/** The fields that a part of a pattern names; `leaf` points to where. */
interface Paths {
  leaf: string | null;
  readonly inner: Map<string, Paths>;
}

/**
 * Reports fields that are named twice in what has to match at once. EventBridge takes such patterns and lets the one written
 * last count; only branches of one $or may name the same field.
 */
export function checkPaths(pattern: object, report: Report): void {
  pathsOf(pattern, '', [], report);
}

function pathsOf(pattern: object, pointer: string, path: readonly string[], report: Report): Paths {
  const paths: Paths = { leaf: null, inner: new Map() };
  for (const [key, value] of Object.entries(pattern) as [string, object][]) {
    const at = memberOf(pointer, key);
    if (key === OR) {
      const branches: Paths = { leaf: null, inner: new Map() };
      for (const [index, branch] of (value as object[]).entries()) add(branches, pathsOf(branch, memberOf(at, index), path, report), path, null);
      add(paths, branches, path, report);
    } else {
      const field = Array.isArray(value) ? { leaf: at, inner: new Map<string, Paths>() } : pathsOf(value, at, [...path, key], report);
      add(paths, { leaf: null, inner: new Map([[key, field]]) }, path, report);
    }
  }
  return paths;
}

/** Adds `more` to `paths`; with `report`, what both name is a mistake there. */
function add(paths: Paths, more: Paths, path: readonly string[], report: Report | null): void {
  if (report !== null) {
    const twice = paths.leaf !== null ? firstLeaf(more) : paths.inner.size > 0 ? more.leaf : null;
    if (twice !== null) report(twice, `Path \`${path.join('.')}\` cannot be allowed multiple times`, 'Write all that is asked of a field in one place, or in branches of one $or.');
  }
  paths.leaf ??= more.leaf;
  for (const [key, inner] of more.inner) {
    const other = paths.inner.get(key);
    if (other === undefined) paths.inner.set(key, inner);
    else add(other, inner, [...path, key], report);
  }
}

function firstLeaf({ leaf, inner }: Paths): string | null {
  const [first] = inner.values();
  return leaf ?? (first === undefined ? null : firstLeaf(first));
}
