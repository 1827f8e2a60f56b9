import { isContainer } from '../numbers/json-number.ts';
import { javaDouble } from '../numbers/number-text.ts';

/**
 * A value as Java's String.valueOf prints what Jackson makes of it, which is how States.Format prints: strings as they are,
 * `{a=1, b=[x, null]}` for containers. Numbers are written as Java writes an integer or a double.
 */
export function javaText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return javaNumber(value);
  if (!isContainer(value)) return String(value); // a JsonNumber's text among them
  if (Array.isArray(value)) return `[${(value as unknown[]).map(javaText).join(', ')}]`;
  const members = Object.keys(value).map((key) => `${key}=${javaText((value as Record<string, unknown>)[key])}`);
  return `{${members.join(', ')}}`;
}

/** Past this, whole numbers are taken for doubles: nothing tells an integer from `1e19` once it is parsed. */
const LONG_LIMIT = 2 ** 63;

export function javaNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < LONG_LIMIT ? BigInt(value).toString() : javaDouble(value);
}
