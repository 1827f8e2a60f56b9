import type { TextTest } from './value-test.ts';

/**
 * What EventBridge takes for a character whatever its case: its lower case, its upper case, and itself. It looks at one
 * character of the pattern at a time, so `ß` also takes `SS`, but `SS` does not take `ß`. No form of a character begins or ends
 * with another form of it, so the first form that fits is the only one.
 */
const formsOf = (character: string): readonly string[] => [...new Set([character.toLowerCase(), character.toUpperCase(), character])];

export function equalsIgnoringCase(wanted: string): TextTest {
  const match = matcher(wanted);
  return (text) => match(text, 0) === text.length;
}

export function beginsIgnoringCase(prefix: string): TextTest {
  const match = matcher(prefix);
  return (text) => match(text, 0) >= 0;
}

export function endsIgnoringCase(suffix: string): TextTest {
  const forms = Array.from(suffix, formsOf).toReversed();
  const units = unitsOf(forms);
  if (units !== null) {
    const match = unitMatcher(units.toReversed());
    return (text) => match(text, text.length - suffix.length) >= 0;
  }
  return (text) => {
    let at = text.length;
    for (const alternatives of forms) {
      const end = at;
      const form = alternatives.find((form) => text.endsWith(form, end));
      if (form === undefined) return false;
      at -= form.length;
    }
    return true;
  };
}

/** Answers where in the text, read from `at` on, the match ends; -1 where there is none. */
type Match = (text: string, at: number) => number;

function matcher(wanted: string): Match {
  const forms = Array.from(wanted, formsOf);
  const units = unitsOf(forms);
  if (units !== null) return unitMatcher(units);
  return (text, from) => {
    let at = from;
    for (const alternatives of forms) {
      const start = at;
      const form = alternatives.find((form) => text.startsWith(form, start));
      if (form === undefined) return -1;
      at += form.length;
    }
    return at;
  };
}

/** The forms as UTF-16 units, where each is one: nearly every text that is written in a pattern. */
function unitsOf(forms: readonly (readonly string[])[]): (readonly [number, number, number])[] | null {
  if (!forms.every((alternatives) => alternatives.every((form) => form.length === 1))) return null;
  return forms.map(([lower = '', upper = lower, itself = lower]) => [lower.charCodeAt(0), upper.charCodeAt(0), itself.charCodeAt(0)]);
}

function unitMatcher(units: readonly (readonly [number, number, number])[]): Match {
  const lower = Uint16Array.from(units, (unit) => unit[0]);
  const upper = Uint16Array.from(units, (unit) => unit[1]);
  const itself = Uint16Array.from(units, (unit) => unit[2]);
  return (text, at) => {
    if (at < 0 || text.length - at < lower.length) return -1;
    for (let i = 0; i < lower.length; i++) {
      const unit = text.charCodeAt(at + i);
      if (unit !== lower[i] && unit !== upper[i] && unit !== itself[i]) return -1;
    }
    return at + lower.length;
  };
}
