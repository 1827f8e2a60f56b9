import { describe, expect, it } from 'vitest';
import { compileJsonata, JsonataError, type Options } from '../../../src/asl/jsonata/expression.ts';

/** The code with which an expression ends; limits are small so that the tests are quick. */
async function codeOf(text: string, input: unknown = {}, options: Options = {}): Promise<string> {
  try {
    const value = await compileJsonata(text, { timeLimitMs: 300, ...options }).evaluate(input, {});
    return `a value: ${String(JSON.stringify(value)).slice(0, 60)}`;
  } catch (error) {
    if (error instanceof JsonataError) return error.code;
    throw error;
  }
}

describe('an expression without end', () => {
  it.each([
    ['a tail call to itself', '($f := function($n){$f($n + 1)}; $f(0))'],
    ['tail calls to each other', '($f := function($n){$g($n)}; $g := function($n){$f($n)}; $f(0))'],
    ['recursion that grows the stack', '($f := function($n){1 + $f($n)}; $f(0))'],
    ['recursion through a higher-order function', '($f := function($n){$map([1, 2], $f)}; $f(0))'],
    ['recursion through sorting', '($f := function($a, $b){$sort([2, 1], $f)}; $sort([1, 2], $f))'],
    ['a function that composes itself', '($f := function($x){($f ~> $f)($x)}; $f(1))'],
    ['nested loops', '$sum([1..3000].([1..3000].($ * 2)))'],
    ['a long reduction', '$reduce([1..9000000], function($a, $b){$a + $b})'],
    ['doubling a text', '($f := function($s){$f($s & $s)}; $f("x"))'],
    ['padding', '$pad("x", 1000000000000)'],
    ['many paddings', '$map([1..100000], function($i){$pad("x", 10000000)})'],
    ['doubling an array', '($f := function($a){$f($append($a, $a))}; $f([1]))'],
    ['a value that holds itself twice', '($f := function($a, $n){$n = 0 ? $a : $f([[$a], [$a]], $n - 1)}; $f([1], 60))'],
    ['such a value as text', '($f := function($a, $n){$n = 0 ? $a : $f([[$a], [$a]], $n - 1)}; $length($string($f([1], 60))))'],
    ['such values compared', '($f := function($a, $n){$n = 0 ? $a : $f([[$a], [$a]], $n - 1)}; $f([1], 40) = $f([1], 40))'],
    ['nesting without end', '($f := function($a){$f([[$a]])}; $f([1]))'],
    ['deep nesting as a result', '($f := function($a, $n){$n = 0 ? $a : $f([[$a]], $n - 1)}; $f([1], 200000))'],
    ['a product of paths', '$count([1..4000].[1..4000].[1..4000])'],
    ['the Roman numeral of a large number', '$formatInteger(1e9, "I")'],
    ['a group that backtracks', '$contains(text, /^(a+)+$/)', { text: `${'a'.repeat(40)}b` }],
    ['alternatives that backtrack', '$match(text, /^(a|aa)*$/)', { text: `${'a'.repeat(60)}b` }],
    ['the same in the library', 'list#$i.($contains(text, /^(a+)+$/))', { list: [{ text: `${'a'.repeat(40)}b` }] }],
    ['a loop in the library', '(list#$i; $f := function($n){$f($n + 1)}; $f(0))', { list: [1] }],
    ['recursion in the library', '(list#$i; $f := function($n){1 + $f($n)}; $f(0))', { list: [1] }],
  ])('ends: %s', async (_name, text, input: unknown = {}) => {
    expect(await codeOf(text, input)).toMatch(/^(U1001|D2014|D2015)$/);
  });

  it('ends when a pattern is merely slow on a long text', async () => {
    const text = 'a'.repeat(60_000);
    expect(await codeOf('$contains(text, /a*a*a*a*b/)', { text })).toBe('U1001');
  });

  it('says what the limit was', () => {
    expect(() => compileJsonata('($f := function(){1 + $f()}; $f())', { depthLimit: 50 }).evaluate({}, {})).toThrow(
      expect.objectContaining({ code: 'U1001', message: expect.stringContaining('50') }),
    );
  });

  it.each([
    ['ranges', '[1..10000001]', 'D2014'],
    ['ranges above the limit', '[1..1001]', 'D2015'],
    ['$range', '$range(1, 2000, 1)', 'D2015'],
    ['$append', '$append([1..900], [1..900])', 'D2015'],
    ['constructors', '[[1..900], [1..900]].$', 'D2015'],
  ])('refuses sequences that are too long: %s', async (_name, text, code) => {
    expect(await codeOf(text, {}, { sequenceLimit: 1_000 })).toBe(code);
  });

  it('evaluates the next expression as if nothing had happened', async () => {
    await codeOf('($f := function($n){1 + $f($n)}; $f(0))');
    expect(compileJsonata('($f := function($n){$n = 0 ? 0 : 1 + $f($n - 1)}; $f(1000))').evaluate({}, {})).toBe(1_000);
    expect(compileJsonata('($f := function($n, $a){$n = 0 ? $a : $f($n - 1, $a + 1)}; $f(200000, 0))').evaluate({}, {})).toBe(200_000);
  });

  it('lets patterns match long texts that do not backtrack', () => {
    const text = `${'lorem ipsum '.repeat(20_000)}42`;
    expect(compileJsonata('$match(text, /[0-9]+/).match').evaluate({ text }, {})).toBe('42');
    expect(compileJsonata('$count($split(text, /\\s/))').evaluate({ text }, {})).toBe(40_001);
  });
});

describe('a text that is no sensible expression', () => {
  it.each([
    ['parentheses', `${'('.repeat(5_000)}1${')'.repeat(5_000)}`],
    ['arrays', `${'['.repeat(5_000)}1${']'.repeat(5_000)}`],
    ['signs', `${'-'.repeat(20_000)}1`],
  ])('is compiled or refused, however deep: %s', (_name, text) => {
    let code = 'none';
    try {
      void compileJsonata(text).evaluate({}, {});
    } catch (error) {
      expect(error).toBeInstanceOf(JsonataError);
      code = (error as JsonataError).code;
    }
    expect(code).toMatch(/^(none|U1001|S\d{4}|D\d{4})$/);
  });
});

describe('names that JavaScript has a meaning for', () => {
  const input = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "c", "items": [{"__proto__": 2}]}') as unknown;

  it.each([
    ['`__proto__`.polluted', 1],
    ['constructor', 'c'],
    ['toString', undefined],
    ['items.`__proto__`', 2],
    ['items.constructor', undefined],
    ['$lookup($, "hasOwnProperty")', undefined],
    ['$keys($)', ['__proto__', 'constructor', 'items']],
    ['$toString', undefined],
    ['$constructor', undefined],
    ['items ~> $map($string)', '{"__proto__":2}'],
  ])('are names: %s', (text, expected) => {
    expect(compileJsonata(text).evaluate(input, {})).toEqual(expected);
  });

  it.each(['{"__proto__": {"polluted": 1}}', '$merge([{"__proto__": {"polluted": 1}}])', '$sift($, function($v, $k){$k = "__proto__"})', '$ ~> |items|{"__proto__": {"polluted": 1}}|', '$spread($)[0]'])(
    'never reach a prototype: %s',
    (text) => {
      const value = compileJsonata(text).evaluate(input, {});
      const holder = text.includes('|items|') ? (value as { items: unknown[] }).items[0] : value;
      expect(Object.getPrototypeOf(holder)).toBe(Object.prototype);
      expect(Object.keys(holder as object)).toEqual(['__proto__']);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );
});
