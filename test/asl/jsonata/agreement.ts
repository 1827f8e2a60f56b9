import jsonata from 'jsonata';
import { compileJsonata, type Bindings, type Options } from '../../../src/asl/jsonata/expression.ts';

/** What an evaluation came to: a value (null prototypes and hidden marks dropped), or an error's code. */
export type Outcome = { readonly value: unknown } | { readonly code: string };

/** The library's own failures, which have no code, count as one. */
const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[A-Z]\d{4}$/.test(code) ? code : 'none';
};

const isFunction = (value: unknown): boolean =>
  typeof value === 'function' || (typeof value === 'object' && value !== null && ('_jsonata_lambda' in value || '_jsonata_function' in value));

export function plain(value: unknown): unknown {
  if (isFunction(value)) return 'a function';
  // The library pushes `undefined` into an empty array that an object constructor is applied to.
  if (Array.isArray(value)) return value.length === 1 && value[0] === undefined ? [] : Array.from(value, plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

/** Evaluates with the library, on copies; `disturbed` where it changed them. */
export async function byLibrary(text: string, input: unknown, bindings: Bindings = {}): Promise<Outcome & { disturbed: boolean }> {
  const copies = structuredClone({ input, bindings });
  const disturbed = (): boolean => JSON.stringify(copies) !== JSON.stringify({ input, bindings });
  try {
    const value = plain(await jsonata(text, { timeout: 5_000 } as never).evaluate(copies.input, copies.bindings));
    return { value, disturbed: disturbed() };
  } catch (error) {
    return { code: codeOf(error), disturbed: disturbed() };
  }
}

export async function byUs(text: string, input: unknown, bindings: Bindings = {}, options: Options = {}): Promise<Outcome & { disturbed: false }> {
  try {
    const expression = compileJsonata(text, options);
    const value = expression.evaluate(input, bindings);
    return { value: plain(expression.path === 'library' ? await value : value), disturbed: false };
  } catch (error) {
    return { code: codeOf(error), disturbed: false };
  }
}
