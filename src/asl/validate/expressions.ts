import type { Json } from '../types.ts';
import { item, member, type Place } from './report.ts';
import { isObject, type StateCheck } from './state-check.ts';

/** What `$states` offers beside input and context. */
export type Reads = 'input' | 'result' | 'errorOutput';

/** Arrays of column names, which AWS does not read as expressions. */
const LITERAL_KEYS: ReadonlySet<string> = new Set(['CSVHeaders']);

/** Checks every JSONata string in a field. A string is an expression when it begins with `{%` and ends with `%}`, and is text otherwise. */
export function checkExpressions(check: StateCheck, field: Json, place: Place, reads: Reads): void {
  if (typeof field === 'string') {
    checkExpression(check, field, place, reads);
  } else if (Array.isArray(field)) {
    field.forEach((element, index) => (typeof element === 'string' || typeof element === 'object') && checkExpressions(check, element, item(place, index), reads));
  } else if (isObject(field)) {
    for (const [key, value] of Object.entries(field)) {
      if (typeof value === 'string' ? value.startsWith('{%') : typeof value === 'object' && value !== null && !LITERAL_KEYS.has(key)) {
        checkExpressions(check, value, member(place, key), reads);
      }
    }
  }
}

function checkExpression(check: StateCheck, text: string, place: Place, reads: Reads): void {
  if (!text.startsWith('{%')) return;
  const { report } = check;
  if (!text.endsWith('%}') || text.length < 4) {
    report.schema('JSONata string must start with {% and end with %}', place);
    return;
  }
  const parsed = check.syntax.expression(text.slice(2, -2));
  if ('fault' in parsed) {
    report.add('INVALID_JSONATA_EXPRESSION', parsed.fault, place, parsed.position === undefined ? {} : { hint: `At character ${String(parsed.position)} of the expression.` });
    return;
  }
  const { topLevel, root, states } = parsed.references;
  for (const name of topLevel) {
    report.add('UNSUPPORTED_JSONATA_EXPRESSION', `Reference to '${name}' at the top level is not supported.`, place, {
      hint: /^\w/.test(name) ? `Write $states.input.${name} for the input, or $${name} for a variable.` : 'The input is $states.input.',
    });
  }
  if (root) report.add('UNSUPPORTED_JSONATA_EXPRESSION', "Reference to '$$' is not supported.", place, { hint: 'The input is $states.input.' });
  for (const name of states) {
    if ((name === 'result' || name === 'errorOutput') && name !== reads) {
      report.add('UNSUPPORTED_JSONATA_EXPRESSION', `Field '$states.${name}' does not exist.`, place, {
        hint: name === 'result' ? 'Only Output and Assign of a Task, Parallel or Map state have a result.' : 'Only Output and Assign of a Catch have it.',
      });
    }
  }
}
