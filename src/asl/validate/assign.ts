import { member, type Place } from './report.ts';
import { isObject, own, type JsonObject, type QueryLanguage, type StateCheck } from './state-check.ts';

const LONGEST_NAME = 80;
/** ASL: Unicode identifiers (UAX #31). */
const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/** A key of Assign without the `.$` that marks a dynamic value in JSONPath. */
const variableName = (key: string, language: QueryLanguage): string => (language === 'JSONPath' && key.endsWith('.$') ? key.slice(0, -2) : key);

/** Checks the variable names of one Assign. */
export function checkAssign(check: StateCheck, object: JsonObject, owner: Place): void {
  const assign = own(object, 'Assign');
  if (!isObject(assign)) return;
  const place = member(owner, 'Assign');
  for (const key of Object.keys(assign)) {
    const name = variableName(key, check.language);
    const at = member(place, key);
    const seenAt = member(place, name);
    if (name === 'states') {
      check.report.add('RESERVED_VARIABLE_NAME', "Cannot assign to reserved variable '$states'.", at, { seenAt, atKey: true });
    } else if (!IDENTIFIER.test(name)) {
      check.report.add('INVALID_VARIABLE_NAME', `Invalid variable name '${name}': the variable name contains invalid characters.`, at,
        { seenAt, atKey: true, hint: 'A name begins with a letter or _ and goes on with letters, digits and _.' });
    } else if ([...name].length > LONGEST_NAME) {
      check.report.add('INVALID_VARIABLE_NAME', `Invalid variable name '${name}': the variable name exceeds the ${String(LONGEST_NAME)}-character limit.`, at, { seenAt, atKey: true });
    } else if (check.outerVariables.has(name)) {
      check.report.add('INVALID_VARIABLE_NAME', `Invalid variable name '${name}': the variable is assigned in an outer scope.`, at,
        { seenAt, atKey: true, hint: 'A branch or an iteration may read variables of the scopes around it, not assign them; use another name.' });
    }
  }
}

/** Every name that the states of one body assign, in rules and catchers too; bodies within it not included. */
export function assignedNames(states: JsonObject, machine: QueryLanguage, languageOf: (state: JsonObject, machine: QueryLanguage) => QueryLanguage): Set<string> {
  const names = new Set<string>();
  for (const state of Object.values(states)) {
    if (!isObject(state)) continue;
    const language = languageOf(state, machine);
    const owners = [state, ...list(state, 'Choices'), ...list(state, 'Catch')];
    for (const owner of owners) {
      const assign = isObject(owner) ? own(owner, 'Assign') : undefined;
      if (isObject(assign)) for (const key of Object.keys(assign)) names.add(variableName(key, language));
    }
  }
  return names;
}

function list(state: JsonObject, field: string): readonly unknown[] {
  const value = own(state, field);
  return Array.isArray(value) ? value : [];
}
