import type { Json } from '../types.ts';
import { parseTimestamp } from '../timestamp.ts';
import { checkAssign } from './assign.ts';
import { checkReference, checkTemplate } from './data-fields.ts';
import { checkExpressions } from './expressions.ts';
import { checkFields } from './language.ts';
import { item, member, type Place } from './report.ts';
import { OPERATORS } from './schema-parts.ts';
import { isObject, own, type JsonObject, type StateCheck } from './state-check.ts';

const SELECTORS: readonly string[] = ['And', 'Or', 'Not', 'Variable', 'Condition'];
const OPERATOR_NAMES: ReadonlySet<string> = new Set(OPERATORS);

/** Checks the rules of a Choice state. */
export function checkChoices(check: StateCheck): void {
  const rules = own(check.definition, 'Choices');
  if (!Array.isArray(rules)) return;
  rules.forEach((rule, index) => {
    if (!isObject(rule)) return;
    const place = item(member(check.place, 'Choices'), index);
    checkFields(check, rule, place, false);
    checkAssign(check, rule, place);
    if (check.language === 'JSONata') {
      if (own(rule, 'Condition') === undefined && !SELECTORS.some((field) => own(rule, field) !== undefined)) {
        check.report.schema('These fields are required: [Condition]', place, { atKey: true });
      }
      for (const field of ['Condition', 'Assign', 'Output']) {
        const value = own(rule, field);
        if (value !== undefined) checkExpressions(check, value, member(place, field), 'input');
      }
      const condition = own(rule, 'Condition');
      if (typeof condition === 'string' && !condition.startsWith('{%')) {
        check.report.schema('JSONata string must start with {% and end with %}', member(place, 'Condition'));
      }
      return;
    }
    if (own(rule, 'Condition') === undefined) checkRule(check, rule, place);
    const assign = own(rule, 'Assign');
    if (assign !== undefined) checkTemplate(check, assign, member(place, 'Assign'));
  });
}

/** One rule or nested rule: a selector, and with Variable exactly one comparison. */
function checkRule(check: StateCheck, rule: JsonObject, place: Place): void {
  const { report } = check;
  const selectors = SELECTORS.filter((field) => Object.hasOwn(rule, field));
  if (selectors.length !== 1) {
    report.schema(`The object must have only one of the following fields, [${SELECTORS.join(', ')}]`, place, { atKey: true });
  }
  const operators = Object.keys(rule).filter((field) => OPERATOR_NAMES.has(field));
  if (Object.hasOwn(rule, 'Variable')) {
    if (operators.length > 1) report.schema(`There should only be one of the following fields: [${operators.join(', ')}]`, place, { atKey: true });
    if (operators.length === 0) {
      report.schema(`This object should have only one of the following fields: [${OPERATORS.join(', ')}]`, place, { atKey: true, hint: 'A rule compares its Variable with one operator.' });
    }
    checkReference(check, own(rule, 'Variable'), member(place, 'Variable'), true);
  }
  for (const operator of operators) checkOperand(check, operator, rule[operator]!, member(place, operator));
  for (const field of ['And', 'Or']) {
    const rules = own(rule, field);
    if (Array.isArray(rules)) rules.forEach((nested, index) => isObject(nested) && checkRule(check, nested, item(member(place, field), index)));
  }
  const negated = own(rule, 'Not');
  if (isObject(negated)) checkRule(check, negated, member(place, 'Not'));
}

function checkOperand(check: StateCheck, operator: string, operand: Json, place: Place): void {
  if (operator.endsWith('Path')) checkReference(check, operand, place, true);
  else if (operator.startsWith('Timestamp') && typeof operand === 'string' && parseTimestamp(operand) === null) {
    check.report.schema('String does not match RFC3339 timestamp', place, { hint: 'As in 2030-01-31T12:00:00Z.' });
  }
}
