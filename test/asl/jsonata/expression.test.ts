import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { compileJsonata, JsonataError } from '../../../src/asl/jsonata/expression.ts';

const states = { input: { items: [{ price: 1 }, { price: 2 }], one: [5], name: 'Ada' }, context: { State: { Name: 'S' } } };

const evaluate = (text: string, bindings: Record<string, unknown> = { states }, input: unknown = undefined): unknown => compileJsonata(text).evaluate(input, bindings);

describe('compileJsonata', () => {
  it('says how an expression is evaluated', () => {
    expect(compileJsonata('$states.input.a > 1').path).toBe('compiled');
    expect(compileJsonata('a.%.b').path).toBe('library');
    expect(compileJsonata('a#$i.($i)').path).toBe('library');
    expect(compileJsonata('a@$x.b').path).toBe('library');
  });

  it.each([
    ['$states.input.a + $x', ['states', 'x']],
    ['($a := $b; $a)', ['b']],
    ['($a := $a; $a)', ['a']],
    ['function($a){$a + $c}', ['c']],
    ['$sum($x) + $millis()', ['x']],
    ['$eval("1")', ['eval']],
    ['a#$i.($i + $y)', ['y']],
    ['a@$v.(b[$v.c = $z])', ['z']],
    ['$.a + $$.b', []],
  ])('lists the variables that are read: %s', (text, reads) => {
    expect(compileJsonata(text).reads.toSorted()).toEqual(reads);
  });

  it.each([
    ['1 +', 'S0207'],
    ['"abc', 'S0101'],
    ['a[', 'S0203'],
    ['$a := ', 'S0207'],
    ['5 := 1', 'S0212'],
    ['a.1', 'S0213'],
    ['/(/', 'S0302'],
  ])('refuses what does not parse, with the code of the parser: %s', (text, code) => {
    expect(() => compileJsonata(text)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['"a" + 1', '1 > "a"', 'null > 1', '$sum("a")', '$uppercase(1)', '$number("x")', '$error("no")', '{1: 2}', '$nope(1)', '-"a"', 'true and (1 + "a")', '$sort([1, "a"])', '[1.5..2]', '1 ~> 2', '$join([1])'])(
    'words errors as the library does: %s',
    async (text) => {
      const theirs = await jsonata(text).evaluate({}).then(() => undefined, (error: unknown) => error as { code: string; message: string });
      try {
        evaluate(text, {}, {});
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(JsonataError);
        expect({ code: (error as JsonataError).code, message: (error as JsonataError).message }).toEqual({ code: theirs?.code, message: theirs?.message });
      }
    },
  );
});

describe('bindings', () => {
  it('are read by name, own properties only', () => {
    expect(evaluate('$states.input.name')).toBe('Ada');
    expect(evaluate('$toString')).toBeUndefined();
    expect(evaluate('$x', { x: null })).toBeNull();
  });

  it('go before functions of the same name', () => {
    expect(evaluate('$sum', { sum: 1 })).toBe(1);
    expect(() => evaluate('$sum([1])', { sum: 1 })).toThrow(expect.objectContaining({ code: 'T1006' }));
  });

  it('are not assigned to', () => {
    const bindings = { x: 1 };
    expect(evaluate('($x := 2; $x)', bindings)).toBe(2);
    expect(evaluate('$x := 2', bindings)).toBe(2);
    expect(evaluate('$x', bindings)).toBe(1);
  });
});

describe('results', () => {
  it.each(['$states.input.items.price', '$states.input.items[price > 0]', '{"a": $states.input.items.price}', '[$states.input.items.price]', '$map($states.input.items, function($i){$states.input.items.price})', '($x := $states.input.items.price; {"x": $x})', '$states.input.items.[price, 1]', '$states.input#$i.items.price'])(
    'are plain data: %s',
    async (text) => {
      const check = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        expect(Object.getOwnPropertySymbols(value)).toEqual([]);
        if (Array.isArray(value)) expect(Object.getOwnPropertyNames(value)).toEqual([...value.keys(), 'length'].map(String));
        else expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
        Object.values(value).forEach(check);
      };
      const value = await evaluate(text);
      expect(value).toBeTypeOf('object');
      check(value);
    },
  );

  it('are values of the input themselves where nothing was built', () => {
    expect(evaluate('$states.input.items')).toBe(states.input.items);
  });

  it('can be a function, which is no data', () => {
    expect(evaluate('function($x){$x}')).toBeTypeOf('function');
    expect(evaluate('$sum')).toBeTypeOf('function');
  });

  it('do not depend on what an input carries that the library would take for a mark', () => {
    const input = { _jsonata_lambda: true, sequence: true, outerWrapper: [1], a: 1 };
    expect(evaluate('a', {}, input)).toBe(1);
    expect(evaluate('$', {}, input)).toBe(input);
    expect(evaluate('$keys($)', {}, input)).toHaveLength(4);
  });
});

describe('the functions of Step Functions', () => {
  it.each([
    ['$partition([1, 2, 3], 2)', [[1, 2], [3]]],
    ['$partition([0], 5)', [[0]]],
    ['$partition([], 5)', []],
    ['$range(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['$range(1, 9, 9)', 1],
    ['[$range(1, 9, 9)]', [1]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ['$range(1, 0, 1)', undefined],
    ['$hash("input data", "SHA-1")', 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['$length($hash("a", "SHA-256"))', 64],
    ['$length($hash("a", "SHA-384"))', 96],
    ['$length($hash({"a": 1}, "SHA-512"))', 128],
    ['$hash("", "MD5")', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['$random(42) = $random(42)', true],
    ['$random() < 1', true],
    ['$match($uuid(), /^[0-9a-f-]{36}$/).index', 0],
    ['$uuid() = $uuid()', false],
    ['$parse("{\\"a\\": [1]}")', { a: [1] }],
    ['$parse("[1]").$', 1],
    ['$exists($eval)', false],
  ])('%s', async (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
    // The same by way of the library: a position bound somewhere sends the whole expression there.
    const library = compileJsonata(`{"all": [1]#$i, "value": ${text}}.value`);
    expect(library.path).toBe('library');
    expect(await library.evaluate(undefined, {})).toEqual(expected);
  });

  it.each([
    ['$partition([1], 0)', 'D3200'],
    ['$partition([1], 1.5)', 'D3200'],
    ['$range(1, 2, 0)', 'D3200'],
    ['$range(1, 2.5, 1)', 'D3200'],
    ['$hash("a", "SHA-2")', 'D3200'],
    ['$parse("{")', 'D3201'],
    ['$parse(1)', 'T0410'],
    ['$eval("1")', 'T1006'],
  ])('%s fails', async (text, code) => {
    expect(() => evaluate(text)).toThrow(expect.objectContaining({ code }));
    const library = compileJsonata(`{"all": [1]#$i, "value": ${text}}`);
    await expect(library.evaluate(undefined, {})).rejects.toMatchObject({ code });
  });
});
