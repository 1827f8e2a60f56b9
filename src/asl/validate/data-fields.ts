import type { Json } from '../types.ts';
import { checkExpressions, type Reads } from './expressions.ts';
import { item, member, type Place } from './report.ts';
import { isObject, own, type JsonObject, type StateCheck } from './state-check.ts';

/** Fields that take a reference path; of a Map's numbers it is known that AWS does not let them read the context object. */
const REFERENCE_PATHS: readonly string[] = ['SecondsPath', 'TimestampPath', 'TimeoutSecondsPath', 'HeartbeatSecondsPath', 'ItemsPath'];
const INPUT_PATHS: readonly string[] = ['MaxConcurrencyPath', 'ToleratedFailureCountPath', 'ToleratedFailurePercentagePath'];
const TEMPLATES: readonly string[] = ['Parameters', 'ResultSelector', 'ItemSelector', 'Credentials', 'Assign'];
const LOOKS_DYNAMIC = /^(?:\$\$?[.[]|States\.[A-Z][A-Za-z0-9]*\()/;
const NUMBERS: readonly string[] = ['Seconds', 'TimeoutSeconds', 'HeartbeatSeconds', 'MaxConcurrency', 'ToleratedFailureCount', 'ToleratedFailurePercentage'];

/** Fields of a state that hold JSONata, with what `$states` offers beside input and context. */
const EXPRESSIONS: Readonly<Record<string, Reads>> = {
  Arguments: 'input', Credentials: 'input', Items: 'input', ItemSelector: 'input', Seconds: 'input', Timestamp: 'input', TimeoutSeconds: 'input',
  HeartbeatSeconds: 'input', MaxConcurrency: 'input', ToleratedFailureCount: 'input', ToleratedFailurePercentage: 'input', Error: 'input', Cause: 'input',
  ItemReader: 'input', ItemBatcher: 'input', ResultWriter: 'input', Output: 'result', Assign: 'result',
};

/** Checks the data fields of a state in the state's own language. */
export function checkDataFields(check: StateCheck): void {
  if (check.language === 'JSONata') {
    const result: Reads = check.type === 'Task' || check.type === 'Parallel' || check.type === 'Map' ? 'result' : 'input';
    for (const field of Object.keys(check.definition)) {
      const reads = Object.hasOwn(EXPRESSIONS, field) ? EXPRESSIONS[field] : undefined;
      if (reads !== undefined) checkExpressions(check, check.definition[field]!, member(check.place, field), reads === 'result' ? result : reads);
    }
    for (const field of NUMBERS) {
      const value = own(check.definition, field);
      if (typeof value === 'string' && !value.startsWith('{%')) {
        check.report.schema('JSONata string must start with {% and end with %}', member(check.place, field), { hint: 'Write a number, or an expression between {% and %}.' });
      }
    }
    return;
  }
  const { definition, place, report } = check;
  for (const field of ['InputPath', 'OutputPath']) checkPath(check, own(definition, field), member(place, field));
  for (const field of REFERENCE_PATHS) checkReference(check, own(definition, field), member(place, field), true);
  for (const field of INPUT_PATHS) checkReference(check, own(definition, field), member(place, field), false);
  checkResultPath(check, own(definition, 'ResultPath'), member(place, 'ResultPath'));
  for (const field of ['ErrorPath', 'CausePath']) {
    const value = own(definition, field);
    if (typeof value === 'string' && value.startsWith('States.')) {
      const fault = check.syntax.intrinsic(value);
      if (fault !== undefined) report.schema('Value must be a valid JSONPath or a valid intrinsic function call', member(place, field), { hint: fault });
    } else {
      checkPath(check, value, member(place, field));
    }
  }
  for (const field of TEMPLATES) {
    const value = own(definition, field);
    if (value !== undefined) checkTemplate(check, value, member(place, field));
  }
  for (const field of ['ItemReader', 'ItemBatcher', 'ResultWriter']) {
    const part = own(definition, field);
    if (!isObject(part)) continue;
    for (const inner of ['Parameters', 'BatchInput']) {
      const value = own(part, inner);
      if (value !== undefined) checkTemplate(check, value, member(member(place, field), inner));
    }
  }
  for (const field of ['Error', 'Cause']) {
    const value = own(definition, field);
    if (typeof value === 'string' && LOOKS_DYNAMIC.test(value)) {
      report.add('NO_PATH', `The value of '${field}' looks like a path, but is taken literally.`, member(place, field), { severity: 'WARNING', hint: `${field}Path takes paths.` });
    }
  }
  for (const field of NUMBERS) {
    if (typeof own(definition, field) === 'string') {
      report.schema(`Expected value of type ${field === 'ToleratedFailurePercentage' ? 'Number' : 'Integer'}`, member(place, field), { hint: `Text is for JSONata states; JSONPath has ${field}Path.` });
    }
  }
}

export function checkPath(check: StateCheck, value: Json | undefined, place: Place): void {
  if (typeof value !== 'string') return;
  const fault = check.syntax.path(value);
  if (fault !== undefined) check.report.schema('Value must be a valid JSONPath.', place, { hint: fault });
}

/** A reference path names one place: no wildcard, filter, slice, union or descent. */
export function checkReference(check: StateCheck, value: Json | undefined, place: Place, contextToo: boolean): void {
  if (typeof value !== 'string') return;
  if (!value.startsWith('$')) {
    check.report.schema("Value is not a Reference Path: Reference path didn't start with '$'", place);
  } else if (value.startsWith('$$') && !contextToo) {
    check.report.schema('Value is not a Reference Path', place, { hint: 'The context object cannot be read here; take the value into the input or a variable first.' });
  } else {
    const fault = check.syntax.reference(value);
    if (fault !== undefined) check.report.schema('Value is not a Reference Path', place, { hint: fault });
  }
}

/** ResultPath is written to: below `$` only, never into the context object or a variable. */
export function checkResultPath(check: StateCheck, value: Json | undefined, place: Place): void {
  if (typeof value !== 'string') return;
  if (/^\$[^.[]/.test(value)) {
    check.report.schema('Value is not a Reference Path', place, { hint: value.startsWith('$$') ? 'The context object cannot be written.' : 'Variables are written by Assign.' });
    return;
  }
  if (value.startsWith('$') && check.syntax.reference(value) === undefined) {
    const fault = check.syntax.writable(value);
    if (fault !== undefined) check.report.schema('Value is not a Reference Path', place, { hint: fault });
    return;
  }
  checkReference(check, value, place, false);
}

/** Payload templates: what a key that ends in `.$` holds must be a path or an intrinsic call. AWS names the field, not the place within. */
export function checkTemplate(check: StateCheck, template: Json, field: Place): void {
  const visit = (value: Json, place: Place): void => {
    if (Array.isArray(value)) {
      value.forEach((element, index) => typeof element === 'object' && element !== null && visit(element, item(place, index)));
    } else if (isObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (key.endsWith('.$')) checkDynamic(check, key, inner, value, member(place, key), field);
        else if (typeof inner === 'object' && inner !== null) visit(inner, member(place, key));
        else if (typeof inner === 'string' && LOOKS_DYNAMIC.test(inner)) {
          check.report.add('NO_DOLLAR', `The value of '${key}' looks like a path or an intrinsic function call, but is taken literally.`, member(place, key), { severity: 'WARNING', hint: `Name the key '${key}.$' to have it evaluated.` });
        }
      }
    }
  };
  visit(template, field);
}

function checkDynamic(check: StateCheck, key: string, value: Json, owner: JsonObject, place: Place, field: Place): void {
  if (Object.hasOwn(owner, key.slice(0, -2))) {
    check.report.add('DUPLICATE_TEMPLATE_KEY', `'${key.slice(0, -2)}' and '${key}' name the same field of the result; only one of them can count.`, place, { atKey: true, severity: 'WARNING' });
  }
  const message = `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`;
  if (typeof value !== 'string') {
    check.report.schema(message, place, { seenAt: field, hint: 'Without .$ the value is taken literally.' });
    return;
  }
  const fault = value.startsWith('$') ? check.syntax.path(value) : check.syntax.intrinsic(value);
  if (fault !== undefined) check.report.schema(message, place, { seenAt: field, hint: fault });
}
