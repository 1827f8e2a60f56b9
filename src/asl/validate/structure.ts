import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Json } from '../types.ts';
import { item, member, ROOT, type Place, type Report } from './report.ts';
import { STATE_TYPES } from './schema.ts';
import { isObject, own } from './state-check.ts';
import { checkMachine, checkState } from './structure-validators.ts';
import { didYouMean } from './suggest.ts';

/** Of ASL_SCHEMA, which ajv has compiled beforehand (docs/generate.mjs): loading ajv and compiling took a third of the time that a server needed to start. */
const machine = checkMachine as unknown as ValidateFunction;
const state = checkState as unknown as ValidateFunction;

/**
 * Checks the structure and says what is wrong in AWS's words. Each state is given to ajv alone, with the bodies inside it
 * emptied and visited on their own: over a whole machine ajv's gathering of errors takes time with the square of their number.
 */
export function checkStructure(definition: Json, report: Report): void {
  run(machine, emptied(definition), '', definition, report);
  // Bodies still to visit, the next one last.
  const bodies: { body: Json; pointer: string }[] = [{ body: definition, pointer: '' }];
  for (let next = bodies.pop(); next !== undefined && !report.isFull; next = bodies.pop()) {
    const states = isObject(next.body) ? own(next.body, 'States') : undefined;
    if (!isObject(states)) continue;
    for (const [name, value] of Object.entries(states)) {
      const pointer = `${next.pointer}/States/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      run(state, withoutBodies(value, pointer, bodies), pointer, definition, report);
      if (report.isFull) return;
    }
  }
}

const emptied = (body: Json): Json => (isObject(body) && isObject(own(body, 'States')) ? { ...body, States: {} } : body);

/** The state with its inner bodies emptied; what was taken out is added to `bodies`. */
function withoutBodies(state: Json, pointer: string, bodies: { body: Json; pointer: string }[]): Json {
  if (!isObject(state)) return state;
  let copy: { [key: string]: Json } | undefined;
  const branches = own(state, 'Branches');
  if (Array.isArray(branches)) {
    branches.forEach((body, index) => bodies.push({ body, pointer: `${pointer}/Branches/${String(index)}` }));
    copy = { ...state, Branches: branches.map(emptied) };
  }
  for (const field of ['ItemProcessor', 'Iterator']) {
    const body = own(state, field);
    if (body === undefined) continue;
    bodies.push({ body, pointer: `${pointer}/${field}` });
    copy = { ...(copy ?? state), [field]: emptied(body) };
  }
  return copy ?? state;
}

function run(validate: ValidateFunction, value: Json, pointer: string, definition: Json, report: Report): void {
  if (validate(value)) return;
  const errors = validate.errors ?? [];
  validate.errors = null;
  const missing = new Map<string, string[]>();
  for (const error of errors) {
    if (error.keyword !== 'required' || inGroup(error)) continue;
    const fields = missing.get(error.instancePath) ?? [];
    fields.push(String(error.params['missingProperty']));
    missing.set(error.instancePath, fields);
  }
  for (const error of errors) {
    if (report.isFull) return;
    if (inGroup(error)) continue;
    const place = placeOf(definition, pointer + error.instancePath);
    if (error.keyword === 'required') {
      const fields = missing.get(error.instancePath);
      if (fields === undefined) continue;
      missing.delete(error.instancePath);
      report.schema(`These fields are required: [${fields.join(', ')}]`, place, { atKey: true });
    } else {
      translate(error, place, report);
    }
  }
}

/** True of a branch of "exactly one of these fields"; the oneOf above it says all there is to say. */
const inGroup = (error: ErrorObject): boolean => /\/oneOf\/\d+\//.test(error.schemaPath);

const TYPE_NAMES: Record<string, string> = { string: 'String', integer: 'Integer', number: 'Number', boolean: 'Boolean', object: 'Object', array: 'Array', null: 'null' };

function translate(error: ErrorObject, place: Place, report: Report): void {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = String(params['additionalProperty']);
      const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
      report.schema(`Field '${field}' is not supported`, member(place, field), { seenAt: place, hint: fieldHint(field, known, error.data), atKey: true });
      return;
    }
    case 'discriminator':
      if (params['error'] === 'mapping') {
        report.schema(`The field 'Type' should have one of these values: [${STATE_TYPES.join(', ')}]`, member(place, 'Type'), { hint: didYouMean(String(params['tagValue']), STATE_TYPES) });
      } else if (params['tagValue'] !== undefined) {
        report.schema('Expected value of type String', member(place, 'Type'));
      }
      return;
    case 'oneOf': {
      const fields = (error.schema as { required: string[] }[]).map((branch) => branch.required[0]!);
      const several = params['passingSchemas'] !== null && params['passingSchemas'] !== undefined;
      report.schema(`${several ? 'There should only be one' : 'This object should have only one'} of the following fields: [${fields.join(', ')}]`, place, { atKey: true });
      return;
    }
    case 'enum':
      report.schema(`Value should be one of the following: [${(params['allowedValues'] as unknown[]).join(', ')}]`, place,
        { hint: typeof error.data === 'string' ? didYouMean(error.data, params['allowedValues'] as string[]) : undefined });
      return;
    case 'type': {
      const types = ([] as string[]).concat(params['type'] as string | string[]);
      // A number may be written as a JSONata string; the literal's type is what people look for.
      report.schema(`Expected value of type ${TYPE_NAMES[types[0]!] ?? types[0]!}`, place, types.includes('null') ? { hint: 'null is allowed too.' } : {});
      return;
    }
    case 'minimum':
    case 'maximum': {
      const limit = Number(params['limit']);
      const isInteger = JSON.stringify(error.parentSchema?.['type'] ?? '').includes('integer');
      report.schema(`${error.keyword === 'minimum' ? 'Minimum' : 'Maximum'} value is ${isInteger ? String(limit) : limit.toFixed(1)}`, place);
      return;
    }
    case 'minItems':
      report.schema('Value cannot be empty', place);
      return;
    default:
      report.schema(error.message ?? error.keyword, place);
  }
}

function fieldHint(field: string, known: readonly string[], owner: unknown): string {
  const near = didYouMean(field, known);
  if (near !== undefined) return near;
  if (field.startsWith('_') || field.startsWith('//') || field.startsWith('#')) return 'Notes go into the field "Comment".';
  const type = typeof owner === 'object' && owner !== null && Object.hasOwn(owner, 'Type') ? (owner as { Type: unknown }).Type : undefined;
  return typeof type === 'string' ? `A ${type} state takes: ${known.filter((name) => name !== 'Type').join(', ')}.` : `Known here: ${known.join(', ')}.`;
}

/** Follows a pointer through the value, which tells indexes from keys that look like one. */
export function placeOf(value: Json, pointer: string): Place {
  let place = ROOT;
  if (pointer === '') return place;
  let node: unknown = value;
  for (const raw of pointer.slice(1).split('/')) {
    if (Array.isArray(node)) {
      place = item(place, Number(raw));
      node = node[Number(raw)];
    } else {
      const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
      place = member(place, key);
      node = typeof node === 'object' && node !== null && Object.hasOwn(node, key) ? (node as Record<string, unknown>)[key] : undefined;
    }
  }
  return place;
}
