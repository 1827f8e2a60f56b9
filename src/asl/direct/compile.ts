import { END } from '../types.ts';
import type { Direct, DirectState, Growth } from './contract.ts';
import { link } from './link.ts';

/** So many states run without a look at the clock, and the stack grows with them. */
const MOST_STATES = 64;
/** Growth beyond this is the steps' to measure. */
const MOST_GROWTH = 1e6;

/** The direct code of a program, from its start to the states that have none; null where it would do nothing. */
export function compileDirect(described: readonly (DirectState | null)[], start: number): Direct | null {
  if ((described[start] ?? null) === null) return null;
  const order = inOrder(described, start);
  const states = described.map((state, index) => (order.includes(index) ? state : null));
  const growth = largest(states, order);
  return growth.factor > MOST_GROWTH || growth.plus > MOST_GROWTH ? null : { ...growth, run: link(states, start) };
}

const targetsOf = (state: DirectState): readonly number[] =>
  state.kind === 'end' ? [] : state.kind === 'pass' ? [state.target] : state.otherwise === null ? state.targets : [...state.targets, state.otherwise];

/** States that are reached from the start, each before those that it leads to, except where that leads back. */
function inOrder(described: readonly (DirectState | null)[], start: number): number[] {
  const seen = new Set<number>();
  const done: number[] = [];
  const visit = (index: number): void => {
    const state = index === END ? null : (described[index] ?? null);
    if (state === null || seen.has(index) || seen.size >= MOST_STATES) return;
    seen.add(index);
    targetsOf(state).forEach(visit);
    done.push(index);
  };
  visit(start);
  return done.toReversed();
}

/** An upper bound of every value on every way through. */
function largest(states: readonly (DirectState | null)[], order: readonly number[]): Growth {
  const before = new Map<number, Growth>();
  let most: Growth = { factor: 1, plus: 0 };
  before.set(order[0]!, most);
  for (const index of order) {
    const state = states[index]!;
    const input = before.get(index)!;
    const { factor, plus } = state.kind === 'pass' ? state.growth : { factor: 1, plus: 0 };
    const output = { factor: factor * input.factor, plus: factor * input.plus + plus };
    most = larger(most, output);
    for (const target of targetsOf(state)) before.set(target, larger(before.get(target) ?? output, output));
  }
  return most;
}

const larger = (a: Growth, b: Growth): Growth => ({ factor: Math.max(a.factor, b.factor), plus: Math.max(a.plus, b.plus) });
