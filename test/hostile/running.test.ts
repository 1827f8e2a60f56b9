import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Json } from '../../src/asl/types.ts';
import { HostileEngine, jsonata, only } from './hostile-engine.ts';

const TIMEOUT_SECONDS = 2;
vi.setConfig({ testTimeout: 120_000 });

let engine: HostileEngine;
beforeAll(async () => {
  engine = await HostileEngine.create(TIMEOUT_SECONDS);
});
afterAll(async () => {
  console.log(`harmless starts answered meanwhile: ${engine.answered}, the slowest after ${Math.round(engine.slowestMs)} ms; resident memory ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
  await engine.close();
});

const machine = (states: Record<string, Json>): Json => ({ StartAt: Object.keys(states)[0]!, States: states });
const each = (name: string, state: Record<string, Json>): Json => ({ StartAt: name, States: { [name]: { ...state, End: true } } });
const large = { text: 'x'.repeat(200_000) };

describe('an execution that does not end by itself', () => {
  const always = { Variable: '$$.State.Name', IsPresent: true };
  it.each<[string, Json, Json]>([
    ['Choice to itself', machine({ A: { Type: 'Choice', Choices: [{ ...always, Next: 'A' }], Default: 'B' }, B: { Type: 'Succeed' } }), {}],
    ['a loop of large texts', machine({ A: { Type: 'Pass', Parameters: { 'x.$': 'States.JsonToString($$.Execution.Input)' }, Next: 'B' }, B: { Type: 'Choice', Choices: [{ ...always, Next: 'A' }], Default: 'C' }, C: { Type: 'Succeed' } }), large],
    ['a loop of long walks', machine({ A: { Type: 'Pass', Parameters: { 'x.$': '$..[?(@.text == 1)]' }, ResultPath: null, Next: 'B' }, B: { Type: 'Choice', Choices: [{ ...always, Next: 'A' }], Default: 'C' }, C: { Type: 'Succeed' } }), { list: Array.from({ length: 50_000 }, () => []) }],
    ['a loop of expressions', { QueryLanguage: 'JSONata', ...(machine({ A: { Type: 'Pass', Output: '{% $sum([1..100000]) %}', Next: 'B' }, B: { Type: 'Choice', Choices: [{ Condition: true, Next: 'A' }], Default: 'C' }, C: { Type: 'Succeed' } }) as object) }, {}],
    ['a failure that is caught again and again', machine({ A: { Type: 'Task', Resource: 'nobody', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'A' }], Next: 'B' }, B: { Type: 'Succeed' } }), {}],
    ['a failure that is tried again and again', only({ Type: 'Task', Resource: 'nobody', Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 99_999_999, BackoffRate: 1e300 }] }), {}],
    ['a wait of years', only({ Type: 'Wait', Seconds: 99_999_999 }), {}],
    ['loops in every branch of a Map', only({ Type: 'Map', ItemProcessor: { StartAt: 'X', States: { X: { Type: 'Choice', Choices: [{ ...always, Next: 'X' }], Default: 'Y' }, Y: { Type: 'Succeed' } } } }), Array.from({ length: 1000 }, () => 1)],
    ['waits of a Map in a Map in a Parallel', only({ Type: 'Parallel', Branches: ['P', 'Q'].map((name) => each(name, { Type: 'Map', ItemSelector: { 'list.$': '$' }, ItemProcessor: each(`${name}1`, { Type: 'Map', ItemsPath: '$.list', ItemProcessor: each(`${name}2`, { Type: 'Wait', Seconds: 1 }) }) })) }), Array.from({ length: 2000 }, () => 1)],
  ])('is TIMED_OUT: %s', async (_name, definition, input) => {
    expect(await engine.run(definition, input)).toMatchObject({ status: 'TIMED_OUT' });
  });
});

describe('an execution that grows', () => {
  const doubling = { 'x.$': 'States.Array($x, $x)' };
  const maps = (name: string, depth: number): Json => each(`${name}${depth}`, depth === 0 ? { Type: 'Pass' } : { Type: 'Map', ItemsPath: '$.list', ItemSelector: { 'list.$': '$.list' }, ItemProcessor: maps(name, depth - 1) });
  it.each<[string, Json, Json]>([
    ['a variable that holds itself twice', machine({ Z: { Type: 'Pass', Assign: { x: 1 }, Next: 'A' }, A: { Type: 'Pass', Assign: doubling, Next: 'B' }, B: { Type: 'Choice', Choices: [{ Variable: '$x', IsPresent: true, Next: 'A' }], Default: 'C' }, C: { Type: 'Succeed' } }), {}],
    ['a payload that holds itself twice', machine({ A: { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, Next: 'B' }, B: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'A' }], Default: 'C' }, C: { Type: 'Succeed' } }), {}],
    ['many large variables', machine(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`S${i}`, { Type: 'Pass', Assign: { [`v${i}.$`]: '$.text' }, ...(i === 59 ? { End: true } : { Next: `S${i + 1}` }) }]))), large],
    ['the items of a Map, each with the whole input', only({ Type: 'Map', ItemsPath: '$.list', ItemSelector: { 'all.$': '$' }, ItemProcessor: each('X', { Type: 'Pass' }) }), { list: Array.from({ length: 10_000 }, () => 1), ...large, text: 'x'.repeat(100_000) }],
    ['a Map over a million items', only({ Type: 'Map', Items: '{% [1..1000000] %}', ItemProcessor: each('X', { Type: 'Pass' }) }, 'JSONata'), {}],
    ['Maps in Maps in Maps', maps('M', 5), { list: Array.from({ length: 100 }, (_, i) => i) }],
    ['a task result placed in a Map of large items', only({ Type: 'Map', Items: '{% [1..1000] %}', ItemSelector: '{% $pad("x", 200000) %}', ItemProcessor: each('X', { Type: 'Pass' }) }, 'JSONata'), {}],
  ])('ends with States.DataLimitExceeded: %s', async (_name, definition, input) => {
    expect(await engine.run(definition, input)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
  it('iterates over a hundred thousand items', async () => {
    const items = Array.from({ length: 100_000 }, () => 1);
    const ending = await engine.run(only({ Type: 'Map', ItemProcessor: each('X', { Type: 'Pass' }) }), items);
    expect(ending.status).toBe('SUCCEEDED');
    expect(ending.output === JSON.stringify(items)).toBe(true);
  });
});

describe('JSONata without end', () => {
  const text = { t: `${'a'.repeat(60)}!`, list: Array.from({ length: 200 }, () => 1) };
  it.each([
    ['calls itself for ever', '($f := function(){$f()}; $f())'],
    ['calls itself deeper and deeper', '($f := function($n){1 + $f($n)}; $f(0))'],
    ['backtracks', '$contains($states.input.t, /(a+)+$/)'],
    ['pads', '$pad("x", 1e12)'],
    ['doubles a text', '($f := function($s){$f($s & $s)}; $f("x"))'],
    ['doubles an array', '($f := function($a){$f([$a, $a])}; $f([1]))'],
    ['ranges', '[1..1e12]'],
    ['ranges by function', '$range(1, 1e9, 1)'],
    ['maps a huge range', '$count($map([1..9999999], function($i){$map([1..9999999], function($j){$j})}))'],
    ['in the library: doubles a text', '$states.input.list#$i.($f := function($s, $n){$n = 0 ? $s : $f($s & $s, $n - 1)}; $length($f("x", 28)))'],
    ['in the library: builds arrays', '$states.input.list#$i.[1..9000000]'],
    ['in the library: sorts', '$states.input.list#$i.$sort([1..2000000])'],
    ['in the library: has a value of exponentially many parts', '$states.input.list#$i.$string($reduce([1..60], function($a, $b){{"a": $a, "b": $a}}, 1))'],
    ['in the library: pads', '$states.input.list#$i.$pad("x", 1e9)'],
  ])('ends with States.QueryEvaluationError: %s', async (_name, expression) => {
    expect(await engine.run(jsonata(expression), text)).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
  it('raises once though two expressions fail, at once and later', async () => {
    const late = '{% $states.input.list#$i.$error("late") %}';
    const definition = only({ Type: 'Pass', Output: [late, '{% $error("at once") %}'], Assign: { v: late, w: '{% $error("at once") %}' } }, 'JSONata');
    expect(await engine.run(definition, text)).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
  it('does not catch what a Catch raises, at once or later', async () => {
    for (const Output of ['{% $error("x") %}', '{% $states.input.list#$i.$error("x") %}']) {
      const definition: Json = { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Task', Resource: 'nobody', Retry: [{ ErrorEquals: ['States.QueryEvaluationError'] }], Catch: [{ ErrorEquals: ['States.ALL'], Output, Next: 'B' }], Next: 'B' }, B: { Type: 'Succeed' } } };
      expect(await engine.run(definition, text)).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    }
  });
  it('is no data when it is a function', async () => {
    for (const expression of ['function($x){$x}', '[$sum]', '{"f": function(){1}}', '$states.input.list[0]#$i.{"f": function(){1}}']) {
      expect(await engine.run(jsonata(expression), text)).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    }
  });
});
