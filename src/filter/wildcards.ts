import type { TextTest } from './value-test.ts';

/** What is wrong with a wildcard text, and at which UTF-16 unit of it. */
export interface WildcardFault {
  readonly kind: 'CONSECUTIVE' | 'ESCAPE';
  readonly at: number;
}

/** The literal texts between the wildcards of `wildcard`, one more than it has wildcards; or the first mistake. */
export function readWildcard(wildcard: string): readonly string[] | WildcardFault {
  const literals: string[] = [];
  let literal = '';
  for (let at = 0; at < wildcard.length; at++) {
    const unit = wildcard[at] as string;
    if (unit === '*') {
      if (wildcard[at + 1] === '*') return { kind: 'CONSECUTIVE', at };
      literals.push(literal);
      literal = '';
    } else if (unit === '\\') {
      const escaped = wildcard[at + 1];
      if (escaped !== '*' && escaped !== '\\') return { kind: 'ESCAPE', at };
      literal += escaped;
      at++;
    } else literal += unit;
  }
  return [...literals, literal];
}

/**
 * True for texts in which the literals stand in this order, the first at the beginning and the last at the end. Each is looked
 * for from where the one before was found first, and never again: a wildcard that takes as little as it can leaves as much as
 * can be left to those after it.
 */
export function wildcardTest(literals: readonly string[]): TextTest {
  const first = literals[0] ?? '';
  if (literals.length === 1) return (text) => text === first;
  const last = literals.at(-1) ?? '';
  const searches = literals.slice(1, -1).map(searchFor);
  const outer = first.length + last.length;
  if (searches.length === 0) return (text) => text.length >= outer && text.startsWith(first) && text.endsWith(last);
  return (text) => {
    if (text.length < outer || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const search of searches) {
      at = search(text, at);
      if (at < 0) return false;
    }
    return at <= text.length - last.length;
  };
}

/** Answers where the first occurrence at or after `from` ends; -1 when there is none. */
type Search = (text: string, from: number) => number;

/** `indexOf` may compare the whole of what it looks for at every place; up to this length that is still quick. */
const INDEX_OF_TO = 16;

function searchFor(wanted: string): Search {
  if (wanted.length > INDEX_OF_TO) return linearSearch(wanted);
  return (text, from) => {
    const at = text.indexOf(wanted, from);
    return at < 0 ? -1 : at + wanted.length;
  };
}

/** Knuth, Morris, Pratt: looks at every unit of the text once. */
function linearSearch(wanted: string): Search {
  const borders = new Uint32Array(wanted.length + 1);
  for (let at = 1, matched = 0; at < wanted.length; at++) {
    while (matched > 0 && wanted.charCodeAt(at) !== wanted.charCodeAt(matched)) matched = borders[matched] as number;
    if (wanted.charCodeAt(at) === wanted.charCodeAt(matched)) matched++;
    borders[at + 1] = matched;
  }
  return (text, from) => {
    for (let at = from, matched = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      while (matched > 0 && unit !== wanted.charCodeAt(matched)) matched = borders[matched] as number;
      if (unit === wanted.charCodeAt(matched)) matched++;
      if (matched === wanted.length) return at + 1;
    }
    return -1;
  };
}
