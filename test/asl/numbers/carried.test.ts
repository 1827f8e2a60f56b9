import { afterEach, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, type Engine } from '../../../src/engine.ts';

let engine: Engine | undefined;
const folders: string[] = [];
afterEach(async () => {
  await engine?.close(0);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** One machine on the real pool; definitions and inputs are texts, since values could not say `1.0`. */
async function outcome(definition: string, input: string, more: Partial<Parameters<typeof createEngine>[0]> = {}, machine: object = {}): Promise<{ output?: string | undefined; error?: string | undefined; cause?: string | undefined }> {
  engine = await createEngine({ machines: { m: { definition, ...machine } }, workers: 1, dataDir: null, ...more });
  return engine.startSync('m', Buffer.from(input));
}

const one = (state: string, language = 'JSONPath'): string => `{"QueryLanguage":"${language}","StartAt":"S","States":{"S":${state}}}`;
const output = async (state: string, input: string, language?: string): Promise<string | undefined> => {
  const { output: text, cause } = await outcome(one(state, language), input);
  return text ?? cause;
};

const INPUT = '{"a":1.0,"big":12345678901234567890,"list":[1.0,2,3.50,1e3],"o":{"x":1e10}}';
const PRINTED = '{"a":1.0,"big":12345678901234567890,"list":[1.0,2,3.5,1000.0],"o":{"x":1.0E10}}';

describe('numbers that are only carried', () => {
  it.each([
    ['a Pass', '{"Type":"Pass","End":true}', PRINTED],
    ['paths', '{"Type":"Pass","Parameters":{"a.$":"$.a","all.$":"$.list[*]","last.$":"$.list[-1]","deep.$":"$..x","cut.$":"$.list[2:]"},"End":true}', '{"a":1.0,"all":[1.0,2,3.5,1000.0],"last":1000.0,"deep":[1.0E10],"cut":[3.5,1000.0]}'],
    ['InputPath and OutputPath', '{"Type":"Pass","InputPath":"$.o","OutputPath":"$.x","End":true}', '1.0E10'],
    ['ResultPath', '{"Type":"Pass","InputPath":"$.a","ResultPath":"$.o.y","End":true}', PRINTED.replace('1.0E10}', '1.0E10,"y":1.0}')],
    ['the context object', '{"Type":"Pass","Parameters":{"in.$":"$$.Execution.Input.big"},"End":true}', '{"in":12345678901234567890}'],
    ['literals', '{"Type":"Pass","Parameters":{"x":1.0,"l":[1e3,{"y":2.50}],"a.$":"$.a"},"End":true}', '{"x":1.0,"l":[1000.0,{"y":2.5}],"a":1.0}'],
    ['a Result', '{"Type":"Pass","Result":{"x":1.0,"big":12345678901234567891},"End":true}', '{"x":1.0,"big":12345678901234567891}'],
    ['variables', '{"Type":"Pass","Assign":{"v.$":"$.list","w":2.0},"Next":"T"},"T":{"Type":"Pass","Parameters":{"v.$":"$v[0]","w.$":"$w"},"End":true}', '{"v":1.0,"w":2.0}'],
    ['Map', '{"Type":"Map","ItemsPath":"$.list","ItemSelector":{"v.$":"$$.Map.Item.Value"},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}', '[{"v":1.0},{"v":2},{"v":3.5},{"v":1000.0}]'],
    ['Parallel', '{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Pass","InputPath":"$.a","End":true}}},{"StartAt":"C","States":{"C":{"Type":"Pass","Result":7.0,"End":true}}}],"End":true}', '[1.0,7.0]'],
    ['Wait', '{"Type":"Wait","Seconds":0,"End":true}', PRINTED],
  ])('keep their text through %s', async (_, state, expected) => expect(await output(state, INPUT)).toBe(expected));

  it.each([
    ['Output left out', '{"Type":"Pass","End":true}', PRINTED],
    ['plain paths and literals', '{"Type":"Pass","Output":{"a":"{% $states.input.a %}","x":1.0,"n":"{% $states.input.o.x + 1 %}"},"End":true}', '{"a":1.0,"x":1.0,"n":10000000001}'],
    ['the whole input', '{"Type":"Pass","Output":"{% $states.input %}","End":true}', PRINTED],
    ['computing', '{"Type":"Pass","Assign":{"v":"{% $states.input.a %}"},"Output":"{% $sum($states.input.list) %}","Next":"T"},"T":{"Type":"Pass","Output":"{% [$v + 1, $type($v), $states.input = 1006.5] %}","End":true}', '[2,"number",true]'],
    ['Seconds', '{"Type":"Wait","Seconds":"{% $states.input.a - 1 %}","Output":"{% $states.input.a %}","End":true}', '1.0'],
  ])('in JSONata: %s', async (_, state, expected) => expect(await output(state, INPUT, 'JSONata')).toBe(expected));
});

describe('intrinsic functions', () => {
  it.each([
    ["States.Format('{} {} {} {}', $.a, $.big, $.o, 1.0)", '"1.0 12345678901234567890 {x=1.0E10} 1.0"'],
    ['States.JsonToString($)', JSON.stringify(PRINTED)],
    ["States.StringToJson('[1.0, 1e3, 12345678901234567890, -0]')", '[1.0,1000.0,12345678901234567890,0]'],
    ["States.StringToJson('-0')", '0'],
    ["States.StringToJson('1.0')", '1.0'],
    ['States.JsonMerge($.o, $, false)', `{"x":1.0E10,${PRINTED.slice(1)}`],
    ['States.Array($.a, 2.0, $.big)', '[1.0,2.0,12345678901234567890]'],
    ['States.ArrayPartition($.list, 3.0)', '[[1.0,2,3.5],[1000.0]]'],
    ['States.ArrayGetItem($.list, $.a)', '2'],
    ['States.ArrayContains($.list, 1)', 'true'],
    ['States.ArrayContains($.list, 2.0)', 'true'],
    ['States.ArrayContains(States.Array($.big), 12345678901234567891)', 'false'],
    ['States.ArrayUnique(States.Array(1, 1.0, $.a, $.big, 12345678901234567890, 12345678901234567891, $.o, $.o))', '[1,12345678901234567890,12345678901234567891,{"x":1.0E10}]'],
    ['States.ArrayLength($.list)', '4'],
    ['States.ArrayRange($.a, 3.0, 1.0)', '[1,2,3]'],
    ['States.MathAdd($.a, 1.5)', '3'],
    ["States.Hash($.a, 'MD5')", '"e4c2e8edac362acab7123654b9e73432"'],
    ['States.JsonMerge($.a, $.o, false)', /must be a JSON object/],
    ['States.ArrayLength($.a)', /must be an array/],
    ['States.Base64Encode($.a)', /must be a string/],
  ])('%s', async (call, expected) => {
    const text = await output(`{"Type":"Pass","Parameters":{"r.$":${JSON.stringify(call)}},"End":true}`, INPUT);
    if (typeof expected === 'string') expect(text).toBe(`{"r":${expected}}`);
    else expect(text).toMatch(expected);
  });
});

describe('what computes and compares', () => {
  const choose = (rule: string, input: string): Promise<string | undefined> =>
    output(`{"Type":"Choice","Choices":[{${rule},"Next":"Yes"}],"Default":"No"},"Yes":{"Type":"Pass","Result":true,"End":true},"No":{"Type":"Pass","Result":false,"End":true}`, input);

  it.each([
    ['"Variable":"$.a","NumericEquals":1', true], ['"Variable":"$.i","NumericEquals":1.0', true], ['"Variable":"$.a","NumericEquals":1.0', true], ['"Variable":"$.a","NumericEqualsPath":"$.i"', true],
    ['"Variable":"$.i","NumericEqualsPath":"$.a"', true], ['"Variable":"$.a","NumericGreaterThan":0', true], ['"Variable":"$.a","NumericGreaterThan":1', false],
    ['"Variable":"$.a","NumericGreaterThanEquals":1', true], ['"Variable":"$.a","NumericLessThan":1e3', true], ['"Variable":"$.a","NumericLessThanEquals":0.5', false], ['"Variable":"$.a","NumericLessThanEqualsPath":"$.big"', true],
    ['"Variable":"$.big","NumericEquals":12345678901234567890', true], ['"Variable":"$.big","NumericEquals":12345678901234567891', false], ['"Variable":"$.big","NumericLessThan":12345678901234567891', true],
    ['"Variable":"$.a","IsNumeric":true', true], ['"Variable":"$.a","IsString":true', false], ['"Variable":"$.a","IsNull":true', false], ['"Variable":"$.a","IsBoolean":true', false], ['"Variable":"$.a","IsPresent":true', true], ['"Variable":"$.a.text","IsPresent":true', false], ['"Variable":"$.a.toJSON","IsPresent":true', false],
    ['"Variable":"$.a","StringEquals":"1.0"', false], ['"Variable":"$.a","BooleanEquals":true', false], ['"Not":{"Variable":"$.a","NumericEquals":2.0}', true],
  ])('a choice: %s', async (rule, holds) => expect(await choose(rule, '{"a":1.0,"i":1,"big":12345678901234567890}')).toBe(String(holds)));

  it.each([
    ['$.l[?(@.n == 1)].k', '["a","b"]'], ['$.l[?(@.n == 1.0)].k', '["a","b"]'], ['$.l[?(@.n === 1)].k', '["a","b"]'], ['$.l[?(@.n != 1)].k', '["c"]'], ['$.l[?(@.n > 1)].k', '["c"]'], ['$.l[?(@.n >= 1.0)].k', '["a","b","c"]'],
    ['$.l[?(@.n in [1, 2.5])].k', '["a","b","c"]'], ["$.l[?(@.n == '1')].k", '["a","b"]'], ['$.l[?(@.n =~ /1.*/)].k', '["a","b"]'], ['$.l[?(@.big == 12345678901234567890)].k', '["a"]'], ['$.l[?(@.big == 12345678901234567891)].k', '[]'],
    ['$.l[*].n.length()', '[null,null,null]'], ['$.numbers.sum()', '7'], ['$.numbers.max()', '5'], ['$.numbers.min()', '2'], ['$.numbers.avg()', '3.5'], ['$..n', '[1.0,1,2.5]'], ['$.l[0].n..*', '[]'], ['$.l[0].n[?(@)]', '[]'], ["$.l[0].n['a','b']", /could not be found/],
  ])('a path: %s', async (path, expected) => {
    const text = await output(`{"Type":"Pass","Parameters":{"r.$":${JSON.stringify(path)}},"End":true}`, '{"l":[{"k":"a","n":1.0,"big":12345678901234567890},{"k":"b","n":1},{"k":"c","n":2.5}],"numbers":[2.0,5e0]}');
    if (typeof expected === 'string') expect(text).toBe(`{"r":${expected}}`);
    else expect(text).toMatch(expected);
  });

  it.each([
    ['{"Type":"Wait","SecondsPath":"$.zero","End":true}', '{"zero":0.0}'],
    ['{"Type":"Map","ItemsPath":"$.l","MaxConcurrencyPath":"$.n","ToleratedFailureCountPath":"$.n","ToleratedFailurePercentagePath":"$.n","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"ResultPath":null,"End":true}', '{"l":[1],"n":2.0}'],
    ['{"Type":"Pass","End":true,"Comment":"x"},"T":{"Type":"Task","Resource":"f","Retry":[{"ErrorEquals":["E"],"BackoffRate":2.0,"IntervalSeconds":1.0}],"End":true}', '{"n":2.0}'],
  ])('settings: %s', async (state, input) => {
    const text = await output(state.includes('"T":') ? state.replace('"End":true,"Comment":"x"', '"Next":"T"').replace('"Type":"Task","Resource":"f"', '"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}],"ResultPath":null') : state, input);
    expect(text).toBe(input);
  });

  it.each([
    ['{"Type":"Wait","SecondsPath":"$.n","End":true}', '{"n":-1.0}', /references a negative value: \$\.n == -1/],
    ['{"Type":"Wait","TimestampPath":"$.n","End":true}', '{"n":1.0}', /format string: \$\.n == 1\.0$/],
    ['{"Type":"Pass","InputPath":"$.n.x","End":true}', '{"n":1.0}', /Property \['x'\] not found in path/],
    ['{"Type":"Pass","Parameters":{"x.$":"$.y"},"End":true}', '{"n":1.0,"b":12345678901234567890}', /could not be found in the input '\{"n":1\.0,"b":12345678901234567890\}'/],
    ['{"Type":"Fail","ErrorPath":"$.n"}', '{"n":1.0}', /must resolve to a string, but it was: 1\.0/],
    ['{"Type":"Pass","Result":1,"ResultPath":"$.n.x","End":true}', '{"n":1.0}', /Unable to apply step "x" to input \{"n":1\.0\}/],
  ])('causes: %s', async (state, input, cause) => expect(await output(state, input)).toMatch(cause));

  it('a function and a schema see plain numbers', async () => {
    const functions = mkdtempSync(join(tmpdir(), 'millrace-numbers-'));
    folders.push(functions);
    writeFileSync(join(functions, 'f.mjs'), 'export const handler = (event) => ({ kinds: Object.values(event).map((v) => typeof v), sum: event.a + event.b });\n');
    const result = await outcome(one('{"Type":"Task","Resource":"f","ResultPath":"$.r","End":true}'), '{"a":1.0,"b":2.50}', { functions }, { inputSchema: '{"type":"object","properties":{"a":{"type":"integer"}}}' });
    expect(result.output).toBe('{"a":1.0,"b":2.5,"r":{"kinds":["number","number"],"sum":3.5}}');
  });
});
