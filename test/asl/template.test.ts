import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTemplate, TemplateSyntaxError } from '../../src/asl/template.ts';
import type { Json } from '../../src/asl/types.ts';
import { faultOf, frameOf } from './jsonpath/frame.ts';

const frame = frameOf({ context: { Execution: { Id: 'arn' } }, variables: { limit: 5 } });
const build = (template: Json, input: unknown): unknown => compileTemplate(template, 'Parameters').get(input, frame);

describe('payload templates', () => {
  it('put references in place and keep the order of keys', () => {
    const template = { a: 1, 'b.$': '$.x', c: { 'd.$': '$.y[0]', e: [{ 'f.$': '$' }, 'lit'] }, 'g.$': "States.Format('{}!', $.x)", 'h.$': '$$.Execution.Id', 'i.$': '$limit' };
    expect(JSON.stringify(build(template, { x: 'X', y: [2] }))).toBe('{"a":1,"b":"X","c":{"d":2,"e":[{"f":{"x":"X","y":[2]}},"lit"]},"g":"X!","h":"arn","i":5}');
  });

  it('leave text alone that only looks like a path', () => {
    const template = { a: '$.x', b: "States.UUID()", c: '$$', d: '{% $x %}' };
    expect(build(template, {})).toEqual(template);
  });

  it('build objects of any size', () => {
    for (let size = 0; size <= 9; size++) {
      const names = Array.from({ length: size }, (_, i) => `k${i}`);
      const template = Object.fromEntries(names.map((name) => [`${name}.$`, `$.${name}`]));
      const input = Object.fromEntries(names.map((name, i) => [name, i]));
      expect(JSON.stringify(build(template, input))).toBe(JSON.stringify(input));
    }
  });

  it('share a frozen constant', () => {
    const source: Json = { a: [1, { b: null }], c: 'x' };
    const template = compileTemplate(source, 'Parameters');
    const value = template.get({}, frame) as { a: [number, object] };
    expect(template).toMatchObject({ constant: true, references: 0, unbounded: false });
    expect(template.get({}, frame)).toBe(value);
    expect(value).toEqual(source);
    expect([value, value.a, value.a[1]].every(Object.isFrozen)).toBe(true);
    expect(Object.isFrozen(source)).toBe(false);
  });

  it('build a new object each time around frozen literals', () => {
    const template = compileTemplate({ 'a.$': '$.a', b: { c: [1] } }, 'Parameters');
    const one = template.get({ a: 1 }, frame) as { b: object };
    const two = template.get({ a: 1 }, frame) as { b: object };
    expect(one).not.toBe(two);
    expect(Object.isFrozen(one)).toBe(false);
    expect(one.b).toBe(two.b);
    expect(Object.isFrozen(one.b)).toBe(true);
  });

  it('treat __proto__ as data', () => {
    const template = JSON.parse('{"__proto__":{"a.$":"$.a"},"constructor":1,"x":{"__proto__":{"polluted":true}}}') as Json;
    expect(JSON.stringify(build(template, { a: 7 }))).toBe('{"__proto__":{"a":7},"constructor":1,"x":{"__proto__":{"polluted":true}}}');
    expect(JSON.stringify(build(JSON.parse('{"__proto__.$":"$.a","b.$":"$.a"}') as Json, { a: 7 }))).toBe('{"__proto__":7,"b":7}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('fail on a path that leads nowhere, in the words of AWS', () => {
    const fault = faultOf(() => build({ 'value.$': '$.no_such_jsonpath' }, { 'int-literal': 0 }));
    expect(fault).toMatchObject({
      error: 'States.Runtime',
      cause: "An error occurred while executing the state 'Here' (entered at the event id #0). The JSONPath '$.no_such_jsonpath' specified for the field 'value.$' could not be found in the input '{\"int-literal\":0}'",
      terminal: true,
    });
    expect(faultOf(() => build({ a: { 'value.$': '$$.Nope' } }, {})).cause).toContain(
      "The JSONPath '$$.Nope' specified for the field 'value.$' could not be found in the input '{\"Execution\":{\"Id\":\"arn\"}}'",
    );
  });

  it('take an index past the end for null and an empty selection for []', () => {
    expect(build({ 'a.$': '$.list[5]', 'b.$': '$.list[:1]', 'c.$': '$.gone[*].x' }, { list: [] })).toEqual({ a: null, b: [], c: [] });
  });

  it.each<[Json, string]>([
    [{ 'a.$': 1 }, '/a.$'],
    [{ 'a.$': '' }, '/a.$'],
    [{ 'a.$': 'text' }, '/a.$'],
    [{ 'a.$': '$.' }, '/a.$'],
    [{ 'a.$': 'States.Nope()' }, '/a.$'],
    [{ 'a.$': "States.Format('He said, \\\"Hello, {}!\\\"', 'x')" }, '/a.$'],
    [{ 'a.$': 'States.MathAdd(1)' }, '/a.$'],
    [{ a: [{ 'b~/c.$': '$[' }] }, '/a/0/b~0~1c.$'],
  ])('refuse %j', (template, pointer) => {
    try {
      compileTemplate(template, 'Parameters');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateSyntaxError);
      expect(error).toMatchObject({ pointer, field: 'Parameters' });
      expect((error as Error).message).toMatch(/^The value for the field '.*\.\$' must be a valid JSONPath or a valid intrinsic function call$/);
    }
  });

  it('refuse what nests without end', () => {
    let deep: Json = {};
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(() => compileTemplate(deep, 'Parameters')).toThrow(TemplateSyntaxError);
  });

  it('say how large their output can be', () => {
    const leaf = fc.constantFrom<[string, Json]>(['a.$', '$'], ['b.$', '$.x'], ['c.$', '$.list[3]'], ['d', 'é"'], ['e', 12.5], ['f', [1, { 'g.$': '$.x.y' }]], ['h', {}]);
    const template = fc.array(leaf, { maxLength: 6 }).map((entries) => Object.fromEntries(entries));
    fc.assert(
      fc.property(fc.oneof(template, template.map((inner) => ({ inner, list: [inner, null] }))), fc.jsonValue(), (source, x) => {
        const input = { x: { y: x }, list: [] };
        const compiled = compileTemplate(source, 'Parameters');
        const bytes = Buffer.byteLength(JSON.stringify(compiled.get(input, frame)));
        expect(compiled.unbounded).toBe(false);
        expect(bytes).toBeLessThanOrEqual(compiled.literalBytes + compiled.references * Buffer.byteLength(JSON.stringify(input)));
      }),
    );
  });

  it('say when they cannot say', () => {
    for (const path of ['$$.Execution', '$limit', '$..*', '$[*]', '$[0,0,0]', '$.a.keys()', 'States.Array($, $)']) {
      expect(compileTemplate({ 'a.$': path }, 'Parameters')).toMatchObject({ unbounded: true, references: 1 });
    }
  });
});
