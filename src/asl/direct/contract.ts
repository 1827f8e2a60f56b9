/*
 * Direct code: what a machine does before it first needs a frame, as functions of a value alone. Pass, Choice and Succeed states
 * whose fields are plain (names, literals, comparisons) compute and cannot wait, look at nothing but their input and have no
 * side effects. So they need no frame as long as nothing goes wrong; where something does, their work is dropped and done
 * again by the steps, which know how to say what it was.
 */

/** The answer of direct code where something is not as it should be: the steps begin anew with the same input. */
export const BAIL: unique symbol = Symbol('bail');

/** The answer of direct code that has come to a state of another kind: the steps go on there. Which and with what is in `exit`. */
export const EXIT: unique symbol = Symbol('exit');

/** Read at once after an EXIT. */
export const exit: { index: number; value: unknown } = { index: 0, value: null };

/** An output, BAIL or EXIT. */
export type DirectRun = (input: unknown) => unknown;

/** A program's direct code, with an upper bound of all values that it makes: factor * input bytes + plus. */
export interface Direct {
  readonly factor: number;
  readonly plus: number;
  readonly run: DirectRun;
}

/** A path that consists of names, none of which an object has by inheritance. Empty: the value itself. */
export type Names = readonly string[];

/** What makes a value of another. */
export type Shape =
  | { readonly kind: 'read'; readonly names: Names }
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly members: readonly Shape[] };

export type Test =
  | { readonly kind: 'and' | 'or'; readonly tests: readonly Test[] }
  | { readonly kind: 'not'; readonly test: Test }
  | { readonly kind: 'compare'; readonly names: Names; readonly operator: string; readonly operand: number | string | boolean };

/** How large an output can be: factor * input bytes + plus. */
export interface Growth {
  readonly factor: number;
  readonly plus: number;
}

/** A state that direct code can run, or null. Targets are indexes of states, END for the end. */
export type DirectState =
  | { readonly kind: 'end' }
  | { readonly kind: 'choice'; readonly tests: readonly Test[]; readonly targets: readonly number[]; readonly otherwise: number | null }
  | { readonly kind: 'pass'; readonly result: Shape; readonly at: string | null; readonly target: number; readonly growth: Growth };
