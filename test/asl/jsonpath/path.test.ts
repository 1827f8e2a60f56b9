import { describe, expect, it } from 'vitest';
import { compilePath, MISSING, PathSyntaxError } from '../../../src/asl/jsonpath/path.ts';
import type { Json } from '../../../src/asl/types.ts';
import { faultOf, frameOf, nestedArrays } from './frame.ts';

const data: Json = {
  readings: [
    { id: 'a', value: 1.5, tags: ['x', 'y'], unit: 'C' },
    { id: 'b', value: 7, tags: [] },
    { id: 'c', value: -2, tags: ['z'], unit: 'F', note: null },
  ],
  limits: { low: 0, high: 5, 'a b': 1, "it's": 2, 'q"': 3 },
  numbers: [1, 2, 3, 4, 5],
  empty: {},
  text: 'abc',
  nothing: null,
  constructor: 'own',
};

const frame = frameOf({ context: { State: { Name: 'Here' }, Execution: { Input: data } }, variables: { limit: 5, order: { lines: [1, 2] } } });
const get = (text: string, input: unknown = data): unknown => compilePath(text).get(input, frame);

describe('definite paths', () => {
  it.each<[string, unknown]>([
    ['$', data],
    ['$.limits.low', 0],
    ["$['limits']['a b']", 1],
    ['$["limits"]["it\'s"]', 2],
    ["$['limits']['it\\'s']", 2],
    ['$.limits["q\\""]', 3],
    ["$.limits['\\u0068igh']", 5],
    ["$.['limits'].high", 5],
    ['$.numbers[0]', 1],
    ['$.numbers[-1]', 5],
    ['$.numbers[(@.length-1)]', 5],
    ['$.numbers[(@.size() - 2)]', 4],
    ['$.readings[1].tags', []],
    ['$.readings[2].note', null],
    ['$.nothing', null],
    [' $.text ', 'abc'],
    ['$.constructor', 'own'],
    ["$.limits['high','low']", { high: 5, low: 0 }],
    ["$.limits['high','gone']", { high: 5 }],
    ['$$.State.Name', 'Here'],
    ['$$.Execution.Input.readings[0].id', 'a'],
    ['$limit', 5],
    ['$order.lines[1]', 2],
  ])('%s', (text, expected) => {
    expect(get(text)).toEqual(expected);
    expect(compilePath(text).definite).toBe(true);
  });

  it('reads own properties only', () => {
    for (const path of ['$.toString', '$.__proto__', '$.text.length', '$.numbers.length', '$.empty.constructor', "$.numbers['0']"]) {
      expect(get(path)).toBe(MISSING);
    }
    expect(get('$.__proto__.a', JSON.parse('{"__proto__":{"a":1}}'))).toBe(1);
  });

  it('answers null for an index past the end, as AWS does, but MISSING to an intrinsic function', () => {
    const path = compilePath('$.numbers[9]');
    expect(path.get(data, frame)).toBe(null);
    expect(path.find(data, frame)).toBe(MISSING);
    expect(get('$.numbers[-9]')).toBe(null);
    expect(get('$.numbers[9].x')).toBe(MISSING);
    expect(get('$.numbers[(@.length-0)]')).toBe(null);
  });

  it('tells its root', () => {
    expect(compilePath('$.a')).toMatchObject({ root: 'input', variable: null, text: '$.a' });
    expect(compilePath('$$')).toMatchObject({ root: 'context', variable: null });
    expect(compilePath('$größe[0]')).toMatchObject({ root: 'variable', variable: 'größe' });
  });

  it('finds no variable in an execution that has assigned none', () => {
    expect(compilePath('$limit').get(data, frameOf())).toBe(MISSING);
  });
});

describe('explanations of a missing node', () => {
  it.each([
    ['$.gone', "No results for path: $['gone']"],
    ['$.limits.gone', "No results for path: $['limits']['gone']"],
    ['$.no.such', "Missing property in path $['no']"],
    ['$.text.x', "Property ['x'] not found in path $['text']"],
    ['$.numbers[9].x', "Property ['x'] not found in path $['numbers'][9]"],
    ['$.limits.low[0].x', "Filter: [0]['x'] can only be applied to arrays. Current context is: 0"],
    ['$.limits[1]', 'Filter: [1] can only be applied to arrays. Current context is: {"low":0,"high":5,"a b":1,"it\'s":2,"q\\"":3}'],
    ['$$.Nope.x', "Missing property in path $['Nope']"],
    ['$gone', "No results for path: $['gone']"],
    ['$.empty.sum()', 'Aggregation function attempted to calculate value using empty array'],
  ])('%s', (text, expected) => {
    const path = compilePath(text);
    expect(path.get(data, frame)).toBe(MISSING);
    expect(path.explain(data, frame)).toBe(expected);
  });
});

describe('indefinite paths', () => {
  it.each<[string, unknown]>([
    ['$.readings[*].id', ['a', 'b', 'c']],
    ['$.limits.*', [0, 5, 1, 2, 3]],
    ['$.readings[0,2].id', ['a', 'c']],
    ['$.numbers[0,9]', [1, null]],
    ["$.readings[0]['id','value'].x", []],
    ["$['limits','text'].low", [0]],
    ['$.numbers[1:3]', [2, 3]],
    ['$.numbers[:2]', [1, 2]],
    ['$.numbers[:-3]', [1, 2]],
    ['$.numbers[-2:]', [4, 5]],
    ['$.numbers[-3:-1]', [3, 4]],
    ['$.numbers[-2:9]', [4, 5]],
    ['$.numbers[1:-1]', []],
    ['$.numbers[7:]', []],
    ['$.numbers[0:2:1]', [1, 2]],
    ['$..id', ['a', 'b', 'c']],
    ['$..tags[0]', ['x', null, 'z']],
    ['$..low', [0]],
    ["$..['id','value']", [{ id: 'a', value: 1.5 }, { id: 'b', value: 7 }, { id: 'c', value: -2 }]],
    ['$.gone[*].x', []],
    ['$.gone[:1]', []],
    ['$.text[*]', []],
    ['$.readings[*].unit', ['C', 'F']],
    ['$.readings[*].tags[*]', ['x', 'y', 'z']],
    ['$order.lines[*]', [1, 2]],
  ])('%s', (text, expected) => {
    expect(get(text)).toEqual(expected);
    expect(compilePath(text).definite).toBe(false);
  });

  it('visits a node before what is in it', () => {
    expect(get('$..*', { a: { b: [1] }, c: 2 })).toEqual([{ b: [1] }, 2, [1], 1]);
  });
});

describe('filters', () => {
  it.each<[string, unknown]>([
    ['@.value > 1', ['a', 'b']],
    ['@.value>=7', ['b']],
    ['@.value < 0', ['c']],
    ['@.value <= 1.5e0', ['a', 'c']],
    ["@.id == 'b'", ['b']],
    ['@.id == "b"', ['b']],
    ["'b' == @.id", ['b']],
    ["@.id != 'b'", ['a', 'c']],
    ["@['id'] === 'b'", ['b']],
    ["@.value === '7'", []],
    ["@.value == '7'", ['b']],
    ["@.value !== '7'", ['a', 'b', 'c']],
    ['@.unit', ['a', 'c']],
    ['!@.unit', ['b']],
    ['!(@.unit)', ['b']],
    ['@.note', ['c']],
    ['@.note == null', ['c']],
    ['@.unit exists false', ['b']],
    ["@.value > 1 && @.unit || @.id == 'c'", ['a', 'c']],
    ["@.value > 1&&@.unit||@.id=='c'", ['a', 'c']],
    ["(@.id == 'a' || @.id == 'b') && !(@.unit == 'C')", ['b']],
    ['@.id =~ /[AB]/i', ['a', 'b']],
    ['@.value =~ /\\d+/', ['b']],
    ['@.tags =~ /[xz]/', ['a', 'c']],
    ["@.id in ['a', \"c\"]", ['a', 'c']],
    ["@.id nin ['a', 'c']", ['b']],
    ["@.tags subsetof ['x','y','w']", ['a', 'b']],
    ["@.tags anyof ['y','z']", ['a', 'c']],
    ["@.tags noneof ['y','z']", ['b']],
    ["@.tags all ['x','y']", ['a']],
    ["@.tags contains 'y'", ['a']],
    ['@.tags size 1', ['c']],
    ['@.id size 1', ['a', 'b', 'c']],
    ['@.tags empty true', ['b']],
    ['@.tags empty false', ['a', 'c']],
    ['@.tags == []', ['b']],
    ["@.tags == ['x','y']", ['a']],
    ['@.value > $.limits.high', ['b']],
    ['@.tags.length() > 1', ['a']],
    ['@.tags[0] == "z"', ['c']],
    ["@.tags[?(@ == 'y')]", ['a']],
    ['@..tags', ['a', 'b', 'c']],
    ['@.gone > 1', []],
    ['@.gone != 1', ['a', 'b', 'c']],
    ['@.gone == @.gone', []],
    ['@.id > 1', []],
    ["@.unit == 'C' IN ['x']", 'syntax'],
    ["@.unit IN ['C']", ['a']],
  ])('[?(%s)]', (test, expected) => {
    const text = `$.readings[?(${test})].id`;
    if (expected === 'syntax') expect(() => compilePath(text)).toThrow(PathSyntaxError);
    else expect(get(text)).toEqual(expected);
  });

  it('apply to items of arrays and to objects themselves', () => {
    expect(get('$.numbers[?(@ > 3)]')).toEqual([4, 5]);
    expect(get('$.limits[?(@.low == 0)].high')).toEqual([5]);
    expect(get("$..[?(@.id == 'a')].value")).toEqual([1.5]);
    expect(get('$.text[?(@.x)]')).toEqual([]);
  });
});

describe('path functions', () => {
  it.each<[string, unknown]>([
    ['$.numbers.length()', 5],
    ['$.limits.length()', 5],
    ['$.text.length()', null],
    ['$.numbers.min()', 1],
    ['$.numbers.max()', 5],
    ['$.numbers.sum()', 15],
    ['$.numbers.avg()', 3],
    ['$.numbers.stddev()', Math.SQRT2],
    ['$.numbers.sum(10, $.limits.high)', 30],
    ['$.limits.keys()', ['low', 'high', 'a b', "it's", 'q"']],
    ['$.readings[0].tags.concat("-", $.text)', 'xy-abc'],
    ['$.numbers.append(6, {"a": [true, null]})', [1, 2, 3, 4, 5, 6, { a: [true, null] }]],
    ['$.numbers.first()', 1],
    ['$.numbers.last()', 5],
    ['$.numbers.index(-2)', 4],
    ['$.limits.keys().length()', 5],
    ['$..value.sum()', 6.5],
    ['$..readings.length()', 3],
    ['$..value.max()', 7],
  ])('%s', (text, expected) => {
    expect(get(text)).toEqual(expected);
  });

  it('are applied to each node of an indefinite path', () => {
    expect(get('$.readings[*].tags.length()')).toEqual([2, 0, 1]);
  });

  it('lead nowhere where they cannot be computed, and never change the data', () => {
    for (const path of ['$.empty.sum()', '$.numbers.index(9)', '$.text.first()', '$.numbers.unheard(1, (2))']) expect(get(path)).toBe(MISSING);
    const before = JSON.stringify(data);
    get('$.numbers.append(9)');
    expect(JSON.stringify(data)).toBe(before);
  });
});

describe('syntax', () => {
  it.each([
    '', 'a', '@.a', '$.', '$..', '$.a.', '$.a..', '$...a', '$a.', '$ .a', '$.a b', '$[', '$[]', "$['a", "$['a'", "$['a' 'b']", "$['a',]", '$[1', '$[a]', '$[:]', '$[1,]', '$[1:2',
    '$[99999999999]', '$.a[?]', '$.a[?(]', '$.a[?()]', '$.a[?(@.b == )]', '$.a[?(1)]', '$.a[?(@.b =~ /x)]', '$.a[?(@.b == \'x)]', '$.a[?(@.b) x]', '$.a[?(@.b)', '$.a.length(',
  ])('refuses %j', (text) => {
    expect(() => compilePath(text)).toThrow(PathSyntaxError);
  });

  it('says where', () => {
    try {
      compilePath('$.items[?(@.a == )]');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PathSyntaxError);
      expect((error as PathSyntaxError).offset).toBe(17);
    }
  });

  it('refuses text that nests or goes on without end', () => {
    for (const text of [`$.a[?(${'('.repeat(100_000)}`, `$.a[?(${'!'.repeat(100_000)}(@.b))]`, `$.a[?(@.b == ${'['.repeat(100_000)})]`, `$${'[?(@'.repeat(50_000)}`, `$${'.a'.repeat(100_000)}`]) {
      expect(() => compilePath(text)).toThrow(PathSyntaxError);
    }
  });
});

describe('bounds', () => {
  it('ends an evaluation that visits too many nodes as States.Runtime', () => {
    const wide = Array.from({ length: 2000 }, (_, i) => i);
    const fault = faultOf(() => get('$[?(@ in $[*])]', wide));
    expect(fault.error).toBe('States.Runtime');
    expect(fault.cause).toContain("The JSONPath '$[?(@ in $[*])]' visits more than 1000000 nodes.");
  });

  it('walks data that is nested deeper than the stack reaches', () => {
    const deep = nestedArrays(100_000);
    expect((get('$..[0]', deep) as unknown[]).length).toBe(100_000);
    expect(get('$..x', deep)).toEqual([]);
    expect(get('$[?(@ == $[0])]', deep)).toHaveLength(1);
  });
});
