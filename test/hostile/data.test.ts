import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Json } from '../../src/asl/types.ts';
import { HostileEngine, jsonata, only } from './hostile-engine.ts';

vi.setConfig({ testTimeout: 120_000 });

let engine: HostileEngine;
beforeAll(async () => {
  engine = await HostileEngine.create();
});
afterAll(() => engine.close());

const DEPTH = 100_000;
const arrays = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;
const objects = `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`;

describe('input that nests a hundred thousand levels deep', () => {
  it.each<[string, Json, string]>([
    ['is passed on', only({ Type: 'Pass' }), arrays],
    ['is put into a template', only({ Type: 'Pass', Parameters: { 'x.$': '$' } }), `{"x":${arrays}}`],
    ['is an item of a Map', only({ Type: 'Map', ItemProcessor: { StartAt: 'X', States: { X: { Type: 'Pass', End: true } } } }), arrays],
    ['is found by a descent', only({ Type: 'Pass', InputPath: '$..x' }), '[]'],
    ['is a variable', { StartAt: 'A', States: { A: { Type: 'Pass', Assign: { 'v.$': '$' }, Next: 'B' }, B: { Type: 'Pass', InputPath: '$v', End: true } } }, arrays],
    ['is passed on by JSONata', jsonata('{"x": $states.input}'), `{"x":${arrays}}`],
  ])('%s', async (_name, machine, output) => {
    const ending = await engine.run(machine, arrays);
    expect(ending.status).toBe('SUCCEEDED');
    expect(ending.output === output).toBe(true);
  });
  it.each<[string, Json, string]>([
    ['cannot be printed', only({ Type: 'Pass', Parameters: { 'x.$': 'States.JsonToString($)' } }), 'States.IntrinsicFailure'],
    ['cannot be formatted', only({ Type: 'Pass', Parameters: { 'x.$': "States.Format('{}', $)" } }), 'States.IntrinsicFailure'],
    ['cannot be hashed', only({ Type: 'Pass', Parameters: { 'x.$': "States.Hash($, 'MD5')" } }), 'States.IntrinsicFailure'],
    ['is elided where a path leads nowhere', only({ Type: 'Pass', Parameters: { 'x.$': '$.nope' } }), 'States.Runtime'],
    ['takes no member', only({ Type: 'Pass', Result: 1, ResultPath: '$[0].x' }), 'States.ResultPathMatchFailure'],
    ['is no array to iterate over', only({ Type: 'Map', ItemProcessor: { StartAt: 'X', States: { X: { Type: 'Pass', End: true } } } }, 'JSONata'), 'States.QueryEvaluationError'],
    ['is no condition', only({ Type: 'Choice', Choices: [{ Condition: '{% $states.input %}', Next: 'B' }] }, 'JSONata'), 'States.QueryEvaluationError'],
    ['is no text for JSONata', jsonata('$string($states.input)'), 'States.QueryEvaluationError'],
    ['is too deep to be cloned', jsonata('$clone($states.input)'), 'States.QueryEvaluationError'],
    ['is too deep for the library', jsonata('$states.input#$i.$i'), 'States.QueryEvaluationError'],
  ])('%s', async (_name, machine, error) => {
    expect(await engine.run(machine, objects)).toMatchObject({ status: 'FAILED', error });
  });
});

describe('a path that is expensive', () => {
  const wide = { a: Array.from({ length: 8000 }, (_, i) => ({ x: i, y: `t${i}` })) };
  const long = { t: 'a'.repeat(100_000), u: 'a'.repeat(100_000), o: Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, 1])), l: Array.from({ length: 10_000 }, () => 1) };
  it.each<[string, Json]>([
    ['$.a[?(@.x == $.a[*].x)]', wide],
    ['$.a[?($.a[?($.a[?(@.x)])])]', wide],
    ['$.a[?($..y contains "zzz")]', wide],
    ['$.a[?($.a.concat() == "x")]', wide],
    ['$.a[?($.a.keys() == "x")]', wide],
    ['$.a[?($..x.sum() > 1)]', wide],
    ['$.a[?($.a subsetof $.a)]', wide],
    ['$.l[?($.t contains "zzz")]', long],
    ['$.l[?($.t == $.u)]', long],
    ['$.l[?($.t =~ /(a+)+b/)]', long],
    ['$.l[?($.o empty true)]', long],
    ['$.l[?(@ == $.t)]', { ...long, t: '1'.repeat(100_000) }],
  ])('ends with States.Runtime: %s', async (path, input) => {
    const ending = await engine.run(only({ Type: 'Pass', InputPath: path }), input);
    expect(ending).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(ending.cause).toContain('visits more than');
  });
  it('searches patterns of many asterisks in one pass', async () => {
    const rule = (StringMatches: string): Json => only({ Type: 'Choice', Choices: [{ Variable: '$.t', StringMatches, Next: 'B' }] });
    expect(await engine.run(rule(`${'*a'.repeat(200_000)}b`), long)).toMatchObject({ error: 'States.NoChoiceMatched' });
    expect(await engine.run(rule(`${'*a'.repeat(50_000)}*`), long)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await engine.run(rule(`*${'ab'.repeat(30_000)}ba${'ab'.repeat(15_000)}*`), { t: 'ab'.repeat(100_000) })).toMatchObject({ error: 'States.NoChoiceMatched' });
  });
});

describe('an intrinsic function with a huge result', () => {
  it.each<[string, Json, string]>([
    ['States.ArrayRange(1, 1000000000, 1)', {}, 'States.IntrinsicFailure'],
    ['States.ArrayRange(-1e308, 1e308, 1)', {}, 'States.IntrinsicFailure'],
    ['States.ArrayPartition($.list, 1)', { list: Array.from({ length: 100_000 }, () => 1) }, 'States.DataLimitExceeded'],
    ['States.MathAdd(1e308, 1e308)', {}, 'States.IntrinsicFailure'],
    ['States.MathRandom(-1e308, 1e308)', {}, 'States.IntrinsicFailure'],
    ['States.Base64Encode($.text)', { text: 'x'.repeat(10_001) }, 'States.IntrinsicFailure'],
    ["States.Hash($.text, 'SHA-512')", { text: 'x'.repeat(10_001) }, 'States.IntrinsicFailure'],
    ['States.Array($, $, $)', { text: 'x'.repeat(100_000) }, 'States.DataLimitExceeded'],
    ["States.Format('{}{}{}', $.text, $.text, $.text)", { text: 'x'.repeat(100_000) }, 'States.DataLimitExceeded'],
    ["States.StringSplit($.text, ',')", { text: 'a,'.repeat(100_000) }, 'States.DataLimitExceeded'],
  ])('fails: %s', async (call, input, error) => {
    expect(await engine.run(only({ Type: 'Pass', Parameters: { 'x.$': call } }), input)).toMatchObject({ status: 'FAILED', error });
  });
});
