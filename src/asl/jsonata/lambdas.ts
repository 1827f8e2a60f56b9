import type { Node } from './ast.ts';
import { JsonataError } from './fault.ts';
import { builtinNamed } from './functions/table.ts';
import { enterCall, run } from './limits.ts';
import { assignedIn, compileVariable, innerScope, UNBOUND, type Compile, type Eval, type Layout, type Scope } from './scope.ts';
import { compileSignature } from './signatures.ts';
import { NotCompiled, unwind } from './tail-calls.ts';
import { BARE, settle, STEP, TailCall, type Callable } from './values.ts';

/** `function($a, $b) { … }`: a closure over the frame in which it is evaluated, and over what `$` stands for there. */
export function compileLambda(node: Node, scope: Scope, compile: Compile): Eval {
  const names = (node.arguments ?? []).map((parameter) => parameter.value as string);
  if (new Set(names).size !== names.length) throw new NotCompiled('two parameters of one name');
  const body = node.body as Node;
  const layout: Layout = { size: 0, up: scope.layout };
  const parameters = innerScope(scope, layout, names, true);
  const assigned = [...assignedIn([body])].filter((name) => !names.includes(name));
  // What the body assigns outside a block lives beside the parameters, but is not bound from the start.
  const inner = assigned.length === 0 ? parameters : innerScope(parameters, layout, assigned, false);
  const evaluate = compile(body, inner, true);
  const check = node.signature === undefined ? undefined : compileSignature(node.signature.definition, node.signature);
  const arity = names.length;
  return (input, frame) => {
    const call = ((args: unknown[], context: unknown, mode = 0) => {
      enterCall();
      const given = check === undefined || (mode & BARE) !== 0 ? args : check(args, context);
      const size = layout.size;
      const slots = given.length === size && size === arity ? given : spread(given, arity, size);
      const result = evaluate(input, { slots, up: frame });
      run.depth--;
      return (mode & STEP) === 0 && result instanceof TailCall ? unwind(result, context) : result;
    }) as Callable;
    call.arity = arity;
    call.params = arity;
    call.contextual = check !== undefined;
    return call;
  };
}

function spread(given: readonly unknown[], arity: number, size: number): unknown[] {
  const slots: unknown[] = [];
  for (let index = 0; index < size; index++) slots.push(index < arity ? given[index] : UNBOUND);
  return slots;
}

/** A function that is handed on as an argument forgets the context of its call, as in the library. */
export function detached(value: unknown): unknown {
  if (typeof value !== 'function' || !(value as Callable).contextual) return value;
  const target = value as Callable;
  const call = ((args: unknown[], _context: unknown) => target(args, null)) as Callable;
  call.arity = target.arity;
  call.params = target.params;
  call.contextual = false;
  if (target.matcher !== undefined) call.matcher = target.matcher;
  return call;
}

/** `f(?, 2)`: a function of the parameters that were left open. Signatures are not checked, as in the library. */
export function compilePartial(node: Node, scope: Scope, compile: Compile): Eval {
  const given = (node.arguments ?? []).map((argument) => (argument.type === 'operator' ? undefined : compile(argument, scope, true)));
  const procedure = node.procedure as Node;
  const evaluate = compile(procedure, scope, true);
  const named = compileNamed(procedure, scope);
  return (input, frame) => {
    const values = given.map((argument) => argument?.(input, frame));
    const target = evaluate(input, frame);
    if (typeof target !== 'function') {
      if (target === undefined && named !== undefined && Boolean(named(input, frame))) throw new JsonataError('T1007').locate(node.position, nameOf(procedure));
      throw new JsonataError('T1008').locate(node.position, nameOf(procedure));
    }
    return partially(target as Callable, given.map((argument) => argument === undefined), values);
  };
}

function partially(target: Callable, open: readonly boolean[], values: readonly unknown[]): Callable {
  const holes: number[] = [];
  for (let index = 0; index < target.params; index++) if (open[index] === true) holes.push(index);
  const call = ((args: unknown[], context: unknown, mode = 0) => {
    const merged: unknown[] = [];
    for (let index = 0; index < target.params; index++) merged.push(values[index]);
    for (let index = 0; index < holes.length; index++) merged[holes[index] as number] = args[index];
    return target(merged, context, mode | BARE);
  }) as Callable;
  call.arity = holes.length;
  call.params = holes.length;
  call.contextual = false;
  return call;
}

/** `f ~> g`: calls one function with what the other answers. */
export function composed(first: Callable, second: Callable): Callable {
  const call = ((args: unknown[], context: unknown, mode = 0) => {
    enterCall();
    const value = detached(settle(unwind(first([args[0]], null), null)));
    run.depth--;
    return second([value], context, mode & STEP);
  }) as Callable;
  call.arity = 1;
  call.params = 1;
  call.contextual = false;
  return call;
}

/** The variable of the same name, where a call names a field: somebody may have forgotten the $. */
export function compileNamed(procedure: Node, scope: Scope): Eval | undefined {
  const name = procedure.type === 'path' ? procedure.steps?.[0]?.value : undefined;
  return typeof name === 'string' ? compileVariable(scope, name, builtinNamed(name)) : undefined;
}

export const nameOf = (procedure: Node): unknown => (procedure.type === 'path' ? procedure.steps?.[0]?.value : procedure.value);
