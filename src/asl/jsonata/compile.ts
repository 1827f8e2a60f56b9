import { interned } from '../interned.ts';
import type { Node } from './ast.ts';
import { compileApply, compileCall, compileRawCall, compileTailCall } from './calls.ts';
import { compileArray, compileRange, descendants, wildcard } from './constructors.ts';
import { applyFilters, compileFilters } from './filters.ts';
import { builtinNamed } from './functions/table.ts';
import { compileGroup } from './groups.ts';
import { compileLambda, compilePartial } from './lambdas.ts';
import { lookUp } from './lookup.ts';
import { compileMinus, compileOperator } from './operators.ts';
import { compilePath } from './paths.ts';
import { compileRegex } from './regex.ts';
import { assignedIn, captures, compileVariable, innerScope, ownSlot, unbound, UNBOUND, type Compile, type Eval, type Frame, type Layout, type Scope } from './scope.ts';
import { NotCompiled } from './tail-calls.ts';
import { compileTransform } from './transforms.ts';
import { booleanOf, OUTER, SEQUENCE, settle, settleItems, settleKept, tag, tagOf } from './values.ts';

/** Compiles any node together with the filters and the grouping that are written behind it. Throws NotCompiled. */
export const compileNode: Compile = (node, scope, tags) => {
  const bare = node.predicate === undefined && (node.group === undefined || node.type === 'path');
  if (bare && node.keepArray !== true) return compileBare(node, scope, tags);
  if (bare && node.type === 'path') return compileBare(node, scope, tags);
  const raw = node.type === 'function' || node.type === 'apply' ? compileRawCall(node, scope, compileNode) : compileBare(node, scope, true);
  return compileBehind(node, raw, scope, tags);
};

/** `value[filter]{group}[]`, in this order. */
function compileBehind(node: Node, raw: Eval, scope: Scope, tags: boolean): Eval {
  const filters = node.predicate === undefined ? undefined : compileFilters(node.predicate, scope, compileNode);
  const group = node.group === undefined || node.type === 'path' ? undefined : compileGroup(node.group.lhs, node.group.position, scope, tags, compileNode);
  const end = node.keepArray === true ? settleKept : settle;
  return (input, frame) => {
    let value = raw(input, frame);
    if (filters !== undefined) {
      const { items, plain } = applyFilters(value, filters, frame);
      value = plain ? items : tag(items, SEQUENCE);
    }
    return group === undefined ? end(value) : group(value, frame);
  };
}

function compileBare(node: Node, scope: Scope, tags: boolean): Eval {
  switch (node.type) {
    case 'string':
    case 'number':
    case 'value': {
      // A text may be the key of what is made.
      const value = typeof node.value === 'string' ? interned(node.value) : node.value;
      return () => value;
    }
    case 'path':
      return compilePath(node, scope, tags, compileNode);
    case 'name': {
      const key = interned(node.value as string);
      return (input) => lookUp(input, key);
    }
    case 'variable':
      return node.value === '' ? contextValue : compileVariable(scope, node.value as string, builtinNamed(node.value as string));
    case 'binary':
      return compileBinary(node, scope, tags);
    case 'unary':
      return compileUnary(node, scope, tags);
    case 'condition':
      return compileCondition(node, scope, tags);
    case 'block':
      return compileBlock(node, scope, tags);
    case 'bind':
      return compileBind(node, scope);
    case 'function':
      return compileCall(node, scope, tags, compileNode);
    case 'lambda':
      return node.thunk === true ? compileTailCall(node.body as Node, scope, compileNode) : compileLambda(node, scope, compileNode);
    case 'partial':
      return compilePartial(node, scope, compileNode);
    case 'apply':
      return compileApply(node, scope, tags, compileNode);
    case 'transform':
      return compileTransform(node, scope, compileNode);
    case 'wildcard':
      return (input) => {
        const { items, plain } = wildcard(input);
        return plain ? items : settleItems(items, tags);
      };
    case 'descendant':
      return (input) => settleItems(descendants(input), tags);
    case 'regex': {
      const source = node.value as RegExp;
      // A regular expression keeps its place in itself: every evaluation of the literal is a function of its own.
      return () => compileRegex(new RegExp(source), node.position);
    }
    default:
      throw new NotCompiled(node.type);
  }
}

/** `$`: what the expression is applied to. */
const contextValue: Eval = (input) => {
  if (!Array.isArray(input)) return input;
  return (tagOf(input) & OUTER) === 0 ? settle(input) : (input[0] as unknown);
};

function compileBinary(node: Node, scope: Scope, tags: boolean): Eval {
  if (node.value === '..') return compileRange(node, scope, tags, compileNode);
  const left = compileNode(node.lhs as Node, scope, false);
  const right = compileNode(node.rhs as Node, scope, false);
  const compiled = compileOperator(node.value as string, left, right, node.position);
  if (compiled === undefined) throw new NotCompiled(`operator ${String(node.value)}`);
  return compiled;
}

function compileUnary(node: Node, scope: Scope, tags: boolean): Eval {
  switch (node.value) {
    case '[':
      return compileArray(node, scope, tags, compileNode);
    case '{':
      return compileGroup(node.lhs as ReadonlyArray<readonly [Node, Node]>, node.position, scope, tags, compileNode);
    case '-':
      return compileMinus(compileNode(node.expression as Node, scope, false), node.position);
    default:
      throw new NotCompiled(`unary ${String(node.value)}`);
  }
}

function compileCondition(node: Node, scope: Scope, tags: boolean): Eval {
  const condition = compileNode(node.condition as Node, scope, false);
  const then = compileNode(node.then as Node, scope, tags);
  const otherwise = node.else === undefined ? () => undefined : compileNode(node.else, scope, tags);
  return (input, frame) => {
    const verdict = condition(input, frame);
    const holds = typeof verdict === 'boolean' ? verdict : booleanOf(verdict) === true;
    return settle(holds ? then(input, frame) : otherwise(input, frame));
  };
}

/** `(a; b; c)`: the last one's value. Its variables go into the frame around it unless a function may capture them. */
function compileBlock(node: Node, scope: Scope, tags: boolean): Eval {
  const expressions = node.expressions ?? [];
  const names = assignedIn(expressions);
  const own = names.size > 0 && expressions.some(captures);
  const layout: Layout = own ? { size: 0, up: scope.layout } : scope.layout;
  const inner = names.size === 0 ? scope : innerScope(scope, layout, names, false);
  const last = expressions.length - 1;
  const compiled = expressions.map((expression, index) => compileNode(expression, inner, tags && index === last));
  if (last === 0 && names.size === 0) {
    const only = compiled[0] as Eval;
    return (input, frame) => settle(only(input, frame));
  }
  const slots = own || names.size === 0 ? [] : [...inner.names.values()];
  return (input, frame) => {
    let at: Frame | null = frame;
    if (own) at = { slots: unbound(layout.size), up: frame };
    else for (let index = 0; index < slots.length; index++) (at as Frame).slots[slots[index] as number] = UNBOUND;
    let value: unknown;
    for (let index = 0; index <= last; index++) value = (compiled[index] as Eval)(input, at);
    return settle(value);
  };
}

function compileBind(node: Node, scope: Scope): Eval {
  const slot = ownSlot(scope, (node.lhs as Node).value as string);
  const evaluate = compileNode(node.rhs as Node, scope, true);
  return (input, frame) => {
    const value = evaluate(input, frame);
    (frame as Frame).slots[slot] = value;
    return settle(value);
  };
}

