import { isJsonNumber } from '../asl/numbers/json-number.ts';
import { MillraceError, type Diagnostic } from '../errors.ts';
import { checkPattern } from './check.ts';
import { compileObject, isObject } from './fields.ts';
import { readTree } from './tree.ts';

/** Whether a value matches: JSON as it was parsed, with a JsonNumber wherever parseJson makes one. */
export type EventPattern = (value: unknown) => boolean;

/**
 * Compiles an event pattern, in the language of Amazon EventBridge, to closures. What is no object matches no pattern.
 * @throws MillraceError INVALID_CONFIG with a diagnostic for every mistake that checkPattern finds
 */
export function compilePattern(pattern: unknown): EventPattern {
  const faults = checkPattern(pattern);
  const [first] = faults;
  if (first !== undefined) {
    const place = first.pointer === '' ? '' : ` at ${first.pointer}`;
    const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
    throw new MillraceError('INVALID_CONFIG', `Event pattern is not valid${place}. Reason: ${first.message}${more}`, {
      diagnostics: faults.map((fault): Diagnostic => Object.assign({ code: 'INVALID_PATTERN', severity: 'ERROR' as const }, fault)),
    });
  }
  const test = compileObject(readTree(pattern as object));
  return (value) => isObject(value) && test(value) && !isJsonNumber(value);
}
