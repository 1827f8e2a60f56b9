import { spend } from './limits.ts';
import { SEQUENCE, tagInside } from './values.ts';

/** A field of an object; undefined for whatever is no object. Inherited properties are none. */
export function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const field = (value as Record<string, unknown>)[key];
  // Data inherits from Object.prototype alone, where everything but __proto__ is a function: only those need a second look.
  return (typeof field !== 'function' && key !== '__proto__') || Object.hasOwn(value, key) ? field : undefined;
}

/** A name of a value: of an object its field, of an array the sequence of what its items have. */
export function lookUp(value: unknown, key: string): unknown {
  if (!Array.isArray(value)) return own(value, key);
  const found: unknown[] = [];
  collect(value, key, found);
  if (found.length > 1) return tagInside(found, SEQUENCE);
  return found.length === 0 ? undefined : found[0];
}

/** The same for an array, before it is settled: `$lookup` answers it as it is. */
export function collect(items: unknown[], key: string, found: unknown[]): void {
  spend(items.length);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (Array.isArray(item)) {
      collect(item, key, found);
      continue;
    }
    const field = own(item, key);
    if (field === undefined) continue;
    if (Array.isArray(field)) for (const value of field) found.push(value);
    else found.push(field);
  }
}
