import { CONFIG_SCHEMA } from './schema.ts';
import { mapSchemas, withDefinitions } from './schema-definitions.ts';
import type { ConfigSchema } from './schema-parts.ts';

const PATTERN = '^\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}$';
const INTERPOLATION = { $ref: '#/definitions/interpolation' };

/**
 * The schema for editors, docs/millrace.schema.json: an editor sees a file before interpolation, so that a ${NAME} may stand
 * wherever a number or one of a few words is asked for.
 */
export function editorSchema(): object {
  const { definitions, ...schema } = beforeInterpolation(withDefinitions(CONFIG_SCHEMA)) as ConfigSchema;
  return {
    ...schema,
    definitions: { interpolation: { title: 'Environment variable', description: '${NAME}, or ${NAME:-default}.', type: 'string', pattern: PATTERN }, ...definitions },
  };
}

export const renderEditorSchema = (): string => `${JSON.stringify(editorSchema(), null, 2)}\n`;

function beforeInterpolation(schema: ConfigSchema): ConfigSchema {
  const { exactlyOne, atMostOne, ...rest } = mapSchemas(schema, beforeInterpolation);
  const { type, minimum, maximum, enum: words, ...notes } = rest;
  if (type === 'integer') return { ...notes, anyOf: [{ type, minimum: minimum!, maximum: maximum! }, INTERPOLATION] };
  if (type === 'boolean') return { ...notes, anyOf: [{ type }, INTERPOLATION] };
  if (words !== undefined) return { ...notes, anyOf: [{ type: 'string', enum: words }, INTERPOLATION] };
  // The pattern is for texts only.
  if (type?.includes('boolean') === true) return { ...rest, type: [...type, 'string'], pattern: PATTERN };
  return { ...rest, ...choices(exactlyOne, atMostOne) };
}

/** The two keywords in those of JSON Schema. */
function choices(exactlyOne: readonly string[] | undefined, atMostOne: readonly string[] = []): object {
  const pairs = atMostOne.flatMap((one, index) => atMostOne.slice(index + 1).map((other) => ({ required: [one, other] })));
  return { ...(exactlyOne === undefined ? {} : { oneOf: exactlyOne.map((key) => ({ required: [key] })) }), ...(pairs.length === 0 ? {} : { not: { anyOf: pairs } }) };
}
