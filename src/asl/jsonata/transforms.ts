import type { Node } from './ast.ts';
import { JsonataError } from './fault.ts';
import { builtinNamed } from './functions/table.ts';
import { unwind } from './tail-calls.ts';
import { spend } from './limits.ts';
import { compileSignature } from './signatures.ts';
import { type Compile, compileVariable, type Eval, type Frame, type Scope } from './scope.ts';
import { setField, type Callable } from './values.ts';

const check = compileSignature('<(oa):o>');

/**
 * `|pattern|update,delete|`: a function that answers a copy of its argument with every match changed. Only the copy is
 * ever changed: a pattern can reach the input itself, as in `|$$.a|…|`, which the library would write to.
 */
export function compileTransform(node: Node, scope: Scope, compile: Compile): Eval {
  const pattern = compile(node.pattern as Node, scope, false);
  const update = compile(node.update as Node, scope, true);
  const removal = node.delete === undefined ? undefined : compile(node.delete, scope, false);
  const cloner = compileVariable(scope, 'clone', builtinNamed('clone'));
  return (_input, frame) => {
    const call = ((args: unknown[], context: unknown) => {
      const [subject] = check(args, context);
      if (subject === undefined) return undefined;
      const clone = cloner(subject, frame);
      if (typeof clone !== 'function') throw new JsonataError('T2013').locate(node.position, undefined);
      const copy = unwind((clone as Callable)([subject], null), null);
      const owned = new Set<unknown>();
      collect(copy, owned);
      for (const match of matchesOf(pattern(copy, frame))) {
        spend(1);
        const writable = owned.has(match) ? (match as Record<string, unknown>) : undefined;
        applyUpdate(update(match, frame), writable, node.update?.position);
        if (removal !== undefined) applyRemoval(removal, match, frame, writable, node.delete?.position);
      }
      return copy;
    }) as Callable;
    call.arity = 1;
    call.params = 1;
    call.contextual = true;
    return call;
  };
}

function matchesOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function collect(value: unknown, owned: Set<unknown>): void {
  if (typeof value !== 'object' || value === null) return;
  spend(1);
  owned.add(value);
  if (Array.isArray(value)) for (const item of value) collect(item, owned);
  else for (const key of Object.keys(value)) collect((value as Record<string, unknown>)[key], owned);
}

function applyUpdate(update: unknown, target: Record<string, unknown> | undefined, position: number | undefined): void {
  if (update === undefined) return;
  if (typeof update !== 'object' || update === null || Array.isArray(update)) throw new JsonataError('T2011', { value: update }).locate(position, undefined);
  if (target === undefined) return;
  for (const key of Object.keys(update)) setField(target, key, (update as Record<string, unknown>)[key]);
}

function applyRemoval(removal: Eval, match: unknown, frame: Frame | null, target: Record<string, unknown> | undefined, position: number | undefined): void {
  const value = removal(match, frame);
  if (value === undefined) return;
  const names: unknown[] = Array.isArray(value) ? value : [value];
  for (const name of names) if (typeof name !== 'string') throw new JsonataError('T2012', { value }).locate(position, undefined);
  if (target !== undefined) for (const name of names) delete target[name as string];
}
