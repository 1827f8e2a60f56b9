import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/asl/numbers/parse-json.ts';
import { checkPattern } from '../../src/filter/check.ts';
import { compilePattern } from '../../src/filter/pattern.ts';

type Fault = readonly [pointer: string, message: string];

/** A pattern, and all its faults: pointer and message. */
const FAULTY: readonly (readonly [pattern: string, ...faults: Fault[]])[] = [
  ['null', ['', 'Filter is not an object']],
  ['"x"', ['', 'Filter is not an object']],
  ['1.0', ['', 'Filter is not an object']],
  ['[{"a":["x"]}]', ['', 'Filter is not an object']],
  ['{}', ['', 'Empty objects are not allowed']],
  ['{"a":{"b":{}}}', ['/a/b', 'Empty objects are not allowed']],
  ['{"a":1.0}', ['/a', '"a" must be an object or an array']],
  ['{"a":{"prefix":"x"}}', ['/a/prefix', '"prefix" must be an object or an array']],
  ['{"a":[]}', ['/a', 'Empty arrays are not allowed']],
  ['{"a":["x",["y"]]}', ['/a/1', 'Match value must be String, number, true, false, or null']],
  ['{"a":[{}]}', ['/a/0', 'Match expression name not found']],
  ['{"a":[{"like":"x"}]}', ['/a/0/like', 'Unrecognized match type like']],
  ['{"a":[{"__proto__":"x"},{"constructor":"x"}]}', ['/a/0/__proto__', 'Unrecognized match type __proto__'], ['/a/1/constructor', 'Unrecognized match type constructor']],
  ['{"a":[{"prefix":"x","suffix":"y"}]}', ['/a/0/suffix', 'Only one key allowed in match expression']],
  ['{"a":[{"numeric":["=",1],"cidr":"x"}]}', ['/a/0/cidr', 'Too many elements in numeric expression']],
  ['{"a":[{"anything-but":1,"prefix":"x"}]}', ['/a/0/prefix', 'Too many elements in numeric expression']],
  ['{"a":[{"prefix":1.0}]}', ['/a/0/prefix', 'prefix match pattern must be a string']],
  ['{"a":[{"suffix":null}]}', ['/a/0/suffix', 'suffix match pattern must be a string']],
  ['{"a":[{"prefix":["x"]}]}', ['/a/0/prefix', 'prefix match pattern must be a string']],
  ['{"a":[{"prefix":{}}]}', ['/a/0/prefix', 'Prefix expression name not found']],
  ['{"a":[{"suffix":{}}]}', ['/a/0/suffix', 'Suffix expression name not found']],
  ['{"a":[{"suffix":{"wildcard":"x"}}]}', ['/a/0/suffix/wildcard', 'Unsupported suffix pattern: wildcard']],
  ['{"a":[{"prefix":{"equals-ignore-case":1}}]}', ['/a/0/prefix/equals-ignore-case', 'equals-ignore-case match pattern must be a string']],
  ['{"a":[{"prefix":{"equals-ignore-case":"x","y":1}}]}', ['/a/0/prefix/y', 'Only one key allowed in match expression']],
  ['{"a":[{"equals-ignore-case":["x"]}]}', ['/a/0/equals-ignore-case', 'equals-ignore-case match pattern must be a string']],
  ['{"a":[{"exactly":1}]}', ['/a/0/exactly', 'exact match pattern must be a string']],
  ['{"a":[{"exists":"true"}]}', ['/a/0/exists', 'exists match pattern must be either true or false.']],
  ['{"a":[{"wildcard":1}]}', ['/a/0/wildcard', 'wildcard match pattern must be a string']],
  ['{"a":[{"wildcard":"é**"}]}', ['/a/0/wildcard', 'Consecutive wildcard characters at pos 3']],
  [String.raw`{"a":[{"wildcard":"\\\\\\*\\"}]}`, ['/a/0/wildcard', 'Invalid escape character at pos 5']],
  [String.raw`{"a":[{"wildcard":"x\\y"}]}`, ['/a/0/wildcard', 'Invalid escape character at pos 2']],
  ['{"a":[{"anything-but":null}]}', ['/a/0/anything-but', 'Value of anything-but must be an array or single string/number value.']],
  ['{"a":[{"anything-but":["x",true]}]}', ['/a/0/anything-but/1', 'Inside anything but list, start|null|boolean is not supported.']],
  ['{"a":[{"anything-but":[{"prefix":"x"}]}]}', ['/a/0/anything-but/0', 'Inside anything but list, start|null|boolean is not supported.']],
  ['{"a":[{"anything-but":["x",1.0]}]}', ['/a/0/anything-but', 'Inside anything but list, either all values are number or string, mixed type is not supported']],
  ['{"a":[{"anything-but":[]}]}', ['/a/0/anything-but', 'Inside anything but list, either all values are number or string, mixed type is not supported']],
  ['{"a":[{"anything-but":{}}]}', ['/a/0/anything-but', 'Anything-But expression name not found']],
  ['{"a":[{"anything-but":{"numeric":["=",1]}}]}', ['/a/0/anything-but/numeric', 'Unsupported anything-but pattern: numeric']],
  ['{"a":[{"anything-but":{"prefix":["x",""]}}]}', ['/a/0/anything-but/prefix/1', 'Null prefix/suffix not allowed']],
  ['{"a":[{"anything-but":{"suffix":""}}]}', ['/a/0/anything-but/suffix', 'Null prefix/suffix not allowed']],
  ['{"a":[{"anything-but":{"prefix":[]}}]}', ['/a/0/anything-but/prefix', 'Empty arrays are not allowed']],
  ['{"a":[{"anything-but":{"prefix":null}}]}', ['/a/0/anything-but/prefix', 'Value of anything-but must be an array or single string/number value.']],
  ['{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]}', ['/a/0/anything-but/prefix', 'Value of anything-but must be an array or single string/number value.']],
  ['{"a":[{"anything-but":{"suffix":1.0}}]}', ['/a/0/anything-but/suffix', 'prefix/suffix match pattern must be a string']],
  ['{"a":[{"anything-but":{"wildcard":[1]}}]}', ['/a/0/anything-but/wildcard/0', 'wildcard match pattern must be a string']],
  ['{"a":[{"anything-but":{"wildcard":["x","**"]}}]}', ['/a/0/anything-but/wildcard/1', 'Consecutive wildcard characters at pos 1']],
  ['{"a":[{"anything-but":{"equals-ignore-case":[true]}}]}', ['/a/0/anything-but/equals-ignore-case/0', 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.']],
  ['{"a":[{"anything-but":{"prefix":"x","suffix":"y"}}]}', ['/a/0/anything-but/suffix', 'Too many elements in numeric expression']],
  ['{"a":[{"numeric":1.0}]}', ['/a/0/numeric', 'Value of numeric must be an array.']],
  ['{"a":[{"numeric":[]}]}', ['/a/0/numeric', 'Invalid member in numeric match: ]']],
  ['{"a":[{"numeric":[5]}]}', ['/a/0/numeric/0', 'Invalid member in numeric match: 5']],
  ['{"a":[{"numeric":[{"x":1},5]}]}', ['/a/0/numeric/0', 'Invalid member in numeric match: {']],
  ['{"a":[{"numeric":["~",5]}]}', ['/a/0/numeric/0', 'Unrecognized numeric range operator: ~']],
  ['{"a":[{"numeric":["constructor",5]}]}', ['/a/0/numeric/0', 'Unrecognized numeric range operator: constructor']],
  ['{"a":[{"numeric":["=","5"]}]}', ['/a/0/numeric/1', 'Value of equals must be numeric']],
  ['{"a":[{"numeric":["<="]}]}', ['/a/0/numeric/1', 'Value of <= must be numeric']],
  ['{"a":[{"numeric":["=",1,"<",2]}]}', ['/a/0/numeric/2', 'Too many elements in numeric expression']],
  ['{"a":[{"numeric":["<",5,">",0]}]}', ['/a/0/numeric/2', 'Too many elements in numeric expression']],
  ['{"a":[{"numeric":[">",5,6]}]}', ['/a/0/numeric/2', 'Bad value in numeric range: 6']],
  ['{"a":[{"numeric":[">",5,"=",6]}]}', ['/a/0/numeric/2', 'Bad numeric range operator: =']],
  ['{"a":[{"numeric":[">",5,"<",null]}]}', ['/a/0/numeric/3', 'Value of < must be numeric']],
  ['{"a":[{"numeric":[">=",5.0,"<=",5]}]}', ['/a/0/numeric', 'Bottom must be less than top']],
  ['{"a":[{"numeric":[">",1,"<",2,"<"]}]}', ['/a/0/numeric/4', 'Too many terms in numeric range expression']],
  ['{"a":[{"cidr":5}]}', ['/a/0/cidr', 'prefix match pattern must be a string']],
  ['{"a":[{"cidr":"10.0.0.1"}]}', ['/a/0/cidr', "Malformed CIDR, one '/' required"]],
  ['{"a":[{"cidr":"10.0.0.1/8/8"}]}', ['/a/0/cidr', "Malformed CIDR, one '/' required"]],
  ['{"a":[{"cidr":"10.0.0.1/"}]}', ['/a/0/cidr', "Malformed CIDR, one '/' required"]],
  ['{"a":[{"cidr":"10.0.0.1/x"}]}', ['/a/0/cidr', 'Malformed CIDR, mask bits must be an integer']],
  ['{"a":[{"cidr":"10.0.0.1/-1"}]}', ['/a/0/cidr', 'Malformed CIDR, mask bits must not be negative']],
  ['{"a":[{"cidr":"10.0.0.1/32"}]}', ['/a/0/cidr', 'IPv4 mask bits must be < 32']],
  ['{"a":[{"cidr":"::1/128"}]}', ['/a/0/cidr', 'IPv6 mask bits must be < 128']],
  ['{"a":[{"cidr":"10.0.0.300/8"}]}', ['/a/0/cidr', 'Invalid IP address: 10.0.0.300']],
  ['{"a":[{"cidr":"host/8"}]}', ['/a/0/cidr', 'Nonstandard IP address: host']],
  ['{"$or":{"a":["x"]}}', ['/$or', 'It must be an Array followed with $or.']],
  ['{"$or":[{"a":["x"]}]}', ['/$or', 'There must have at least 2 Objects in $or relationship.']],
  ['{"$or":[{"a":["x"]},["y"]]}', ['/$or/1', 'Only JSON object is allowed in array of $or relationship.']],
  ['{"$or":[{"a":["x"]},{}]}', ['/$or/1', 'Empty objects are not allowed']],
  ['{"$or":[{"a":["x"]},{"b":{"cidr":["y"]}}]}', ['/$or/1/b/cidr', 'cidr is Ruler reserved fieldName which cannot be used inside $or.']],
  ['{"$or":[{"a":["x"]},{"regex":["y"]}]}', ['/$or/1/regex', 'regex is Ruler reserved fieldName which cannot be used inside $or.']],
  ['{"a":["x"],"$or":[{"a":["y"]},{"b":["z"]}]}', ['/$or/0/a', 'Path `a` cannot be allowed multiple times']],
  ['{"$or":[{"d":{"a":["y"]}},{"b":["z"]}],"d":{"a":["x"]}}', ['/d/a', 'Path `d.a` cannot be allowed multiple times']],
  ['{"d":{"$or":[{"a":["y"]},{"b":["z"]}]},"$or":[{"d":{"b":["x"]}},{"d":{"c":["x"]}}]}', ['/$or/0/d/b', 'Path `d.b` cannot be allowed multiple times']],
  ['{"d":["x"],"$or":[{"d":{"a":["y"]}},{"b":["z"]}]}', ['/$or/0/d/a', 'Path `d` cannot be allowed multiple times']],
  ['{"d":{"a":["x"]},"$or":[{"d":["y"]},{"b":["z"]}]}', ['/$or/0/d', 'Path `d` cannot be allowed multiple times']],
  ['{"a~/b":[],"c":[{"like":1},{"exists":0}],"d":5,"$or":[]}', ['/a~0~1b', 'Empty arrays are not allowed'], ['/c/0/like', 'Unrecognized match type like'], ['/c/1/exists', 'exists match pattern must be either true or false.'], ['/d', '"d" must be an object or an array'], ['/$or', 'There must have at least 2 Objects in $or relationship.']],
];

describe('checkPattern', () => {
  it.each(FAULTY.map(([source, ...faults]) => ({ source, faults })))('says of $source what is wrong and where', ({ source, faults }) => {
    expect(checkPattern(parseJson(source)).map(({ pointer, message }) => [pointer, message])).toEqual(faults);
  });

  it('answers nothing for a pattern without faults', () => {
    expect(checkPattern({ a: ['x', 1, null, { prefix: '' }, { suffix: { 'equals-ignore-case': '' } }], b: { $or: [{ c: [true] }, { c: [false], d: [1] }] } })).toEqual([]);
  });

  it.each([
    ['{"state":"running"}', 'What a field may be is a list: ["running"].'],
    ['{"state":{"prefix":"run"}}', 'A match expression stands in the list of its field: [{"prefix": "run"}].'],
    ['{"a":[{"like":"x"}]}', 'The match types are prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, cidr, exists, exactly.'],
    ['{"a":[{"cidr":"10.0.0.1/32"}]}', 'For one address write it without a mask, as a value: "10.0.0.1".'],
    ['{"a":[]}', 'To ask for a field that is not there: [{"exists": false}].'],
  ])('hints for %s at what to do', (source, hint) => {
    expect(checkPattern(JSON.parse(source))[0]?.hint).toBe(hint);
  });

  it('refuses numbers that no double holds, and what YAML can write besides', () => {
    expect(checkPattern({ a: [Number.POSITIVE_INFINITY, { numeric: ['>', Number.NaN] }, { 'anything-but': Number.NEGATIVE_INFINITY }, undefined] }).map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
      '/a/0 Cannot compare number : Infinity',
      '/a/1/numeric/1 Cannot compare number : NaN',
      '/a/2/anything-but Cannot compare number : -Infinity',
      '/a/3 Match value must be String, number, true, false, or null',
    ]);
  });

  it('holds numbers to the documented limits in strict compatibility only', () => {
    const pattern = parseJson('{"a":[{"numeric":[">",-5000000001]},{"numeric":[">=",0.1234567,"<",5e9]},{"anything-but":[1.5,5000000000.1]},{"numeric":["<=",123456789.123456]},6e9]}');
    expect(checkPattern(pattern)).toEqual([]);
    expect(checkPattern(pattern, { compatibility: 'strict' }).map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
      '/a/0/numeric/1 Value must be between -5.0E9 and 5.0E9, inclusive',
      '/a/1/numeric/1 Cannot compare number : 0.1234567',
      '/a/2/anything-but/1 Value must be between -5.0E9 and 5.0E9, inclusive',
    ]);
  });

  it('takes a thousand combinations and no more', () => {
    const choice = (branches: number, key: string): object => ({ $or: Array.from({ length: branches }, (_, i) => ({ [`${key}${i}`]: [i] })) });
    const most = { x: choice(10, 'a'), y: choice(10, 'b'), ...choice(10, 'c') };
    expect(checkPattern(most)).toEqual([]);
    expect(compilePattern(most)({ x: { a3: 3 }, y: { b4: 4 }, c5: 5 })).toBe(true);
    expect(checkPattern({ ...most, z: choice(2, 'd') })).toEqual([{ pointer: '', message: 'The pattern has more than 1000 rule combinations', hint: 'The lengths of all $or lists multiply.' }]);
  });
});
