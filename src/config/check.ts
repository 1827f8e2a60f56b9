import type { ErrorObject, ValidateFunction } from 'ajv';
import { checkChoices } from './check-choices.ts';
import { checkConfig } from './config-validators.ts';
import type { Place } from './document.ts';
import type { ConfigMistake, Mistakes } from './mistakes.ts';
import { nearest } from './nearest.ts';
import { dotted, keysOf, memberSchema, pathsNamed, pointTo, schemaAt, segmentsOf, shown, shownSecret, wanted, wordsOf } from './schema-walk.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import type { ConfigSchema } from './schema-parts.ts';

/** Of CONFIG_SCHEMA, which ajv has compiled beforehand. */
const validate = checkConfig as unknown as ValidateFunction;

/**
 * Holds a value against the schema and puts every mistake into words. `name` says how the value at a pointer is called.
 */
export function checkAgainstSchema(value: unknown, mistakes: Mistakes, places: ReadonlyMap<string, Place> = new Map(), name: (pointer: string) => string = dotted): void {
  checkChoices(value, CONFIG_SCHEMA, mistakes, places);
  if (validate(value)) return;
  const errors = withoutOtherBranches(validate.errors ?? []);
  const wrongValues = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const at = error.instancePath;
    switch (error.keyword) {
      case 'additionalProperties': {
        const pointer = pointTo(at, (error.params as { additionalProperty: string }).additionalProperty);
        unknownKey(mistakes, pointer, valueAt(value, at) as object, places.get(pointer)?.key);
        break;
      }
      case 'required':
        missingKey(mistakes, at, (error.params as { missingProperty: string }).missingProperty, places);
        break;
      case 'propertyNames': {
        const { propertyName } = error.params as { propertyName: string };
        const pointer = pointTo(at, propertyName);
        const { title = '' } = schemaAt(CONFIG_SCHEMA, segmentsOf(pointer)) ?? {};
        mistakes.add('INVALID_NAME', pointer, `${shown(propertyName)} cannot be the name of ${/^[aeiou]/i.test(title) ? 'an' : 'a'} ${title.toLowerCase()}.`, places.get(pointer)?.key, 'Use 1 to 80 letters, digits, hyphens and underscores.');
        break;
      }
      default:
        // Errors of propertyNames' own pattern are told above.
        if (error.propertyName === undefined) wrongValues.set(at, [...(wrongValues.get(at) ?? []), error]);
    }
  }
  for (const [pointer, list] of wrongValues) wrongValue(mistakes, pointer, list, valueAt(value, pointer), places.get(pointer), name(pointer));
}

/**
 * Where one of several forms is asked for and the value has the type of one, only that form's complaints about what is in it
 * are of use: the others would say that it should have been of another type.
 */
function withoutOtherBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath);
  const within = (path: string): boolean => errors.some(({ instancePath, keyword }) => instancePath.startsWith(`${path}/`) || (instancePath === path && ['required', 'additionalProperties', 'minItems'].includes(keyword)));
  const taken = new Set(choices.filter(within));
  return errors.filter(({ instancePath, keyword }) => !taken.has(instancePath) || ['required', 'additionalProperties', 'minItems'].includes(keyword));
}

function unknownKey(mistakes: Mistakes, pointer: string, mapping: object, offset: number | undefined): void {
  const segments = segmentsOf(pointer);
  const key = segments.at(-1)!;
  const above = segments.slice(0, -1);
  const parent: ConfigSchema = schemaAt(CONFIG_SCHEMA, above) ?? {};
  const keys = keysOf(parent);
  const near = nearest(key, keys);
  const elsewhere = near === undefined ? elsewhereNamed(parent, key, mapping, above) : [near];
  const kinds = parent.exactlyOne?.every((kind) => !Object.hasOwn(mapping, kind)) === true ? parent.exactlyOne : keys;
  const hint = elsewhere.length > 0 ? `Did you mean '${elsewhere.join("' or '")}'?` : `The keys here are ${kinds.join(', ')}.`;
  mistakes.add('UNKNOWN_KEY', pointer, `'${dotted(pointer)}' is not a key of the configuration.`, offset, hint);
}

/** Where a key would stand: in one of the mappings beside it, beside the one that it is in, or in a section of the file. */
function elsewhereNamed(parent: ConfigSchema, key: string, mapping: object, above: readonly string[]): string[] {
  const beside = Object.keys(mapping).flatMap((sibling) => pathsNamed(memberSchema(parent, sibling) ?? {}, key, sibling));
  if (beside.length > 0) return beside;
  if (above.length < 2) return pathsNamed(CONFIG_SCHEMA, key);
  const outer = above.slice(0, -1);
  return keysOf(schemaAt(CONFIG_SCHEMA, outer) ?? {}).includes(key) ? [[...outer, key].join('.')] : [];
}

function missingKey(mistakes: Mistakes, pointer: string, key: string, places: ReadonlyMap<string, Place>): void {
  // A value that the environment did not give has been told already.
  if (places.has(pointTo(pointer, key))) return;
  const example = schemaAt(CONFIG_SCHEMA, segmentsOf(pointTo(pointer, key)))?.examples?.[0];
  mistakes.add('MISSING_KEY', pointer, `${dotted(pointer)} has no ${key}.`, places.get(pointer)?.key, example === undefined ? undefined : `Add it: ${key}: ${typeof example === 'string' ? example : JSON.stringify(example)}`);
}

function wrongValue(mistakes: Mistakes, pointer: string, errors: readonly ErrorObject[], value: unknown, place: Place | undefined, name: string): void {
  if (value === undefined && place !== undefined) return;
  const schema: ConfigSchema = schemaAt(CONFIG_SCHEMA, segmentsOf(pointer)) ?? {};
  const from = place?.written === undefined ? '' : ` (from ${place.written})`;
  const near = typeof value === 'string' ? nearest(value, wordsOf(schema)) : undefined;
  const hint = near !== undefined ? `Did you mean '${near}'?` : value === null && schema.default !== undefined ? `Give it a value, or remove the key: the default is ${String(schema.default)}.` : undefined;
  const subject = name === '' ? 'The configuration' : name;
  mistakes.add(codeOf(errors, value), pointer, `${subject} must be ${wanted(schema)}, not ${(schema.writeOnly === true ? shownSecret : shown)(value)}${from}.`, place?.value, hint);
}

function codeOf(errors: readonly ErrorObject[], value: unknown): ConfigMistake {
  const keywords = new Set(errors.map((error) => error.keyword));
  if (keywords.has('minimum') || keywords.has('maximum')) return 'OUT_OF_RANGE';
  const isOfType = keywords.has('minLength') || keywords.has('minItems') || (typeof value === 'string' && (keywords.has('enum') || keywords.has('const')));
  return isOfType ? 'INVALID_VALUE' : 'WRONG_TYPE';
}

function valueAt(root: unknown, pointer: string): unknown {
  return segmentsOf(pointer).reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], root);
}
