import type { Diagnostic } from '../../errors.ts';
import { parseSource, type Source } from '../source.ts';
import type { Json, StateType } from '../types.ts';
import { assignedNames } from './assign.ts';
import { languageOf } from './language.ts';
import { jsonDepth, nestedBodies } from './nesting.ts';
import { createReport, item, member, ROOT, type DefinitionDiagnostic, type Place, type Report } from './report.ts';
import { STATE_TYPES } from './schema.ts';
import { isObject, own, type Checking, type JsonObject, type QueryLanguage } from './state-check.ts';
import { checkState } from './state.ts';
import { checkStructure } from './structure.ts';
import { createSyntax } from './syntax.ts';
import { checkTransitions } from './transitions.ts';

export interface ValidateOptions {
  /** Named in the diagnostics. */
  readonly file?: string;
  /** EXPRESS unless told otherwise: that is what runs here. */
  readonly type?: 'EXPRESS' | 'STANDARD';
  /** `strict` refuses what AWS refuses; `extended`, the default, allows what Millrace adds. */
  readonly compatibility?: 'strict' | 'extended';
  /** Says whether somebody offers a Task resource. */
  readonly taskResources?: (resource: string) => boolean;
}

/** As on AWS. */
export const MAX_DEFINITION_BYTES = 1_048_576;
/** Parallel branches and Map bodies inside each other. Compiler and run loop recurse per level, so deeper machines are refused. */
export const MAX_NESTING = 100;
/** Objects and arrays inside each other, wherever in the definition. */
const MAX_JSON_DEPTH = 1000;
const LONGEST_NAME = 80;
const TYPES: ReadonlySet<string> = new Set(STATE_TYPES);

/**
 * Says everything that is wrong with a definition, given as JSON text or as a value. Empty: it can be compiled. Warnings do
 * not keep it from running. Never throws; with text the diagnostics carry line and column. ASL specification; codes and
 * wording are AWS's where AWS has them.
 */
export function validateDefinition(definition: string | Json, options: ValidateOptions = {}): Diagnostic[] {
  const { file } = options;
  if (typeof definition !== 'string') return finish(checkValue(definition, options), undefined, file);
  const bytes = definition.length > MAX_DEFINITION_BYTES ? definition.length : new TextEncoder().encode(definition).byteLength;
  if (bytes > MAX_DEFINITION_BYTES) {
    const report = createReport();
    report.add('DEFINITION_TOO_LONG', `The definition is longer than ${String(MAX_DEFINITION_BYTES)} bytes.`, ROOT, { hint: 'Move parts of it into machines of their own.' });
    return finish(report, undefined, file);
  }
  const source = parseSource(definition, file);
  if (source.value === undefined) return source.diagnostics;
  return [...source.diagnostics.map(duplicateState), ...finish(checkValue(source.value, options), source, file)];
}

function checkValue(definition: Json, options: ValidateOptions): Report {
  const report = createReport();
  const tooDeep = nestedBodies(definition, MAX_NESTING);
  if (tooDeep !== undefined) {
    report.add('TOO_DEEPLY_NESTED', `Parallel and Map states are nested more than ${String(MAX_NESTING)} levels deep.`, tooDeep, { hint: 'Move the inner levels into a machine of their own.' });
    return report;
  }
  if (jsonDepth(definition, MAX_JSON_DEPTH) > MAX_JSON_DEPTH) {
    report.add('TOO_DEEPLY_NESTED', `The definition nests objects and arrays more than ${String(MAX_JSON_DEPTH)} levels deep.`, ROOT);
    return report;
  }
  checkStructure(definition, report);
  if (!isObject(definition)) return report;
  const strict = options.compatibility === 'strict';
  if (strict && own(definition, '$schema') !== undefined) report.schema("Field '$schema' is not supported", member(ROOT, '$schema'), { seenAt: ROOT, atKey: true });
  const declared = own(definition, 'QueryLanguage');
  const machineLanguage: QueryLanguage = declared === undefined || declared === 'JSONPath' ? 'JSONPath' : 'JSONata';
  const checking: Checking = {
    report, syntax: createSyntax(), machineLanguage, strict, express: options.type !== 'STANDARD', taskResources: options.taskResources,
  };
  const bodies: { body: JsonObject; place: Place }[] = [];
  const names = new Map<string, Place>();
  const assigned = new Set<string>();
  checkBody(checking, definition, ROOT, new Set(), { bodies, names, labels: new Map(), assigned });
  for (const { body, place } of bodies) checkTransitions(body, place, place === ROOT, report);
  for (const [name, text] of checking.syntax.variables) {
    if (!assigned.has(name)) report.add('UNASSIGNED_VARIABLE', `Nothing assigns the variable '$${name}', which '${text}' reads.`, member(ROOT, 'States'), { severity: 'WARNING', atKey: true });
  }
  return report;
}

/** What is gathered over all bodies of a machine. */
interface Gathered {
  readonly bodies: { body: JsonObject; place: Place }[];
  readonly names: Map<string, Place>;
  readonly labels: Map<string, Place>;
  readonly assigned: Set<string>;
}

/** Checks the states of a body and of the bodies within; at most MAX_NESTING deep. */
function checkBody(checking: Checking, body: JsonObject, place: Place, outerVariables: ReadonlySet<string>, gathered: Gathered): void {
  const { report } = checking;
  gathered.bodies.push({ body, place });
  const states = own(body, 'States');
  if (!isObject(states)) return;
  const variables = assignedNames(states, checking.machineLanguage, languageOf);
  for (const name of variables) gathered.assigned.add(name);
  const inner: ReadonlySet<string> = variables.size === 0 ? outerVariables : new Set([...outerVariables, ...variables]);
  for (const [name, state] of Object.entries(states)) {
    const at = member(member(place, 'States'), name);
    const first = gathered.names.get(name);
    if (first !== undefined) report.add('DUPLICATE_STATE_NAME', `Duplicate State name: ${name}`, at, { atKey: true, hint: `Also at ${first.location}; names are unique in the whole machine.` });
    else gathered.names.set(name, at);
    if ([...name].length > LONGEST_NAME) report.add('INVALID_STATE_NAME', `State name '${name}' exceeds the ${String(LONGEST_NAME)}-character limit allowed by the service`, at, { atKey: true });
    if (!isObject(state)) continue;
    const type = own(state, 'Type');
    if (typeof type !== 'string' || !TYPES.has(type)) continue;
    checkState({ ...checking, name, type: type as StateType, definition: state, place: at, language: languageOf(state, checking.machineLanguage), outerVariables });
    const label = own(state, 'Label');
    if (type === 'Map' && typeof label === 'string') {
      if (gathered.labels.has(label)) report.add('DUPLICATE_LABEL_NAME', `Duplicate Label name: ${label}`, member(at, 'Label'));
      gathered.labels.set(label, at);
    }
    const branches = own(state, 'Branches');
    if (type === 'Parallel' && Array.isArray(branches)) {
      branches.forEach((branch, index) => isObject(branch) && checkBody(checking, branch, item(member(at, 'Branches'), index), inner, gathered));
    }
    for (const field of type === 'Map' ? ['ItemProcessor', 'Iterator'] : []) {
      const processor = own(state, field);
      if (isObject(processor)) checkBody(checking, processor, member(at, field), inner, gathered);
    }
  }
}

const STATE_POINTER = /^(?:\/States\/[^/]+\/(?:ItemProcessor|Iterator|Branches\/\d+))*\/States\/[^/]+$/;

/** A key that occurs twice among States is two states of one name. */
function duplicateState(diagnostic: Diagnostic): Diagnostic {
  if (diagnostic.code !== 'DUPLICATE_KEY' || !STATE_POINTER.test(diagnostic.pointer)) return diagnostic;
  const name = diagnostic.pointer.slice(diagnostic.pointer.lastIndexOf('/') + 1).replaceAll('~1', '/').replaceAll('~0', '~');
  return { ...diagnostic, code: 'DUPLICATE_STATE_NAME', severity: 'ERROR', message: `Duplicate State name: ${name}` };
}

function finish(report: Report, source: Source | undefined, file: string | undefined): DefinitionDiagnostic[] {
  return report.entries.map(({ diagnostic, atKey }) => {
    if (source === undefined) return file === undefined ? diagnostic : { ...diagnostic, file };
    const { line, column } = source.locate(diagnostic.pointer, atKey ? 'key' : 'value');
    return { ...diagnostic, line, column, ...(file === undefined ? {} : { file }) };
  });
}
