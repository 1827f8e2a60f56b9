import { isContainer } from '../asl/numbers/json-number.ts';
import { memberOf, type PatternFault, type Report } from './fault.ts';
import { checkNumber } from './operators/numeric.ts';
import { isOperator, OPERATORS } from './operators/table.ts';
import { checkPaths } from './paths.ts';
import { OR } from './tree.ts';

/** Deeper than this a pattern is refused: compiling it and matching with it take stack for every level. */
export const DEEPEST = 100;

/** As many ways of choosing one branch of each $or as EventBridge takes. */
export const MOST_COMBINATIONS = 1000;

/** Names that EventBridge keeps for itself in branches of $or, besides those of its match expressions. */
const RESERVED = new Set(['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case', 'date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range', 'ip-address-in-range', 'ip-address-not-in-range']);

export interface PatternRules {
  /** strict: refuses numbers beyond what EventBridge documents that it compares. */
  readonly compatibility?: 'strict' | 'extended';
}

/** All mistakes of an event pattern; none means that compilePattern takes it. */
export function checkPattern(pattern: unknown, rules: PatternRules = {}): readonly PatternFault[] {
  const faults: PatternFault[] = [];
  const report: Report = (pointer, message, hint) => faults.push({ pointer, message, ...(hint === undefined ? {} : { hint }) });
  const walk = { report, strict: rules.compatibility === 'strict' };
  if (isContainer(pattern) && !Array.isArray(pattern)) checkObject(pattern, '', { ...walk, depth: 1, inGroup: false });
  else report('', 'Filter is not an object', 'A pattern is an object of the fields to look at, each with a list of what it may be.');
  if (faults.length > 0) return faults;
  const combinations = countCombinations(pattern as object);
  if (combinations > MOST_COMBINATIONS) report('', `The pattern has more than ${MOST_COMBINATIONS} rule combinations`, 'The lengths of all $or lists multiply.');
  else checkPaths(pattern as object, report);
  return faults;
}

interface Walk {
  readonly report: Report;
  readonly strict: boolean;
  readonly depth: number;
  /** Within a branch of $or, at any depth. */
  readonly inGroup: boolean;
}

function checkObject(object: object, pointer: string, walk: Walk): void {
  const { report, depth, inGroup } = walk;
  if (depth > DEEPEST) {
    report(pointer, `The pattern nests deeper than ${DEEPEST} levels`);
    return;
  }
  const entries = Object.entries(object) as [string, unknown][];
  if (entries.length === 0) report(pointer, 'Empty objects are not allowed');
  for (const [key, value] of entries) {
    const at = memberOf(pointer, key);
    if (key === OR) checkGroup(value, at, walk);
    else if (inGroup && (isOperator(key) || RESERVED.has(key))) report(at, `${key} is Ruler reserved fieldName which cannot be used inside ${OR}.`, `A branch of ${OR} names fields: {"field": [{"${key}": …}]}.`);
    else if (Array.isArray(value)) checkAlternatives(value, at, walk);
    else if (isContainer(value)) checkObject(value, at, { ...walk, depth: depth + 1 });
    else report(at, `"${key}" must be an object or an array`, isOperator(key) ? `A match expression stands in the list of its field: [{"${key}": ${JSON.stringify(value)}}].` : `What a field may be is a list: [${JSON.stringify(value)}].`);
  }
}

function checkGroup(branches: unknown, pointer: string, walk: Walk): void {
  if (!Array.isArray(branches)) {
    walk.report(pointer, `It must be an Array followed with ${OR}.`, `${OR} takes a list of patterns, of which one must match.`);
    return;
  }
  if (branches.length < 2) walk.report(pointer, `There must have at least 2 Objects in ${OR} relationship.`);
  for (const [index, branch] of branches.entries()) {
    const at = memberOf(pointer, index);
    if (isContainer(branch) && !Array.isArray(branch)) checkObject(branch, at, { ...walk, depth: walk.depth + 1, inGroup: true });
    else walk.report(at, `Only JSON object is allowed in array of ${OR} relationship.`);
  }
}

function checkAlternatives(alternatives: readonly unknown[], pointer: string, { report, strict }: Walk): void {
  if (alternatives.length === 0) report(pointer, 'Empty arrays are not allowed', 'To ask for a field that is not there: [{"exists": false}].');
  for (const [index, alternative] of alternatives.entries()) {
    const at = memberOf(pointer, index);
    if (typeof alternative === 'number') checkNumber(alternative, at, report, false);
    else if (isContainer(alternative) && !Array.isArray(alternative)) checkExpression(alternative, at, report, strict);
    else if (Array.isArray(alternative) || alternative === undefined) report(at, 'Match value must be String, number, true, false, or null');
  }
}

function checkExpression(expression: object, pointer: string, report: Report, strict: boolean): void {
  const [name, ...more] = Object.keys(expression);
  if (name === undefined) {
    report(pointer, 'Match expression name not found');
    return;
  }
  if (!isOperator(name)) {
    report(memberOf(pointer, name), `Unrecognized match type ${name}`, `The match types are ${Object.keys(OPERATORS).join(', ')}.`);
    return;
  }
  (OPERATORS[name] as (typeof OPERATORS)[string]).check((expression as Record<string, unknown>)[name], memberOf(pointer, name), report, strict);
  const message = name === 'numeric' || name === 'anything-but' ? 'Too many elements in numeric expression' : 'Only one key allowed in match expression';
  for (const extra of more) report(memberOf(pointer, extra), message, 'Give each match type an object of its own; they are alternatives.');
}

/** The product of the lengths of all $or lists, as EventBridge counts; stops counting above the limit. */
function countCombinations(object: object): number {
  let product = 1;
  for (const [key, value] of Object.entries(object) as [string, object][]) {
    if (key === OR) product *= (value as object[]).length;
    for (const inner of key === OR ? (value as object[]) : Array.isArray(value) ? [] : [value]) product *= countCombinations(inner);
    if (product > MOST_COMBINATIONS) break;
  }
  return product;
}
