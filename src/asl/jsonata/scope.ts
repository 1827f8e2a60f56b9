import { childrenOf, type Node } from './ast.ts';
import { run } from './limits.ts';
import { own } from './lookup.ts';
import { settle } from './values.ts';

/** The variables of one call of a lambda (or of the whole expression), found by position. */
export interface Frame {
  readonly slots: unknown[];
  readonly up: Frame | null;
}

/** A compiled expression: what `$` stands for, and the variables around it. */
export type Eval = (input: unknown, frame: Frame | null) => unknown;

/** Compiles a node. `tags` is false where nobody can tell a sequence from an array, so that none needs to be marked. */
export type Compile = (node: Node, scope: Scope, tags: boolean) => Eval;

/** In a slot: not assigned yet, so that an outer variable of the same name shows through. */
export const UNBOUND = Symbol('jsonata.unbound');

/** Fresh slots. */
export function unbound(size: number): unknown[] {
  const slots: unknown[] = [];
  for (let index = 0; index < size; index++) slots.push(UNBOUND);
  return slots;
}

/** How many slots the frames have that one lambda, block or expression makes. */
export interface Layout {
  size: number;
  readonly up: Layout | null;
}

/**
 * The names known at one place of an expression, resolved to slots when it is compiled. A block without functions in it
 * shares the frame around it; one whose variables a function may capture makes frames of its own.
 */
export interface Scope {
  readonly names: Map<string, number>;
  readonly up: Scope | null;
  readonly layout: Layout;
  /** True for a lambda's parameters, which are always bound. */
  readonly sure: boolean;
  /** Names looked up outside all scopes: bindings and functions. Shared by all scopes of an expression. */
  readonly free: Set<string>;
}

export function rootScope(names: Iterable<string>): Scope {
  const layout: Layout = { size: 0, up: null };
  return declare({ names: new Map(), up: null, layout, sure: false, free: new Set() }, names);
}

export const innerScope = (up: Scope, layout: Layout, names: Iterable<string>, sure: boolean): Scope =>
  declare({ names: new Map(), up, layout, sure, free: up.free }, names);

function declare(scope: Scope, names: Iterable<string>): Scope {
  for (const name of names) if (!scope.names.has(name)) scope.names.set(name, scope.layout.size++);
  return scope;
}

export interface Place {
  /** Frames to go up. */
  readonly hops: number;
  readonly slot: number;
}

/** The slots that may hold a variable, innermost first, and whether one of them surely does. */
export function placesOf(scope: Scope, name: string): { places: Place[]; sure: boolean } {
  const places: Place[] = [];
  for (let at: Scope | null = scope; at !== null; at = at.up) {
    const slot = at.names.get(name);
    if (slot === undefined) continue;
    places.push({ hops: hopsTo(scope.layout, at.layout), slot });
    if (at.sure) return { places, sure: true };
  }
  return { places, sure: false };
}

function hopsTo(from: Layout, to: Layout): number {
  let hops = 0;
  for (let at: Layout | null = from; at !== null && at !== to; at = at.up) hops++;
  return hops;
}

/** The slot that an assignment at this place writes: that of the innermost scope, be it one of a lambda's parameters. */
export function ownSlot(scope: Scope, name: string): number {
  for (let at: Scope | null = scope; at !== null && at.layout === scope.layout; at = at.up) {
    const slot = at.names.get(name);
    if (slot !== undefined) return slot;
  }
  throw new Error(`no slot for $${name}`);
}

/** The variables that are assigned directly in a block or body: not within a block or lambda inside it. */
export function assignedIn(nodes: readonly Node[]): Set<string> {
  const names = new Set<string>();
  const visit = (node: Node): void => {
    if (node.type === 'block' || (node.type === 'lambda' && node.thunk !== true)) {
      for (const stage of node.predicate ?? []) visit(stage.expr);
      for (const [key, value] of node.group?.lhs ?? []) {
        visit(key);
        visit(value);
      }
      return;
    }
    if (node.type === 'bind') names.add((node.lhs as Node).value as string);
    for (const child of childrenOf(node)) visit(child);
  };
  for (const node of nodes) visit(node);
  return names;
}

/** True where a node contains something that lives on after it has been evaluated and reads the variables around it. */
export function captures(node: Node): boolean {
  if ((node.type === 'lambda' && node.thunk !== true) || node.type === 'transform') return true;
  return childrenOf(node).some(captures);
}

const frameAt = (frame: Frame | null, hops: number): Frame => {
  let at = frame as Frame;
  for (let hop = 0; hop < hops; hop++) at = at.up as Frame;
  return at;
};

/** Reads a variable: from its slot, else from the bindings, else what `fallback` offers (a function of the library). */
export function compileVariable(scope: Scope, name: string, fallback: unknown): Eval {
  const { places, sure } = placesOf(scope, name);
  if (places.length === 1 && sure) {
    const { hops, slot } = places[0] as Place;
    if (hops === 0) return (_input, frame) => settle((frame as Frame).slots[slot]);
    if (hops === 1) return (_input, frame) => settle(((frame as Frame).up as Frame).slots[slot]);
  }
  if (!sure) scope.free.add(name);
  const outer = compileFree(name, fallback);
  if (places.length === 0) return outer;
  return (input, frame) => {
    for (const { hops, slot } of places) {
      const value = frameAt(frame, hops).slots[slot];
      if (value !== UNBOUND) return settle(value);
    }
    return outer(input, frame);
  };
}

/** What a name is bound to from outside. One that is bound to `undefined` counts as not bound. */
export const bindingOf = (name: string): unknown => own(run.bindings, name);

function compileFree(name: string, fallback: unknown): Eval {
  if (name === '$') return () => run.input;
  if (fallback === undefined) return () => own(run.bindings, name);
  return () => {
    const value = own(run.bindings, name);
    return value === undefined ? fallback : value;
  };
}
