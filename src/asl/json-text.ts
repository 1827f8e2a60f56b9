import { isJsonNumber, numbersMet } from './numbers/json-number.ts';

/**
 * Data as JSON text, of any depth: JSON.parse reads what nests a hundred thousand levels deep, while JSON.stringify ends at
 * the stack's end. What JSON cannot say (undefined, a function) is null at the root, as on AWS.
 */
export function jsonText(value: unknown): string {
  try {
    return printJson(value) ?? 'null';
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return writtenText(value);
  }
}

/**
 * JSON.stringify, except that a JsonNumber is printed as its text. Data without any, as most are, cost no more.
 *
 * @throws as JSON.stringify does
 */
export function printJson(value: unknown): string | undefined {
  const before = numbersMet();
  const text = JSON.stringify(value) as string | undefined;
  return numbersMet() === before ? text : writtenText(value);
}

/** A container being written: what is left of it, and whether something of it was written. */
interface Open {
  readonly keys: readonly string[] | null;
  readonly values: readonly unknown[];
  at: number;
  begun: boolean;
}

/** With a stack of its own; scalars and keys are left to JSON.stringify. */
function writtenText(root: unknown): string {
  const parts: string[] = [];
  const stack: Open[] = [];
  const write = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) {
      parts.push(JSON.stringify(value) ?? 'null');
      return;
    }
    if (isJsonNumber(value)) {
      parts.push(value.toString());
      return;
    }
    const keys = Array.isArray(value) ? null : Object.keys(value);
    parts.push(keys === null ? '[' : '{');
    stack.push({ keys, values: keys === null ? (value as unknown[]) : Object.values(value), at: 0, begun: false });
  };
  write(root);
  for (let open = stack.at(-1); open !== undefined; open = stack.at(-1)) {
    if (open.at === open.values.length) {
      parts.push(open.keys === null ? ']' : '}');
      stack.pop();
      continue;
    }
    const at = open.at++;
    const value = open.values[at];
    // JSON leaves such members out of objects.
    if (open.keys !== null && (value === undefined || typeof value === 'function' || typeof value === 'symbol')) continue;
    if (open.begun) parts.push(',');
    open.begun = true;
    if (open.keys !== null) parts.push(JSON.stringify(open.keys[at]), ':');
    write(value);
  }
  return parts.join('');
}
