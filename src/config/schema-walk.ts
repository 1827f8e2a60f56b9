import type { ConfigSchema } from './schema-parts.ts';

/** The schema of a member or an item; undefined where no such key is known. */
export function memberSchema(schema: ConfigSchema | undefined, key: string): ConfigSchema | undefined {
  const { properties, additionalProperties, items, anyOf = [] } = schema ?? {};
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  if (additionalProperties !== undefined && additionalProperties !== false) return additionalProperties;
  if (items !== undefined && /^\d+$/.test(key)) return items;
  for (const branch of anyOf) {
    const member = memberSchema(branch, key);
    if (member !== undefined) return member;
  }
  return undefined;
}

/** The keys that a mapping may have. */
export const keysOf = ({ properties = {}, anyOf = [] }: ConfigSchema): string[] => [...Object.keys(properties), ...anyOf.flatMap(keysOf)];

/** The words that a text may be. */
export const wordsOf = (schema: ConfigSchema): readonly string[] => [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const]), ...(schema.anyOf ?? []).flatMap(wordsOf)];

/** Appends a segment to an RFC 6901 pointer. */
export const pointTo = (pointer: string, key: string): string => `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

export const segmentsOf = (pointer: string): string[] => (pointer === '' ? [] : pointer.slice(1).split('/').map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~')));

/** A pointer as people write it: server.port. */
export const dotted = (pointer: string): string => segmentsOf(pointer).join('.');

export const schemaAt = (root: ConfigSchema, path: readonly string[]): ConfigSchema | undefined => path.reduce<ConfigSchema | undefined>(memberSchema, root);

/** True where a scalar can only be text, so that a value of the environment such as 123 stays text. */
export function takesOnlyText(schema: ConfigSchema | undefined): boolean {
  if (schema === undefined) return false;
  if (schema.anyOf !== undefined) return scalarTypes(schema.anyOf.flatMap(({ type = [] }) => type));
  return scalarTypes([schema.type ?? []].flat());
}

const scalarTypes = (types: readonly string[]): boolean => types.includes('string') && types.every((type) => ['string', 'array', 'object'].includes(type));

/** What a value has to be, in words that go after "must be". */
export function wanted(schema: ConfigSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(wanted).join(' or ');
  if (schema.const !== undefined) return `'${schema.const}'`;
  if (schema.enum !== undefined) return schema.enum.map((value) => `'${value}'`).join(' or ');
  if (schema.type === undefined) return 'any JSON';
  return [schema.type].flat().map((type) => wantedType(type, schema)).join(' or ');
}

function wantedType(type: string, { minimum, maximum }: ConfigSchema): string {
  if (type === 'integer') return minimum === undefined || maximum === undefined ? 'a whole number' : `a whole number from ${minimum} to ${maximum}`;
  return WORDS[type] ?? `a ${type}`;
}

const WORDS: Readonly<Record<string, string>> = { string: 'text', object: 'a mapping', array: 'a list', boolean: 'true or false' };

/** A value in an error message, shortened. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (value === '') return 'empty text';
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'a mapping' : String(value);
}

/** What stands there without saying what it is, for a secret. */
export const shownSecret = (value: unknown): string => (typeof value === 'string' && value !== '' ? 'this text' : typeof value === 'object' || value === '' ? shown(value) : `a ${typeof value}`);

/** The dotted paths of all keys with a name, as for a key that was written at the wrong level. */
export function pathsNamed(schema: ConfigSchema, name: string, path = '', found: string[] = []): string[] {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const here = path === '' ? key : `${path}.${key}`;
    if (key === name) found.push(here);
    pathsNamed(inner, name, here, found);
  }
  return found;
}
