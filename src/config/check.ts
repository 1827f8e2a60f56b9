import type { ErrorObject, ValidateFunction } from 'ajv';
import { checkConfig } from './config-validators.ts';
import type { Place } from './document.ts';
import type { ConfigMistake, Mistakes } from './mistakes.ts';
import { nearest } from './nearest.ts';
import { dotted, pathsNamed, pointTo, schemaAt, segmentsOf, shown, wanted } from './schema-walk.ts';
import { CONFIG_SCHEMA, LATER_KEYS, type ConfigSchema } from './schema.ts';

/** Of CONFIG_SCHEMA, which ajv has compiled beforehand. */
const validate = checkConfig as unknown as ValidateFunction;

/**
 * Holds a value against the schema and puts every mistake into words. `name` says how the value at a pointer is called.
 */
export function checkAgainstSchema(value: unknown, mistakes: Mistakes, places: ReadonlyMap<string, Place> = new Map(), name: (pointer: string) => string = dotted): void {
  if (validate(value)) return;
  const wrongValues = new Map<string, ErrorObject[]>();
  for (const error of validate.errors ?? []) {
    const at = error.instancePath;
    switch (error.keyword) {
      case 'additionalProperties': {
        const pointer = pointTo(at, (error.params as { additionalProperty: string }).additionalProperty);
        unknownKey(mistakes, pointer, places.get(pointer)?.key);
        break;
      }
      case 'required':
        missingKey(mistakes, at, (error.params as { missingProperty: string }).missingProperty, places);
        break;
      case 'propertyNames': {
        const { propertyName } = error.params as { propertyName: string };
        const pointer = pointTo(at, propertyName);
        mistakes.add('INVALID_NAME', pointer, `${shown(propertyName)} cannot be the name of a state machine.`, places.get(pointer)?.key, 'Use 1 to 80 letters, digits, hyphens and underscores.');
        break;
      }
      default:
        // Errors of propertyNames' own pattern are told above.
        if (error.propertyName === undefined) wrongValues.set(at, [...(wrongValues.get(at) ?? []), error]);
    }
  }
  for (const [pointer, errors] of wrongValues) wrongValue(mistakes, pointer, errors, valueAt(value, pointer), places.get(pointer), name(pointer));
}

function unknownKey(mistakes: Mistakes, pointer: string, offset: number | undefined): void {
  const segments = segmentsOf(pointer);
  const key = segments.at(-1)!;
  const parent = pointer.slice(0, pointer.lastIndexOf('/'));
  if (parent === '' && LATER_KEYS.includes(key)) {
    mistakes.add('UNKNOWN_KEY', pointer, `This version does not have '${key}' yet.`, offset, 'Sources, outputs and schedules come with a later version; until then events come in over HTTP.');
    return;
  }
  const keys = Object.keys(schemaAt(CONFIG_SCHEMA, parent)?.properties ?? {});
  const near = nearest(key, keys);
  const elsewhere = pathsNamed(CONFIG_SCHEMA, key);
  const hint = near !== undefined ? `Did you mean '${near}'?` : elsewhere.length > 0 ? `Did you mean '${elsewhere.join("' or '")}'?` : `The keys here are ${keys.join(', ')}.`;
  mistakes.add('UNKNOWN_KEY', pointer, `'${dotted(pointer)}' is not a key of the configuration.`, offset, hint);
}

function missingKey(mistakes: Mistakes, pointer: string, key: string, places: ReadonlyMap<string, Place>): void {
  // A value that the environment did not give has been told already.
  if (places.has(pointTo(pointer, key))) return;
  const example = (schemaAt(CONFIG_SCHEMA, pointTo(pointer, key)) as ConfigSchema | undefined)?.examples?.[0];
  mistakes.add('MISSING_KEY', pointer, `${dotted(pointer)} has no ${key}.`, places.get(pointer)?.key, example === undefined ? undefined : `Add it: ${key}: ${String(example)}`);
}

function wrongValue(mistakes: Mistakes, pointer: string, errors: readonly ErrorObject[], value: unknown, place: Place | undefined, name: string): void {
  if (value === undefined && place !== undefined) return;
  const schema: ConfigSchema = schemaAt(CONFIG_SCHEMA, pointer) ?? {};
  const from = place?.written === undefined ? '' : ` (from ${place.written})`;
  const near = typeof value === 'string' ? nearest(value, schema.enum ?? []) : undefined;
  const hint = near !== undefined ? `Did you mean '${near}'?` : value === null && schema.default !== undefined ? `Give it a value, or remove the key: the default is ${String(schema.default)}.` : undefined;
  const subject = name === '' ? 'The configuration' : name;
  mistakes.add(codeOf(errors), pointer, `${subject} must be ${wanted(schema)}, not ${shown(value)}${from}.`, place?.value, hint);
}

function codeOf(errors: readonly ErrorObject[]): ConfigMistake {
  const keywords = new Set(errors.map((error) => error.keyword));
  if (keywords.has('minimum') || keywords.has('maximum')) return 'OUT_OF_RANGE';
  return ['enum', 'const', 'minLength'].some((keyword) => keywords.has(keyword)) ? 'INVALID_VALUE' : 'WRONG_TYPE';
}

function valueAt(root: unknown, pointer: string): unknown {
  return segmentsOf(pointer).reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], root);
}
