import type { ConfigSchema } from './schema-parts.ts';

/**
 * The same schema with what stands in several places, as one object, moved to `definitions`: a connection is then described
 * once for editors, and checked by one function.
 */
export function withDefinitions(schema: ConfigSchema): ConfigSchema {
  const counts = new Map<ConfigSchema, number>();
  const count = (part: ConfigSchema): void => {
    const before = counts.get(part) ?? 0;
    counts.set(part, before + 1);
    if (before === 0) mapSchemas(part, (inner) => (count(inner), inner));
  };
  count(schema);
  const definitions: Record<string, ConfigSchema> = {};
  const references = new Map<ConfigSchema, ConfigSchema>();
  const moved = (part: ConfigSchema): ConfigSchema => {
    if (counts.get(part) === 1) return mapSchemas(part, moved);
    let reference = references.get(part);
    if (reference === undefined) {
      const name = `shared${references.size + 1}`;
      reference = { $ref: `#/definitions/${name}` };
      references.set(part, reference);
      definitions[name] = mapSchemas(part, moved);
    }
    return reference;
  };
  return { ...moved(schema), definitions };
}

/** A schema with each schema directly in it replaced. */
export function mapSchemas(schema: ConfigSchema, replace: (inner: ConfigSchema) => ConfigSchema): ConfigSchema {
  const { properties, additionalProperties, items, anyOf, definitions } = schema;
  const each = (map: Readonly<Record<string, ConfigSchema>>): Record<string, ConfigSchema> => Object.fromEntries(Object.entries(map).map(([key, inner]) => [key, replace(inner)]));
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: each(properties) }),
    ...(additionalProperties === undefined || additionalProperties === false ? {} : { additionalProperties: replace(additionalProperties) }),
    ...(items === undefined ? {} : { items: replace(items) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(replace) }),
    ...(definitions === undefined ? {} : { definitions: each(definitions) }),
  };
}
