import type { ConfigSchema } from './schema.ts';

/** The schema of a member; undefined where no such key is known. */
export function memberSchema(schema: ConfigSchema | undefined, key: string): ConfigSchema | undefined {
  const { properties, additionalProperties } = schema ?? {};
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return additionalProperties === false ? undefined : additionalProperties;
}

/** Appends a segment to an RFC 6901 pointer. */
export const pointTo = (pointer: string, key: string): string => `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

export const segmentsOf = (pointer: string): string[] => (pointer === '' ? [] : pointer.slice(1).split('/').map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~')));

/** A pointer as people write it: server.port. */
export const dotted = (pointer: string): string => segmentsOf(pointer).join('.');

export const schemaAt = (root: ConfigSchema, pointer: string): ConfigSchema | undefined => segmentsOf(pointer).reduce<ConfigSchema | undefined>(memberSchema, root);

/** True where a value can only be text, so that a value of the environment such as 123 stays text. */
export const takesOnlyText = (schema: ConfigSchema | undefined): boolean => schema?.type === 'string';

/** What a value has to be, in words that go after "must be". */
export function wanted(schema: ConfigSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(wanted).join(' or ');
  if (schema.const !== undefined) return `'${schema.const}'`;
  if (schema.enum !== undefined) return schema.enum.map((value) => `'${value}'`).join(' or ');
  return [schema.type ?? 'value'].flat().map((type) => wantedType(type, schema)).join(' or ');
}

function wantedType(type: string, { minimum, maximum }: ConfigSchema): string {
  if (type === 'integer') return minimum === undefined || maximum === undefined ? 'a whole number' : `a whole number from ${minimum} to ${maximum}`;
  if (type === 'string') return 'text';
  return type === 'object' ? 'a mapping' : `a ${type}`;
}

/** A value in an error message, shortened. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (value === '') return 'empty text';
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : String(value);
}

/** The dotted paths of all keys with a name, as for a key that was written at the wrong level. */
export function pathsNamed(schema: ConfigSchema, name: string, path = '', found: string[] = []): string[] {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const here = path === '' ? key : `${path}.${key}`;
    if (key === name) found.push(here);
    pathsNamed(inner, name, here, found);
  }
  return found;
}
