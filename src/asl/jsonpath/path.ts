import { interned } from '../interned.ts';
import type { Frame, Getter } from '../types.ts';
import { compileKeys } from './definite.ts';
import { explainMissing } from './explain.ts';
import { MISSING } from './missing.ts';
import { type ParsedPath, parsePath } from './parse-path.ts';
import { startRun } from './run.ts';
import { isDefinite, type PathStep } from './syntax.ts';
import { compileWalk } from './walk.ts';

export { PathSyntaxError } from './cursor.ts';
export { MISSING } from './missing.ts';

/** A compiled JSONPath: immutable, shared by all executions. */
export interface Path {
  readonly text: string;
  /** Leads to one node at the most. */
  readonly definite: boolean;
  /** `$`, `$$` (the context object) or `$name`. */
  readonly root: 'input' | 'context' | 'variable';
  readonly variable: string | null;
  /** True when the value cannot be larger than what it is read from: names and indexes only. */
  readonly narrowing: boolean;
  /**
   * The value that the path leads to. A definite path that leads nowhere answers MISSING; an index past the end of an array
   * as its last step answers null, as on AWS. An indefinite path answers an array, empty where nothing was found.
   */
  get(input: unknown, frame: Frame): unknown;
  /** The same as an intrinsic function's argument, where AWS takes an index past the end for missing. */
  find(input: unknown, frame: Frame): unknown;
  /** Why `get` (or `find`) answered MISSING, in Jayway's words. */
  explain(input: unknown, frame: Frame): string;
}

/**
 * Compiles a path of Jayway's dialect with AWS's roots. Filters, descents and functions are bounded: a run that visits more
 * than VISIT_LIMIT nodes raises States.Runtime.
 *
 * @throws PathSyntaxError
 */
export function compilePath(text: string): Path {
  return createPath(text.trim(), parsePath(text));
}

export function createPath(text: string, parsed: ParsedPath): Path {
  const { root, variable } = parsed;
  // A variable is the first name in the scope's record, so that a missing one reads and explains like any other name.
  const steps: readonly PathStep[] = variable === null ? parsed.steps : [{ kind: 'name', name: variable }, ...parsed.steps];
  const origin = originOf(root);
  const definite = isDefinite(steps);
  const keys = keysOf(steps);
  return {
    text,
    definite,
    root,
    variable,
    narrowing: keys !== null,
    get: compileGetter(text, steps, keys, definite, origin, null),
    find: compileGetter(text, steps, keys, definite, origin, MISSING),
    explain: (input, frame) => explainMissing(steps, origin === null ? input : origin(input, frame)),
  };
}

/** Names and indexes, or null when there are other steps. */
export function keysOf(steps: readonly PathStep[]): (string | number)[] | null {
  const keys: (string | number)[] = [];
  for (const step of steps) {
    if (step.kind === 'name') keys.push(interned(step.name));
    else if (step.kind === 'index') keys.push(step.index);
    else return null;
  }
  return keys;
}

function originOf(root: Path['root']): Getter | null {
  if (root === 'context') return (_input, frame) => frame.context();
  return root === 'variable' ? (_input, frame) => frame.variables ?? NO_VARIABLES : null;
}

const NO_VARIABLES: Readonly<Record<string, unknown>> = Object.freeze({});

function compileGetter(text: string, steps: readonly PathStep[], keys: (string | number)[] | null, definite: boolean, origin: Getter | null, past: null | typeof MISSING): Getter {
  if (keys !== null) {
    const read = compileKeys(keys, past);
    return origin === null ? read : (input, frame) => read(origin(input, frame));
  }
  const walk = compileWalk(steps);
  return (input, frame) => {
    const value = origin === null ? input : origin(input, frame);
    const run = startRun(value, past, frame, text);
    walk(value, run);
    if (!definite) return run.found;
    return run.found.length === 0 ? MISSING : run.found.at(-1);
  };
}
