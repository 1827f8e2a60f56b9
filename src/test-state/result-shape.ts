/*
 * Shapes of what AWS services answer, as far as TestState compares mocked results with them. Names are those that Step
 * Functions gives to members: with a capital letter. Members that a shape does not name are not looked at.
 */
export type Shape =
  | { readonly kind: 'string'; readonly values?: readonly string[] }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'map'; readonly of: Shape }
  | { readonly kind: 'structure'; readonly members: Readonly<Record<string, Shape>>; readonly required: readonly string[] }
  | { readonly kind: 'any' };

export const string: Shape = { kind: 'string' };
export const number: Shape = { kind: 'number' };
export const boolean: Shape = { kind: 'boolean' };
export const any: Shape = { kind: 'any' };
export const oneOf = (...values: string[]): Shape => ({ kind: 'string', values });
export const within = (min: number, max = Infinity): Shape => ({ kind: 'number', min, max });
export const list = (of: Shape): Shape => ({ kind: 'list', of });
export const map = (of: Shape): Shape => ({ kind: 'map', of });
export const structure = (members: Readonly<Record<string, Shape>>, ...required: string[]): Shape => ({ kind: 'structure', members, required });
/** Members of text, which timestamps and blobs are too in a JSON result. */
export const strings = (...names: string[]): Record<string, Shape> => Object.fromEntries(names.map((name) => [name, string]));
export const numbers = (...names: string[]): Record<string, Shape> => Object.fromEntries(names.map((name) => [name, number]));
export const booleans = (...names: string[]): Record<string, Shape> => Object.fromEntries(names.map((name) => [name, boolean]));

/** What is wrong with a value, in AWS's words after "Mock result schema validation error: "; undefined when nothing is. */
export function shapeFault(value: unknown, shape: Shape, field: string, strict: boolean): string | undefined {
  switch (shape.kind) {
    case 'any':
      return undefined;
    case 'string':
      if (typeof value !== 'string') return `Field '${field}' must be a string`;
      return shape.values === undefined || shape.values.includes(value) ? undefined : `Field '${field}' is not an expected value`;
    case 'number':
      if (typeof value !== 'number') return `Field '${field}' must be a number`;
      if (shape.min !== undefined && value < shape.min) return `Field '${field}' is less than the minimum value`;
      return shape.max !== undefined && value > shape.max ? `Field '${field}' exceeds the maximum value` : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `Field '${field}' must be a boolean`;
    case 'list':
      return Array.isArray(value) ? firstFault(value, (item) => shapeFault(item, shape.of, field, strict)) : `Field '${field}' must be an array`;
    default:
      return value === null || typeof value !== 'object' || Array.isArray(value) ? `Field '${field}' must be an object` : objectFault(value as Record<string, unknown>, shape, field, strict);
  }
}

function objectFault(value: Readonly<Record<string, unknown>>, shape: Shape & { kind: 'map' | 'structure' }, field: string, strict: boolean): string | undefined {
  if (shape.kind === 'map') return firstFault(Object.values(value), (item) => shapeFault(item, shape.of, field, strict));
  const missing = strict ? shape.required.find((name) => !Object.hasOwn(value, name)) : undefined;
  if (missing !== undefined) return `Required field '${missing}' is missing`;
  return firstFault(Object.keys(value), (name) => (Object.hasOwn(shape.members, name) ? shapeFault(value[name], shape.members[name]!, name, strict) : undefined));
}

function firstFault<T>(items: readonly T[], check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const fault = check(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
