import { CONFIG_SCHEMA, type ConfigSchema } from './schema.ts';

const INTERPOLATION = { $ref: '#/definitions/interpolation' };

/**
 * The schema for editors, docs/millrace.schema.json: an editor sees a file before interpolation, so that a ${NAME} may stand
 * wherever a number or one of a few words is asked for.
 */
export function editorSchema(): object {
  const schema = beforeInterpolation(CONFIG_SCHEMA) as object;
  return {
    ...schema,
    definitions: { interpolation: { title: 'Environment variable', description: '${NAME}, or ${NAME:-default}.', type: 'string', pattern: '^\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}$' } },
  };
}

export const renderEditorSchema = (): string => `${JSON.stringify(editorSchema(), null, 2)}\n`;

function beforeInterpolation(schema: ConfigSchema): unknown {
  const { anyOf, type, minimum, maximum, properties, additionalProperties, ...rest } = schema;
  if (anyOf !== undefined) return { ...rest, anyOf: [...anyOf, INTERPOLATION] };
  if (type === 'integer') return { ...rest, anyOf: [{ type, minimum, maximum }, INTERPOLATION] };
  if (schema.enum !== undefined) {
    const { enum: values, ...others } = rest;
    return { ...others, anyOf: [{ type, enum: values }, INTERPOLATION] };
  }
  return {
    ...rest,
    type,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, beforeInterpolation(inner)])) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: additionalProperties === false ? false : beforeInterpolation(additionalProperties) }),
  };
}
