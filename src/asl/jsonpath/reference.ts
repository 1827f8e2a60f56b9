import { copyObject, putKey } from '../copy.ts';
import { Fault } from '../fault.ts';
import { printedJson } from '../state-fault.ts';
import { PathSyntaxError } from './cursor.ts';
import { parsePath } from './parse-path.ts';
import { keysOf } from './path.ts';
import { isContainer } from '../numbers/json-number.ts';

/** The error name of a ResultPath that cannot be applied (Amazon States Language, "Error representation"). */
export const RESULT_PATH_CONFLICT = 'States.ResultPathMatchFailure';

/** A path to a single node that can be written: `$`, names and indexes (Amazon States Language, "Reference Paths"). */
export interface ReferencePath {
  readonly text: string;
  readonly keys: readonly (string | number)[];
  /**
   * A new root in which the node is `value`; copies what leads to the node and shares the rest. Missing objects are made, an
   * array's item must be there.
   *
   * @throws Fault RESULT_PATH_CONFLICT
   */
  set(root: unknown, value: unknown): unknown;
}

/** @throws PathSyntaxError for what could lead to more than one node, and for `$$` and variables */
export function compileReferencePath(text: string): ReferencePath {
  const parsed = parsePath(text);
  const keys = keysOf(parsed.steps);
  if (parsed.root !== 'input') throw new PathSyntaxError("a reference path must start with '$.' or '$['", 1);
  if (keys === null || keys.some((key) => typeof key === 'number' && key < 0)) {
    throw new PathSyntaxError('a reference path must lead to a single node', 0);
  }
  return { text, keys, set: compileSet(keys) };
}

function compileSet(keys: readonly (string | number)[]): ReferencePath['set'] {
  if (keys.length === 0) return (_root, value) => value;
  const [only] = keys;
  if (keys.length === 1 && typeof only === 'string') {
    return (root, value) => {
      if (!isContainer(root) || Array.isArray(root)) throw conflict(only, root);
      const copy = copyObject(root);
      putKey(copy, only, value);
      return copy;
    };
  }
  return (root, value) => setSpine(keys, root, value);
}

type Container = Record<string, unknown>;

function setSpine(keys: readonly (string | number)[], root: unknown, value: unknown): unknown {
  const top = copyContainer(root, keys[0] as string | number, root);
  let parent = top;
  for (let i = 0; i < keys.length - 1; i++) {
    const key = keys[i] as string | number;
    const next = keys[i + 1] as string | number;
    const child = Object.hasOwn(parent, key)
      ? copyContainer(parent[key], next, root)
      : typeof next === 'string' ? {} : raise(conflict(next, root));
    putKey(parent, String(key), child);
    parent = child;
  }
  putKey(parent, String(keys.at(-1)), value);
  return top;
}

/** A copy of what `key` is to be set in: an object for a name, an array that has the item for an index. */
function copyContainer(node: unknown, key: string | number, root: unknown): Container {
  if (typeof key === 'number') {
    if (!Array.isArray(node) || key >= node.length) throw conflict(key, root);
    return (node as unknown[]).slice() as unknown as Container; // an array's indexes are keys like any other
  }
  if (!isContainer(node) || Array.isArray(node)) throw conflict(key, root);
  return copyObject(node);
}

function conflict(key: string | number, root: unknown): Fault {
  return new Fault(RESULT_PATH_CONFLICT, `Unable to apply step "${key}" to input ${printedJson(root)}`);
}

function raise(fault: Fault): never {
  throw fault;
}
