import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathSyntaxError } from '../../../src/asl/jsonpath/cursor.ts';
import { compilePattern } from '../../../src/asl/jsonpath/pattern.ts';

const free = (): void => undefined;
const matches = (source: string, text: string, flags = ''): boolean => compilePattern(source, flags, 0).matches(text, free);

describe('patterns of filters', () => {
  it.each([
    ['abc', 'abc', true],
    ['abc', 'xabc', false],
    ['a*', '', true],
    ['a+b?', 'aaa', true],
    ['(?:ab|cd){2,3}', 'abcdab', true],
    ['(ab|cd){2,3}', 'ab', false],
    ['(?<year>\\d{4})-\\d\\d', '2024-05', true],
    ['[^x-z]+', 'abc', true],
    ['[^x-z]+', 'abz', false],
    ['[\\w\\-.@\\\']+', "a-b.c@d'", true],
    ['.*', 'no\nnewline', false],
    ['\\bword\\b.*', 'word up', true],
    ['^a$', 'a', true],
    ['\\$\\.', '$.', true],
    ['x{,2}', 'x{,2}', true],
    ['a{2,}', 'aaaa', true],
    ['a*?b', 'aab', true],
    ['\\p{L}+', 'größe', true],
    ['.', '🆗', true],
    ['', '', true],
    ['(|a)+', 'aaa', true],
  ])('/%s/ on %j', (source, text, expected) => {
    expect(matches(source, text)).toBe(expected);
  });

  it('take the flags of Java', () => {
    expect(matches('ABC', 'abc', 'i')).toBe(true);
    expect(matches('(?i)ABC', 'abc')).toBe(true);
    expect(matches('a.b', 'a\nb', 's')).toBe(true);
    expect(matches('a\n^b', 'a\nb', 'm')).toBe(true);
    expect(() => matches('a', 'a', 'g')).toThrow(PathSyntaxError);
  });

  it.each(['(?=a)', '(?<!a)b', '(a)\\1', 'a++', '*a', 'a**', '(a', 'a)', '[a', '[a&&b]', '[z-a]', '\\q', '(a{1000}){1000}', '(((){1000}){1000}){1000}', '('.repeat(500), 'a'.repeat(2000)])('refuses %j', (source) => {
    expect(() => compilePattern(source, '', 0)).toThrow(PathSyntaxError);
  });

  it('cannot be made to backtrack', () => {
    for (const source of ['(a+)+b', '(a|a)*b', '(a|aa)+b', '(.*)*x', '(a?){50}a{50}b']) {
      let work = 0;
      const text = 'a'.repeat(5000);
      expect(compilePattern(source, '', 0).matches(text, (n) => (work += n))).toBe(false);
      expect(work).toBeLessThan(text.length * 60);
    }
  });

  it('agree with the engine of the platform', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '(a|b)', '(?:ab|)', 'c');
    const part = fc.tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}')).map(([body, quantifier]) => body + quantifier);
    const source = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(source, fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }), (pattern, text) => {
        expect(matches(pattern, text)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
      }),
      { numRuns: 500 },
    );
  });
});
