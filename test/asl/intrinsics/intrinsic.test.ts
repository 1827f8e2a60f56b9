import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileIntrinsic, IntrinsicSyntaxError } from '../../../src/asl/intrinsics/intrinsic.ts';
import type { Json } from '../../../src/asl/types.ts';
import { faultOf, frameOf, nestedArrays } from '../jsonpath/frame.ts';

const input: Json = {
  s: 'text', n: 1.5, i: 7, t: true, z: null, e: '',
  list: [1, 2, 3, 4], mixed: [1, 1, '1', true, null, null, [], [], { a: 1, b: [2] }, { b: [2], a: 1 }, { a: 1 }],
  o: { Arg1: 1, Arg2: [], Arg3: { x: null, y: 'q' } }, template: 'n={} {}',
};
const frame = frameOf({ context: { State: { Name: 'Here' } }, variables: { x: 40 } });
const run = (text: string, data: unknown = input): unknown => compileIntrinsic(text).get(data, frame);
const q = (text: string): string => `'${text.replace(/[\\'{}]/g, (c) => `\\${c}`)}'`;

describe('intrinsic functions', () => {
  it.each<[string, unknown]>([
    ["States.Format('Hello {}, {}.', $.s, $.i)", 'Hello text, 7.'],
    ["States.Format('{}', $.o)", '{Arg1=1, Arg2=[], Arg3={x=null, y=q}}'],
    ["States.Format('{} {} {} {}', $.z, $.t, $.n, $.list)", 'null true 1.5 [1, 2, 3, 4]'],
    ["States.Format('\\{\\} \\' \\\\ {}', 1)", "{} ' \\ 1"],
    ["States.Format('{ } {x} {}', 1)", '{ } {x} 1'],
    ['States.Format($.template, 1, $.s)', 'n=1 text'],
    ["States.Format('no arguments')", 'no arguments'],
    ["States.Format('{}', $$.State.Name)", 'Here'],
    ["States.Format('{}', States.MathAdd($x, 2))", '42'],
    ["States.Format('{} {} {} {}', 12345678.5, 0.00012, -1e30, 1e300)", '1.23456785E7 1.2E-4 -1.0E30 1.0E300'],
    ["States.Format('{}', 9007199254740992)", '9007199254740992'],
    ['States.StringToJson($.e)', null],
    ["States.StringToJson('  ')", null],
    ["States.StringToJson('-0')", 0],
    ["States.StringToJson('\\{\"a\":[1,2.5]\\}')", { a: [1, 2.5] }],
    ["States.StringToJson('{\"a\":1}')", { a: 1 }],
    ['States.JsonToString($.o)', '{"Arg1":1,"Arg2":[],"Arg3":{"x":null,"y":"q"}}'],
    ['States.JsonToString($.s)', '"text"'],
    ['States.Array()', []],
    ["States.Array($.s, 1, -2.5, true, false, null, 'x', States.Array($.i), $.list[:1])", ['text', 1, -2.5, true, false, null, 'x', [7], [1]]],
    ['States.ArrayPartition($.list, 3)', [[1, 2, 3], [4]]],
    ['States.ArrayPartition($.list, 2.4)', [[1, 2], [3, 4]]],
    ['States.ArrayPartition(States.Array(), 2)', []],
    ['States.ArrayContains($.list, 3)', true],
    ["States.ArrayContains($.list, '3')", false],
    ["States.ArrayContains($.mixed, States.StringToJson('{\"b\":[2],\"a\":1}'))", true],
    ['States.ArrayContains($.mixed, $.o)', false],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(1, 9, 9)', [1]],
    ['States.ArrayRange(5, 1, -2)', [5, 3, 1]],
    ['States.ArrayRange(5, 1, 2)', []],
    ['States.ArrayRange(0, 999, 1)', Array.from({ length: 1000 }, (_, i) => i)],
    ['States.ArrayGetItem($.list, 0)', 1],
    ['States.ArrayLength($.list)', 4],
    ['States.ArrayUnique($.mixed)', [1, '1', true, null, [], { a: 1, b: [2] }, { a: 1 }]],
    ["States.Base64Encode('größe')", 'Z3LDtsOfZQ=='],
    ["States.Base64Decode('Z3LDtsOfZQ==')", 'größe'],
    ["States.Base64Decode('Z3LDtsOfZQ')", 'größe'],
    ["States.Hash('input data', 'MD5')", '812f45842bc6d66ee14572ce20db8e86'],
    ["States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ["States.JsonMerge($.o, States.StringToJson('{\"Arg2\":{},\"B\":1}'), false)", { Arg1: 1, Arg2: {}, Arg3: { x: null, y: 'q' }, B: 1 }],
    ['States.MathAdd(1.5, 1.51)', 4],
    ['States.MathAdd(-0.5, 0.5)', 1],
    ['States.MathAdd(-1.5, 0)', -1],
    ['States.MathAdd(-0.4, 0)', 0],
    ['States.MathAdd(111, -11)', 100],
    ["States.StringSplit('a.b+c', '.+')", ['a', 'b', 'c']],
    ["States.StringSplit(',,a,,', ',')", ['a']],
    ["States.StringSplit('abc', '')", ['abc']],
    ["States.StringSplit('', ',')", []],
    [" States.Array( 1 , 'a' ) ".trim(), [1, 'a']],
  ])('%s', (text, expected) => {
    expect(run(text)).toStrictEqual(expected);
  });

  it('draw random numbers between the bounds, the same ones from the same seed', () => {
    expect(run('States.MathRandom(0, 10)')).toBe(5); // the frame's generator answers 0.5
    expect(run('States.MathRandom(0, 100, 42)')).toBe(30); // as java.util.Random draws
    expect(run('States.MathRandom(0, 100, 0)')).toBe(60);
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 1, max: 1e10 }), fc.integer(), (start, span, seed) => {
        const text = `States.MathRandom(${start}, ${start + span}, ${seed})`;
        const drawn = run(text) as number;
        expect(Number.isInteger(drawn) && drawn >= start && drawn < start + span).toBe(true);
        expect(run(text)).toBe(drawn);
      }),
    );
  });

  it('make version 4 UUIDs', () => {
    expect(run('States.UUID()')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(run('States.UUID()')).not.toBe(run('States.UUID()'));
  });

  it('take any text as a quoted string', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ' ', "'", '\\', '{', '}', '"', '\n', '$', ',', ')', 'é', '\ud800') }), (text) => {
        expect(run(`States.Array(${q(text)})`)).toEqual([text]);
        expect(run(`States.Format(${q(text)})`)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', "'", '\\', '{', 'é', '€', '🆗') }), (text) => {
        expect(run(`States.Base64Decode(States.Base64Encode(${q(text)}))`)).toBe(text);
      }),
    );
  });

  it('collect their paths, the inner calls\' included', () => {
    const { paths } = compileIntrinsic("States.Format('{} {}', $.a[?(@.x == ',)')], States.Array($$.b, $c.d))");
    expect(paths.map((path) => path.text)).toEqual(["$.a[?(@.x == ',)')]", '$$.b', '$c.d']);
  });

  it('treat __proto__ as data', () => {
    const data = { a: JSON.parse('{"__proto__":{"polluted":1}}') as Json, b: { c: 2 } };
    expect(JSON.stringify(run('States.JsonMerge($.b, $.a, false)', data))).toBe('{"c":2,"__proto__":{"polluted":1}}');
    expect(JSON.stringify(run('States.JsonMerge($.a, $.b, false)', data))).toBe('{"__proto__":{"polluted":1},"c":2}');
    expect(run("States.StringToJson('{\"__proto__\":1}')")).toHaveProperty(['__proto__'], 1);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('failures of intrinsic functions', () => {
  it.each([
    "States.Format('{} {}', 1)", "States.Format('{}', 1, 2)", "States.Format('', 1)", 'States.Format($.i, 1)', "States.StringToJson('{')", 'States.StringToJson($.i)', 'States.ArrayPartition($.list, 0)',
    'States.ArrayPartition($.s, 1)', 'States.ArrayContains($.o, 1)', 'States.ArrayRange(0, 1000, 1)', 'States.ArrayRange(0, 9, 0)', 'States.ArrayRange(0, 9, $.s)', 'States.ArrayGetItem($.list, 4)',
    'States.ArrayGetItem($.list, -1)', 'States.ArrayLength($.s)', 'States.ArrayUnique($.o)', 'States.Base64Encode($.i)', "States.Base64Decode('a')", "States.Base64Decode('****')", "States.Hash('x', 'SHA-3')",
    'States.JsonMerge($.o, $.o, true)', 'States.JsonMerge($.o, $.list, false)', "States.MathAdd('1', 1)", 'States.MathRandom(5, 5)', "States.MathRandom(0, 5, 'x')", 'States.StringSplit($.list, 1)',
    `States.Base64Encode(States.Format('{}', '${'x'.repeat(10_001)}'))`,
  ])('%s', (text) => {
    const fault = faultOf(() => run(text));
    expect(fault.error).toBe('States.IntrinsicFailure');
    expect(fault.terminal).toBe(false);
    expect(fault.cause).toMatch(/^An error occurred while executing the state 'Here' \(entered at the event id #0\)\. The function '/);
    expect(fault.cause).toContain(`The function '${text}' had the following error: Invalid arguments: `);
  });

  it('are States.Runtime for a missing argument, the whole expression named', () => {
    const small = { other: 1, items: [1, 2] };
    const cause = (text: string): string | undefined => {
      const fault = faultOf(() => run(text, small));
      expect(fault.error).toBe('States.Runtime');
      return fault.cause;
    };
    const here = "An error occurred while executing the state 'Here' (entered at the event id #0). ";
    const inside = `could not be found in the input '{"other":1,"items":[1,2]}'`;
    expect(cause("States.Format('{}', $.nope)")).toBe(`${here}The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument for the field '$.nope' ${inside}`);
    expect(cause("States.Format('{}', States.Format('{}', $.a.b))")).toBe(
      `${here}The function 'States.Format('{}', States.Format('{}', $.a.b))' had the following error: The JsonPath argument for the field '$.a.b' ${inside}`,
    );
    expect(cause("States.Format('{}', $.items[5])")).toContain(`The JsonPath argument for the field '$.items[5]' ${inside}`);
    expect(cause("States.Format('{}', $$.Nope.Deep)")).toContain(`The JsonPath argument for the field '$.Nope.Deep' ${inside}`);
    expect(cause("States.Format('{}', $.other[0])")).toContain('had the following error: Filter: [0] can only be applied to arrays. Current context is: 1');
    expect(run('States.ArrayLength($.items[*].nope)', small)).toBe(0);
  });

  it('end data that nests too deeply', () => {
    for (const text of ["States.Format('{}', $)", 'States.JsonToString($)', 'States.ArrayUnique($)']) {
      expect(faultOf(() => run(text, nestedArrays(100_000))).error).toBe('States.IntrinsicFailure');
    }
    expect(run('States.ArrayContains($, $[0])', nestedArrays(100_000))).toBe(true);
  });
});

describe('definitions that are refused', () => {
  it.each([
    '', 'States', 'States.Format', "States.Format(", 'States.Format()', "States.format('x')", 'States.Nope()', "States.Format('x'", "States.Format('x) ", "States.Format('x',)", "States.Format('x' 'y')",
    "States.Format('\\n')", "States.Format('\\\"')", 'States.Format("x")', 'States.Array(1, )', 'States.Array(abc)', 'States.Array($.)', 'States.Array($.a b)', 'States.UUID(1)', 'States.MathAdd(1)', 'States.MathAdd(1, 2, 3)',
    'States.MathRandom(1)', 'States.MathRandom(1,2,3,4)', 'States.JsonMerge($, $)', 'States.StringToJson()', 'States.ArrayRange(1,2)', "States.UUID() + 1", "States.Array(States.UUID()[0])", `${'States.Array('.repeat(50_000)}`,
  ])('%s', (text) => {
    expect(() => compileIntrinsic(text)).toThrow(IntrinsicSyntaxError);
  });
});
