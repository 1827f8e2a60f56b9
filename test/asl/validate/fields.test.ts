import { describe, expect, it } from 'vitest';

import type { Json } from '../../../src/asl/types.ts';
import { faults, jsonata, machine, warnings } from './faults.ts';

const pass = (fields: { [key: string]: Json }): Json => machine({ Type: 'Pass', ...fields, End: true });
const task = (fields: { [key: string]: Json }): Json => machine({ Type: 'Task', Resource: 'f', ...fields, End: true });
const body = { StartAt: 'I', States: { I: { Type: 'Succeed' } } };
const other = (language: string, field: string, of: string): string => `The QueryLanguage is set to '${language}', but field '${field}' is only supported for the '${of}' QueryLanguage`;

describe('query languages', () => {
  it.each<[string, Json, string[]]>([
    ['a JSONata field in a JSONPath state', pass({ Output: 1 }), [`${other('JSONPath', 'Output', 'JSONata')} @ /States/S`]],
    ['a JSONPath field in a JSONata state', pass({ QueryLanguage: 'JSONata', Parameters: {} }), [`${other('JSONata', 'Parameters', 'JSONPath')} @ /States/S`]],
    ['JSONPath below a JSONata machine', machine({ Type: 'Succeed', QueryLanguage: 'JSONPath' }, jsonata), ["'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine @ /States/S"]],
    ['an unknown language', pass({ QueryLanguage: 'jsonata' }), ['Value should be one of the following: [JSONPath, JSONata] @ /States/S/QueryLanguage']],
    ['a JSONata state\'s body that is JSONPath', machine({ Type: 'Map', QueryLanguage: 'JSONata', ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', Output: 1, End: true } } }, End: true }), [`${other('JSONPath', 'Output', 'JSONata')} @ /States/S/ItemProcessor/States/I`]],
    ['a rule of the other language', machine({ Type: 'Choice', Choices: [{ Variable: '$.x', IsNull: true, Next: 'T' }] }, jsonata), [`${other('JSONata', 'Variable', 'JSONPath')} @ /States/S/Choices[0]`]],
    ['a Condition in a JSONPath rule', machine({ Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'T' }] }), [`${other('JSONPath', 'Condition', 'JSONata')} @ /States/S/Choices[0]`]],
    ['ResultPath in a JSONata catcher', machine({ Type: 'Task', Resource: 'f', Catch: [{ ErrorEquals: ['E'], ResultPath: '$.e', Next: 'T' }], End: true }, jsonata), [`${other('JSONata', 'ResultPath', 'JSONPath')} @ /States/S/Catch[0]`]],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });
});

describe('paths', () => {
  it.each<[string, Json, string[]]>([
    ['InputPath', pass({ InputPath: 'x' }), ['Value must be a valid JSONPath. @ /States/S/InputPath']],
    ['OutputPath', pass({ OutputPath: '$.a[' }), ['Value must be a valid JSONPath. @ /States/S/OutputPath']],
    ['ResultPath with a wildcard', pass({ ResultPath: '$.a[*]' }), ['Value is not a Reference Path @ /States/S/ResultPath']],
    ['ResultPath without $', pass({ ResultPath: 'a' }), ["Value is not a Reference Path: Reference path didn't start with '$' @ /States/S/ResultPath"]],
    ['ResultPath into the context', pass({ ResultPath: '$$.a' }), ['Value is not a Reference Path @ /States/S/ResultPath']],
    ['ResultPath into a variable', pass({ ResultPath: '$a' }), ['Value is not a Reference Path @ /States/S/ResultPath']],
    ['ItemsPath with a filter', machine({ Type: 'Map', ItemsPath: '$.a[?(@.b)]', Iterator: body, End: true }), ['Value is not a Reference Path @ /States/S/ItemsPath']],
    ['a number from the context', machine({ Type: 'Map', MaxConcurrencyPath: '$$.Execution.Input.n', Iterator: body, End: true }), ['Value is not a Reference Path @ /States/S/MaxConcurrencyPath']],
    ['a catcher\'s ResultPath', task({ Catch: [{ ErrorEquals: ['E'], ResultPath: '$..x', Next: 'T' }] }), ['Value is not a Reference Path @ /States/S/Catch[0]/ResultPath']],
    ['Cause as an unknown function', machine({ Type: 'Fail', CausePath: 'States.Nope(1)' }), ['Value must be a valid JSONPath or a valid intrinsic function call @ /States/S/CausePath']],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it.each<[string, Json]>([
    ['wildcards and filters where a path may find several', pass({ InputPath: '$.a[*]', OutputPath: "$..b[?(@.c == 'x')]" })],
    ['context and variables where they can be read', machine({ Type: 'Map', InputPath: '$$', ItemsPath: '$$.Execution.Input.items', MaxConcurrencyPath: '$n', Iterator: body, End: true })],
    ['names with dashes and brackets', pass({ ResultPath: "$.a-b['c d'].e" })],
    ['an intrinsic call for Cause', machine({ Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('{}', $.c)" })],
  ])('takes %s', (_, definition) => {
    expect(faults(definition)).toEqual([]);
  });
});

describe('payload templates', () => {
  const message = (key: string): string => `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`;

  it.each<[string, Json, string[]]>([
    ['text that is neither path nor call', pass({ Parameters: { 'a.$': 'x' } }), [`${message('a.$')} @ /States/S/Parameters`]],
    ['a number', pass({ Parameters: { deep: [{ 'a.$': 1 }] } }), [`${message('a.$')} @ /States/S/Parameters`]],
    ['an unknown function', pass({ Parameters: { 'a.$': 'States.Upper($.x)' } }), [`${message('a.$')} @ /States/S/Parameters`]],
    ['the wrong number of arguments', pass({ Parameters: { 'a.$': 'States.ArrayLength($.x, $.y)' } }), [`${message('a.$')} @ /States/S/Parameters`]],
    ['ResultSelector and ItemSelector', task({ ResultSelector: { 'a.$': 'x' } }), [`${message('a.$')} @ /States/S/ResultSelector`]],
    ['Assign', pass({ Assign: { 'a.$': 'x' } }), [`${message('a.$')} @ /States/S/Assign`]],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it('warns of paths that are taken literally', () => {
    expect(faults(pass({ Parameters: { a: '$.x', 'b.$': '$.y', c: 'States.UUID()', d: '$5' } }))).toEqual([]);
    expect(warnings(pass({ Parameters: { a: '$.x', 'b.$': '$.y', c: 'States.UUID()', d: '$5' } }))).toEqual(['NO_DOLLAR /States/S/Parameters/a', 'NO_DOLLAR /States/S/Parameters/c']);
    expect(warnings(pass({ Result: '$.x' }))).toEqual(['PASS_RESULT_IS_STATIC /States/S/Result']);
    expect(warnings(machine({ Type: 'Fail', Error: '$.e' }))).toEqual(['NO_PATH /States/S/Error']);
    expect(warnings(pass({ Parameters: { a: 1, 'a.$': '$.b' } }))).toEqual(['DUPLICATE_TEMPLATE_KEY /States/S/Parameters/a.$']);
  });

  it('leaves Result and JSONata alone', () => {
    expect(faults(pass({ Result: { 'a.$': 'x' } }))).toEqual([]);
    expect(faults(machine({ Type: 'Pass', Output: { 'a.$': 'x' }, End: true }, jsonata))).toEqual([]);
  });
});

describe('JSONata', () => {
  const output = (value: Json): Json => machine({ Type: 'Pass', Output: value, End: true }, jsonata);

  it.each<[string, Json, string[]]>([
    ['syntax', output('{% 1 + %}'), ['INVALID_JSONATA_EXPRESSION: Unexpected end of expression @ /States/S/Output']],
    ['syntax far inside', output({ a: { b: ['{% a[1,2) %}'] } }), ['INVALID_JSONATA_EXPRESSION: Expected "]", got "," @ /States/S/Output/a/b[0]']],
    ['an unclosed expression', output('{% 1'), ['JSONata string must start with {% and end with %} @ /States/S/Output']],
    ['names that nothing stands for', output({ v: '{% aaa + bbb.c %}' }), [
      "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'aaa' at the top level is not supported. @ /States/S/Output/v",
      "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'bbb' at the top level is not supported. @ /States/S/Output/v",
    ]],
    ['the context item', output('{% $.phone %}'), ["UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$' at the top level is not supported. @ /States/S/Output"]],
    ['the root', output('{% $$ %}'), ["UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' is not supported. @ /States/S/Output"]],
    ['an error outside Catch', output('{% $states.errorOutput %}'), ["UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.errorOutput' does not exist. @ /States/S/Output"]],
    ['a result where there is none', machine({ Type: 'Task', Resource: 'f', Arguments: '{% $states.result.x %}', End: true }, jsonata), ["UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. @ /States/S/Arguments"]],
    ['a condition', machine({ Type: 'Choice', Choices: [{ Condition: '{% phone = 1 %}', Next: 'T' }] }, jsonata), ["UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. @ /States/S/Choices[0]/Condition"]],
    ['a condition that is plain text', machine({ Type: 'Choice', Choices: [{ Condition: 'x', Next: 'T' }] }, jsonata), ['JSONata string must start with {% and end with %} @ /States/S/Choices[0]/Condition']],
    ['a rule without Condition', machine({ Type: 'Choice', Choices: [{ Next: 'T' }] }, jsonata), ['These fields are required: [Condition] @ /States/S/Choices[0]']],
    ['text for a number', machine({ Type: 'Wait', Seconds: 'soon', End: true }, jsonata), ['JSONata string must start with {% and end with %} @ /States/S/Seconds']],
    ['text for a number in JSONPath', machine({ Type: 'Wait', Seconds: '{% 1 %}', End: true }), ['Expected value of type Integer @ /States/S/Seconds']],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it.each<[string, Json]>([
    ['names that a step, a predicate or a parameter gives a meaning', output('{% $states.input.items[phone > 3].{"n": name, "s": $sum(lines.price)} %}')],
    ['functions of its own', output('{% ($f := function($x) { $x.name }; $map($states.input.a, $f)) %}')],
    ['sorting and grouping', output('{% $states.input.a^(>price){name: $count(price)} %}')],
    ['variables, assigned or not', output('{% $phone & $states.context.State.Name %}')],
    ['results where there are some', machine({ Type: 'Task', Resource: 'f', Output: '{% $states.result.x %}', Assign: { y: '{% $states.result %}' }, Catch: [{ ErrorEquals: ['E'], Output: '{% $states.errorOutput.Cause %}', Next: 'T' }], End: true }, jsonata)],
    ['text that only looks like an expression', output({ a: ' {% x %} ', b: 'x %}' })],
    ['expressions for numbers and times', machine({ Type: 'Wait', Timestamp: '{% $now() %}', End: true }, jsonata)],
  ])('takes %s', (_, definition) => {
    expect(faults(definition)).toEqual([]);
  });

  it('warns of variables that nothing assigns', () => {
    expect(warnings(output('{% $phone %}'))).toEqual(['UNASSIGNED_VARIABLE /States']);
    expect(warnings(machine({ Type: 'Pass', Assign: { phone: 1 }, Output: '{% $phone ~> $uppercase %}', End: true }, jsonata))).toEqual([]);
    expect(warnings(pass({ InputPath: '$phone' }))).toEqual(['UNASSIGNED_VARIABLE /States']);
  });
});
