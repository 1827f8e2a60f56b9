import { MillraceError } from '../errors.ts';

/** What AWS refuses in the name of an execution: spaces, brackets, wildcards, some punctuation, control characters, surrogates, non-characters. */
const REFUSED = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}\ufffe\uffff]/u;
const LONGEST = 80;

/** @throws MillraceError INVALID_NAME with the character or the length that is wrong. */
export function checkExecutionName(name: string): void {
  if (name.length === 0 || name.length > LONGEST) {
    throw new MillraceError('INVALID_NAME', `An execution name has 1 to ${LONGEST} characters; this one has ${name.length}.`);
  }
  const refused = REFUSED.exec(name);
  if (refused !== null) {
    throw new MillraceError('INVALID_NAME', `An execution name cannot contain ${JSON.stringify(refused[0])} (at position ${refused.index + 1} of ${JSON.stringify(name)}).`);
  }
}

/**
 * The execution name that a request gives, from its query or else its header; undefined when it gives none.
 * @throws MillraceError INVALID_NAME
 */
export function requestedName(query: unknown, header: string | readonly string[] | undefined): string | undefined {
  // Checked by hand and not by schema: this runs for every start.
  const given = typeof query === 'object' && query !== null && Object.hasOwn(query, 'name') ? (query as { name: unknown }).name : header;
  if (given === undefined) return undefined;
  if (typeof given !== 'string') throw new MillraceError('INVALID_NAME', 'Give one execution name, not several.');
  if (given === header && /[^\u0020-\u007e]/.test(given)) {
    throw new MillraceError('INVALID_NAME', 'The header x-execution-name takes ASCII; give other characters in ?name=, URL-encoded.');
  }
  checkExecutionName(given);
  return given;
}
