import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Json } from '../../src/asl/types.ts';
import { HostileEngine, jsonata, only } from './hostile-engine.ts';

vi.setConfig({ testTimeout: 120_000 });

let engine: HostileEngine;
beforeAll(async () => {
  engine = await HostileEngine.create();
});
afterAll(() => engine.close());

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const chain = (count: number, make: (i: number) => Json): Json => ({ StartAt: 'S0', States: Object.fromEntries(times(count, (i) => [`S${i}`, make(i)])) });
/** Fields by name, as many as wanted. */
const fieldsOf = (count: number, make: (i: number) => Json): Record<string, Json> => Object.fromEntries(times(count, (i) => [`a${i}.$`, make(i)]));
const nested = (depth: number, inner: Json, wrap: (value: Json) => Json): Json => times(depth, (i) => i).reduce<Json>((value) => wrap(value), inner);
let names = 0;
const body = (state: Record<string, Json>): Json => ({ StartAt: `X${++names}`, States: { [`X${names}`]: state } });

describe('a definition that is large', () => {
  it('runs with ten thousand states', async () => {
    const machine = chain(10_000, (i) => ({ Type: 'Pass', ...(i === 9999 ? { End: true } : { Next: `S${i + 1}` }) }));
    expect(await engine.run(machine, { a: 1 })).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
  });
  it('is refused beyond a megabyte', async () => {
    expect(await engine.run({ Comment: 'x'.repeat(1_050_000), StartAt: 'A', States: { A: { Type: 'Succeed' } } })).toMatchObject({ status: 'REFUSED', error: 'DEFINITION_TOO_LONG' });
    expect(await engine.run({ Comment: 'x'.repeat(1_000_000), StartAt: 'A', States: { A: { Type: 'Succeed' } } })).toMatchObject({ status: 'SUCCEEDED' });
  });
  it.each<[string, Json]>([
    ['thousands of names that are nearly right', chain(10_000, (i) => ({ Type: 'Pass', Next: `T${i + 1}` }))],
    ['thousands of states that nothing leads to', chain(10_000, () => ({ Type: 'Pass', End: true }))],
    ['thousands of unknown types', chain(10_000, (i) => ({ Type: 'Pas', Next: `S${i}` }))],
    ['a path of brackets', only({ Type: 'Pass', InputPath: `$${'['.repeat(900_000)}` })],
    ['a path of calls', only({ Type: 'Pass', InputPath: `$${'.a('.repeat(300_000)}` })],
    ['a path of half a million names', only({ Type: 'Pass', InputPath: `$${'.a'.repeat(450_000)}` })],
    ['a filter of parentheses', only({ Type: 'Pass', InputPath: `$[?(${'('.repeat(400_000)}` })],
    ['a pattern of a megabyte', only({ Type: 'Pass', InputPath: `$[?(@.a =~ /${'a?'.repeat(400_000)}/)]` })],
    ['calls inside calls', only({ Type: 'Pass', Parameters: { 'x.$': `${'States.Array('.repeat(65_000)}${')'.repeat(65_000)}` } })],
    ['a text that is not closed', only({ Type: 'Pass', Parameters: { 'x.$': `States.Array('${'\\\\'.repeat(200_000)}` } })],
    ['a sum of half a million terms', jsonata(`1${'+1'.repeat(480_000)}`)],
    ['parentheses in JSONata', jsonata(`${'('.repeat(450_000)}1${')'.repeat(450_000)}`)],
    ['functions inside functions', jsonata(`${'function($x){'.repeat(50_000)}1${'}'.repeat(50_000)}`)],
    ['conditions inside conditions', jsonata(`${'true?1:'.repeat(120_000)}1`)],
    ['a regular expression of groups', jsonata(`$match("a", /${'(a+)'.repeat(200_000)}/)`)],
  ])('is refused with %s', async (_name, machine) => {
    expect(await engine.run(machine)).toMatchObject({ status: 'REFUSED' });
  });
  it.each<[string, Json, string]>([
    ['a filter of many terms', only({ Type: 'Pass', InputPath: `$[?(${'@.a||'.repeat(150_000)}@.b)]` }), 'SUCCEEDED'],
    ['many arguments', only({ Type: 'Pass', Parameters: { 'x.$': `States.Array(${'1,'.repeat(400_000)}1)` } }), 'States.DataLimitExceeded'],
    ['many variables', only({ Type: 'Pass', Assign: Object.fromEntries(times(30_000, (i) => [`v${i}`, i])) }), 'States.DataLimitExceeded'],
    ['a Retry of many entries', only({ Type: 'Task', Resource: 'nobody', Retry: times(20_000, (i) => ({ ErrorEquals: [`E${i}`] })) }), 'Lambda.ResourceNotFoundException'],
    ['an array of many members', jsonata(`[${'1,'.repeat(450_000)}1]`), 'States.DataLimitExceeded'],
  ])('runs to its limits with %s', async (_name, machine, end) => {
    const { status, error } = await engine.run(machine, [{}]);
    expect(error ?? status).toBe(end);
  });
});

describe('a definition that nests', () => {
  const parallels = (depth: number): Json => nested(depth, body({ Type: 'Succeed' }), (inner) => body({ Type: 'Parallel', Branches: [inner], End: true }));
  it('runs a hundred levels of Parallel, and is refused beyond', async () => {
    expect(await engine.run(parallels(100), 7)).toMatchObject({ status: 'SUCCEEDED', output: `${'['.repeat(100)}7${']'.repeat(100)}` });
    expect(await engine.run(parallels(500))).toMatchObject({ status: 'REFUSED', error: 'TOO_DEEPLY_NESTED' });
  });
  it('decides by And in And, and is refused beyond a thousand levels of JSON', async () => {
    const rule = (depth: number): Json => only({ Type: 'Choice', Choices: [{ ...(nested(depth, { Variable: '$.a', IsPresent: true }, (inner) => ({ And: [inner] })) as Record<string, Json>), Next: 'B' }] });
    expect(await engine.run(rule(490), { a: 1 })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await engine.run(rule(600))).toMatchObject({ status: 'REFUSED', error: 'TOO_DEEPLY_NESTED' });
  });
  it.each([500, 990])('fills a payload template of %i levels', async (depth) => {
    const state = (field: string, leaf: Json): Record<string, Json> => ({ Type: 'Pass', [field]: nested(depth, leaf, (inner) => ({ a: inner })) });
    const output = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(await engine.run(only(state('Output', '{% 1 %}'), 'JSONata'))).toMatchObject({ status: 'SUCCEEDED', output });
    expect(await engine.run(only(state('Parameters', { 'b.$': '$.n' })), { n: 1 })).toMatchObject({ status: 'SUCCEEDED', output: output.replace('1', '{"b":1}') });
  });
  it('is refused when JSON nests deeper than anything that is written by hand', async () => {
    expect(await engine.run(`{"StartAt":"A","States":{"A":{"Type":"Pass","Result":${'['.repeat(400_000)}${']'.repeat(400_000)},"End":true}}}`)).toMatchObject({ status: 'REFUSED', error: 'TOO_DEEPLY_NESTED' });
  });
});

describe('one state of a megabyte', () => {
  const large = { list: times(20_000, () => 'abcdefgh') };
  it.each<[string, Json, Json]>([
    ['texts of its input', only({ Type: 'Pass', Parameters: fieldsOf(25_000, () => 'States.JsonToString($)') }), large],
    ['paths that visit all', only({ Type: 'Pass', Parameters: fieldsOf(35_000, () => '$..*') }), large],
    ['expressions that build arrays', only({ Type: 'Pass', Output: times(5_000, () => '{% [1..1000000] %}') }, 'JSONata'), {}],
    ['one argument thousands of times, as text', only({ Type: 'Pass', Parameters: { 'x.$': `States.JsonToString(States.Array(${'$,'.repeat(400_000)}$))` } }), large],
    ['the same, made unique', only({ Type: 'Pass', Parameters: { 'x.$': `States.ArrayUnique(States.Array(${'$,'.repeat(400_000)}$))` } }), large],
    ['the same, compared', only({ Type: 'Pass', Parameters: { 'x.$': `States.ArrayContains(States.Array(${'$.list,'.repeat(100_000)}1), $.other)` } }), { list: times(20_000, () => 1), other: [2, ...times(19_999, () => 1)] }],
    ['the same, formatted', only({ Type: 'Pass', Parameters: { 'x.$': `States.Format('${'{}'.repeat(200_000)}'${',$'.repeat(200_000)})` } }), large],
  ])('ends as a failure: %s', async (_name, machine, input) => {
    const ending = await engine.run(machine, input);
    expect(ending.status).toBe('FAILED');
    expect(ending.error).toMatch(/^States\.(Runtime|IntrinsicFailure|DataLimitExceeded)$/);
  });
});
