import type { Node } from './ast.ts';
import { JsonataError } from './fault.ts';
import { builtinNamed, type BuiltinFunction } from './functions/table.ts';
import { compileNamed, composed, detached, nameOf } from './lambdas.ts';
import { type Compile, bindingOf, placesOf, type Eval, type Frame, type Scope } from './scope.ts';
import { unwind } from './tail-calls.ts';
import { isSequence, settle, settleItems, TailCall, type Callable } from './values.ts';

/** What goes before the arguments that are written: the left side of `x ~> f(y)`. */
type Leading = Eval | undefined;

/**
 * A call. Those of the language's own functions, by a name that nothing in the expression assigns, are bound when they are
 * compiled; a binding of that name still goes first. What it answers is settled: `compileRawCall` leaves that to others.
 */
export function compileCall(node: Node, scope: Scope, tags: boolean, compile: Compile, leading?: Leading): Eval {
  const direct = compileDirect(node, scope, tags, compile, leading);
  if (direct !== undefined) return direct;
  const raw = compileAnyCall(node, scope, compile, leading);
  return (input, frame) => settle(raw(input, frame));
}

/** A call whose answer may be a sequence of one or none, for what filters, groups or keeps it. */
export const compileRawCall = (node: Node, scope: Scope, compile: Compile): Eval =>
  node.type === 'apply' ? compileRawApply(node, scope, compile) : compileAnyCall(node, scope, compile, undefined);

/** A call in tail position: answers the call that is to be made. */
export function compileTailCall(node: Node, scope: Scope, compile: Compile): Eval {
  const procedure = node.procedure as Node;
  const callee = compile(procedure, scope, true);
  const args = (node.arguments ?? []).map((argument) => compile(argument, scope, true));
  const builtin = directBuiltin(procedure, scope);
  return (input, frame) => {
    const target = callee(input, frame);
    const values = evaluateAll(args, input, frame);
    // A function of the library calls nothing in tail position: there is no need to come back for it.
    if (builtin !== undefined && target === builtin) return invoke(target, values, input, node.position, nameOf(procedure));
    return new TailCall(target, values);
  };
}

function evaluateAll(args: readonly Eval[], input: unknown, frame: Frame | null): unknown[] {
  const values: unknown[] = [];
  for (let index = 0; index < args.length; index++) values.push((args[index] as Eval)(input, frame));
  return values;
}

/** Calls a value; says T1006 where it is no function. */
export function invoke(target: unknown, args: unknown[], context: unknown, position: number | undefined, token: unknown): unknown {
  if (typeof target !== 'function') throw new JsonataError('T1006').locate(position, token);
  try {
    return unwind((target as Callable)(args, context), context);
  } catch (error) {
    throw error instanceof JsonataError ? error.locate(position, token) : error;
  }
}

function compileAnyCall(node: Node, scope: Scope, compile: Compile, leading: Leading): Eval {
  const procedure = node.procedure as Node;
  const callee = compile(procedure, scope, true);
  const args = (node.arguments ?? []).map((argument) => compile(argument, scope, true));
  const named = compileNamed(procedure, scope);
  const token = nameOf(procedure);
  return (input, frame) => {
    const first = leading?.(input, frame);
    const target = callee(input, frame);
    if (target === undefined && named !== undefined && Boolean(named(input, frame))) throw new JsonataError('T1005').locate(node.position, token);
    const values: unknown[] = leading === undefined ? [] : [first];
    for (let index = 0; index < args.length; index++) values.push(detached((args[index] as Eval)(input, frame)));
    return invoke(target, values, input, node.position, token);
  };
}

/** The function of the library that a call names, unless the expression assigns that name itself. */
function directBuiltin(procedure: Node, scope: Scope): BuiltinFunction | undefined {
  if (procedure.type !== 'variable' || procedure.predicate !== undefined || procedure.group !== undefined) return undefined;
  const name = procedure.value as string;
  return placesOf(scope, name).places.length === 0 ? builtinNamed(name) : undefined;
}

function compileDirect(node: Node, scope: Scope, tags: boolean, compile: Compile, leading: Leading): Eval | undefined {
  const procedure = node.procedure as Node;
  const builtin = directBuiltin(procedure, scope);
  if (builtin === undefined) return undefined;
  const name = procedure.value as string;
  // Arguments need their marks only where they may come out again, or where the function looks at them.
  const marked = tags || builtin.spec.observes === true;
  const args = (node.arguments ?? []).map((argument) => compile(argument, scope, marked && builtin.spec.scalar !== true));
  const raw = compileAnyCall(node, scope, compile, leading);
  const { check } = builtin;
  const { run: apply, sequence } = builtin.spec;
  const count = args.length;
  const [first, second] = args;
  return (input, frame) => {
    if (bindingOf(name) !== undefined) return settle(raw(input, frame));
    let values: unknown[];
    if (leading !== undefined) {
      values = [leading(input, frame)];
      for (let index = 0; index < count; index++) values.push(detached((args[index] as Eval)(input, frame)));
    } else if (count === 1) {
      values = [detached((first as Eval)(input, frame))];
    } else if (count === 2) {
      values = [detached((first as Eval)(input, frame)), detached((second as Eval)(input, frame))];
    } else {
      values = evaluateAll(args, input, frame);
      for (let index = 0; index < count; index++) values[index] = detached(values[index]);
    }
    try {
      const complete = check(values, input);
      const result = apply(complete, input);
      if (!Array.isArray(result)) return result;
      if (sequence === undefined || (sequence !== true && !sequence(complete, result))) return isSequence(result) ? settle(result) : result;
      return settleItems(result, tags);
    } catch (error) {
      throw error instanceof JsonataError ? error.locate(node.position, name) : error;
    }
  };
}

/** `x ~> f(y)`, `x ~> f`, `f ~> g`. */
export function compileApply(node: Node, scope: Scope, tags: boolean, compile: Compile): Eval {
  const rhs = node.rhs as Node;
  if (rhs.type === 'function') return compileCall(rhs, scope, tags, compile, compile(node.lhs as Node, scope, true));
  const raw = compileRawApply(node, scope, compile);
  return (input, frame) => settle(raw(input, frame));
}

/** The same, its answer not settled. */
export function compileRawApply(node: Node, scope: Scope, compile: Compile): Eval {
  const rhs = node.rhs as Node;
  const left = compile(node.lhs as Node, scope, true);
  // A call on the right is made as such; a filter written behind it does not count, as in the library.
  if (rhs.type === 'function') return compileAnyCall(rhs, scope, compile, left);
  const right = compile(rhs, scope, true);
  return (input, frame) => {
    const value = left(input, frame);
    const target = right(input, frame);
    if (typeof target !== 'function') throw new JsonataError('T2006', { value: target }).locate(node.position, undefined);
    if (typeof value === 'function') return composed(value as Callable, target as Callable);
    return unwind((target as Callable)([value], null), null);
  };
}
