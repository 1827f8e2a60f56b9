import type { Place } from './document.ts';
import type { Mistakes } from './mistakes.ts';
import { nearest } from './nearest.ts';
import { dotted, keysOf, memberSchema, pointTo } from './schema-walk.ts';
import type { ConfigSchema } from './schema-parts.ts';

/** Holds a value against the keywords exactlyOne and atMostOne, which ajv does not know. */
export function checkChoices(value: unknown, schema: ConfigSchema | undefined, mistakes: Mistakes, places: ReadonlyMap<string, Place>, pointer = ''): void {
  if (schema === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const mapping = value as Readonly<Record<string, unknown>>;
  const choices = schema.exactlyOne ?? schema.atMostOne;
  if (choices !== undefined) {
    const there = Object.keys(mapping).filter((key) => choices.includes(key));
    if (there.length > 1) {
      const offset = places.get(pointTo(pointer, there[1]!))?.key;
      mistakes.add('CONFLICTING_KEYS', pointer, `${dotted(pointer)} has ${list(there, 'and')}: only one of ${list(choices, 'and')} may be there.`, offset, 'Remove all but one.');
    } else if (there.length === 0 && schema.exactlyOne !== undefined && !misspelt(mapping, choices, schema)) {
      mistakes.add('MISSING_KEY', pointer, `${dotted(pointer)} has none of ${list(choices, 'and')}: one of them has to be there.`, places.get(pointer)?.key);
    }
  }
  for (const [key, inner] of Object.entries(mapping)) checkChoices(inner, memberSchema(schema, key), mistakes, places, pointTo(pointer, key));
}

/** True where an unknown key seems to stand for one of the choices, near to one or with a value of the kind that they take: it is told of as such. */
function misspelt(mapping: Readonly<Record<string, unknown>>, choices: readonly string[], schema: ConfigSchema): boolean {
  const keys = keysOf(schema);
  const takeMappings = choices.every((choice) => schema.properties?.[choice]?.properties !== undefined);
  return Object.keys(mapping).some((key) => {
    if (keys.includes(key)) return false;
    const near = nearest(key, keys);
    return near === undefined ? isMapping(mapping[key]) === takeMappings : choices.includes(near);
  });
}

const isMapping = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const list = (keys: readonly string[], word: string): string => `${keys.slice(0, -1).join(', ')} ${word} ${keys.at(-1)!}`;
