import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseSource } from '../../src/asl/source.ts';

const fault = (text: string) => {
  const { diagnostics } = parseSource(text);
  const { line, column, message } = diagnostics[0]!;
  return { line, column, message };
};

describe('parseSource', () => {
  it('answers the value', () => {
    expect(parseSource(' {"a": [1, "x", null, true]}\n').value).toEqual({ a: [1, 'x', null, true] });
    expect(parseSource('{"__proto__": {"x": 1}}').value).toEqual(JSON.parse('{"__proto__": {"x": 1}}'));
  });

  it('locates values, keys and what is not there', () => {
    const source = parseSource('{\n  "a/b": {"~": [10,\n    200]}\n}');
    expect(source.locate('/a~1b/~0/1')).toEqual({ line: 3, column: 5, length: 3 });
    expect(source.locate('/a~1b', 'key')).toEqual({ line: 2, column: 3, length: 5 });
    expect(source.locate('/a~1b')).toEqual({ line: 2, column: 10, length: 10 });
    expect(source.locate('/a~1b/nope/x')).toEqual(source.locate('/a~1b'));
    expect(source.locate('')).toEqual({ line: 1, column: 1, length: 1 });
  });

  it('counts columns after CR LF and ends spans before it', () => {
    const source = parseSource('{"a": {\r\n"b": 1}}');
    expect(source.locate('/a')).toEqual({ line: 1, column: 7, length: 1 });
    expect(source.locate('/a/b', 'key')).toEqual({ line: 2, column: 1, length: 3 });
  });

  it.each([
    ['{"a": 1,}', 1, 8, "Expected no ',' before '}'."],
    ['{"a" 1}', 1, 6, 'Expected \':\' after the key "a", but found "1".'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, "Expected ',' or '}', but found \"\\\"\"."],
    ["{'a': 1}", 1, 2, 'Expected a key in double quotes, but found "\'".'],
    ['[1, tru]', 1, 5, 'Expected a value, but found "tru".'],
    ['{"a": "x', 1, 7, 'Expected a closing double quote, but the text ends.'],
    ['{"a": "\\q"}', 1, 8, 'Expected an escape sequence, but found "\\\\q".'],
    ['{} {}', 1, 4, 'Expected the end of the text, but found "{".'],
    ['{"a": 1', 1, 8, "Expected ',' or '}', but found the end of the text."],
    ['not json', 1, 1, 'Expected a value, but found "not".'],
    ['{"a": 01}', 1, 8, "Expected ',' or '}', but found \"1\"."],
  ])('says where %j is not JSON', (text, line, column, message) => {
    expect(parseSource(text).value).toBeUndefined();
    expect(fault(text)).toEqual({ line, column, message });
  });

  it('says that comments are not JSON', () => {
    expect(parseSource('{ // no\n}').diagnostics[0]).toMatchObject({ code: 'INVALID_JSON_DESCRIPTION', hint: expect.stringContaining('Comment') });
    expect(parseSource('').diagnostics[0]?.code).toBe('MISSING_DESCRIPTION');
  });

  it('reports keys that occur twice', () => {
    const { diagnostics, value } = parseSource('{"a": [{"k": 1,\n "k": 2}], "__proto__": 1}', 'x.json');
    expect(value).toEqual(JSON.parse('{"a": [{"k": 2}], "__proto__": 1}'));
    expect(diagnostics).toEqual([{ code: 'DUPLICATE_KEY', severity: 'WARNING', pointer: '/a/0/k', message: expect.stringContaining('"k"'), line: 2, column: 2, file: 'x.json' }]);
  });

  it('takes half a million levels without the call stack', () => {
    const deep = parseSource('['.repeat(500_000) + ']'.repeat(500_000));
    expect(deep.diagnostics).toEqual([]);
    expect(deep.locate('/0/0/0')).toMatchObject({ line: 1, column: 4 });
    expect(parseSource('['.repeat(500_000)).diagnostics[0]).toMatchObject({ line: 1, column: 500_001 });
  });

  it('agrees with JSON.parse on what is JSON', () => {
    const texts = fc.oneof(fc.json(), fc.string({ unit: fc.constantFrom(...'{}[]",:01-.eE\\utrfalsn \n') }));
    fc.assert(fc.property(texts, (text) => {
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      const source = parseSource(text);
      expect(source.value !== undefined).toBe(parses);
      expect(source.diagnostics.some((d) => d.severity === 'ERROR')).toBe(!parses);
    }), { numRuns: 2000 });
  });
});
