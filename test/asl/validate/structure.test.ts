import { readFileSync } from 'node:fs';

import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

import { ASL_SCHEMA } from '../../../src/asl/validate/schema.ts';
import { validateDefinition } from '../../../src/asl/validate/validate.ts';
import type { Json } from '../../../src/asl/types.ts';
import { faults, machine } from './faults.ts';

describe('the published schema', () => {
  const file = new URL('../../../docs/asl.schema.json', import.meta.url);

  it('is the one that validates', () => {
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(ASL_SCHEMA);
  });

  it('works in tools that know draft-07 and nothing of discriminators', () => {
    const validate = new Ajv({ strict: false }).compile(ASL_SCHEMA);
    expect(validate(machine({ Type: 'Pass', End: true }))).toBe(true);
    expect(validate(machine({ Type: 'Pass', Nxt: 'T' }))).toBe(false);
  });

  it('describes every field', () => {
    const definitions = ASL_SCHEMA['definitions'] as Record<string, { properties?: Record<string, { description?: string; $ref?: string; const?: string }> }>;
    for (const { properties } of Object.values(definitions)) {
      for (const [name, field] of Object.entries(properties ?? {})) expect(field.description ?? field.$ref ?? field.const, name).toBeDefined();
    }
  });
});

describe('structure', () => {
  it.each<[string, Json, string[]]>([
    ['an empty object', {}, ['These fields are required: [States, StartAt] @ /']],
    ['something else than an object', [], ['Expected value of type Object @ /']],
    ['no StartAt', { States: { S: { Type: 'Pass', End: true } } }, ['These fields are required: [StartAt] @ /']],
    ['an unknown field at the top', machine({ Type: 'Succeed' }, { Timeout: 3 }), ["Field 'Timeout' is not supported @ /"]],
    ['an unknown version', machine({ Type: 'Succeed' }, { Version: '2.0' }), ['Value should be one of the following: [1.0] @ /Version']],
    ['an unknown type', machine({ Type: 'Taks', End: true }), ["The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] @ /States/S/Type"]],
    ['no type', machine({ End: true }), ['These fields are required: [Type] @ /States/S']],
    ['a type that is no text', machine({ Type: 3, End: true }), ['Expected value of type String @ /States/S/Type']],
    ['a state that is no object', { StartAt: 'S', States: { S: 1 } }, ['Expected value of type Object @ /States/S']],
    ['an unknown field', machine({ Type: 'Pass', End: true, Foo: 1 }), ["Field 'Foo' is not supported @ /States/S"]],
    ['a field of another type', machine({ Type: 'Pass', End: true, Catch: [] }), ["Field 'Catch' is not supported @ /States/S"]],
    ['a Task without Resource', machine({ Type: 'Task', End: true }), ['These fields are required: [Resource] @ /States/S']],
    ['a Map without body', machine({ Type: 'Map', End: true }), ['This object should have only one of the following fields: [ItemProcessor, Iterator] @ /States/S']],
    ['no Next and no End', machine({ Type: 'Pass' }), ['This object should have only one of the following fields: [Next, End] @ /States/S']],
    ['End: false and no Next', machine({ Type: 'Pass', End: false }), ['This object should have only one of the following fields: [Next, End] @ /States/S']],
    ['Next and End', machine({ Type: 'Pass', Next: 'T', End: true }), ['There should only be one of the following fields: [Next, End] @ /States/S']],
    ['no branches', machine({ Type: 'Parallel', Branches: [], End: true }), ['Value cannot be empty @ /States/S/Branches']],
    ['a Wait with two times', machine({ Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true }), ['There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] @ /States/S']],
    ['a negative wait', machine({ Type: 'Wait', Seconds: -1, End: true }), ['Minimum value is 0 @ /States/S/Seconds']],
    ['a fraction where an integer belongs', machine({ Type: 'Wait', Seconds: 1.5, End: true }), ['Expected value of type Integer @ /States/S/Seconds']],
    ['too high a percentage', machine({ Type: 'Map', Iterator: { StartAt: 'I', States: { I: { Type: 'Succeed' } } }, ToleratedFailurePercentage: 101, End: true }), ['Maximum value is 100.0 @ /States/S/ToleratedFailurePercentage']],
    ['a query language on a processor', machine({ Type: 'Map', ItemProcessor: { QueryLanguage: 'JSONata', StartAt: 'I', States: { I: { Type: 'Succeed' } } }, End: true }), ["Field 'QueryLanguage' is not supported @ /States/S/ItemProcessor"]],
    ['a branch without States', machine({ Type: 'Parallel', Branches: [{ StartAt: 'B' }], End: true }), ['These fields are required: [States] @ /States/S/Branches[0]']],
    ['no States at all', { StartAt: 'S', States: {} }, ['Value cannot be empty @ /States']],
  ])('refuses %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it.each<[string, Json]>([
    ['Next with End: false', machine({ Type: 'Pass', Next: 'T', End: false })],
    ['a Comment wherever ASL takes one', machine({ Type: 'Task', Comment: '', Resource: 'f', Retry: [{ Comment: '', ErrorEquals: ['E'] }], Catch: [{ Comment: '', ErrorEquals: ['E'], Next: 'T' }], End: true }, { Comment: 'c', Version: '1.0' })],
    ['null paths', machine({ Type: 'Pass', InputPath: null, OutputPath: null, ResultPath: null, End: true })],
    ['$schema, for editors', machine({ Type: 'Succeed' }, { $schema: './asl.schema.json' })],
  ])('takes %s', (_, definition) => {
    expect(faults(definition)).toEqual([]);
  });

  it('reports all faults at once, with lines, columns and hints', () => {
    const text = '{\n  "StartAt": "A",\n  "States": {\n    "A": {"Type": "Pass", "Nxt": "B"},\n    "B": {"Type": "Wait", "Seconds": -1, "Next": "C"},\n    "D": {"Type": "Taks", "End": true}\n  }\n}\n';
    const found = validateDefinition(text, { file: 'm.asl.json' });
    expect(found.map(({ line, column, message, hint, file }) => [line, column, message, hint, file])).toEqual([
      [4, 5, 'This object should have only one of the following fields: [Next, End]', undefined, 'm.asl.json'],
      [4, 27, "Field 'Nxt' is not supported", "Did you mean 'Next'?", 'm.asl.json'],
      [5, 38, 'Minimum value is 0', undefined, 'm.asl.json'],
      [6, 19, expect.stringContaining("The field 'Type' should have"), "Did you mean 'Task'?", 'm.asl.json'],
      [5, 50, "Missing 'Next' target: C", 'States here: A, B, D.', 'm.asl.json'],
      [5, 5, 'State "B" is not reachable.', expect.any(String), 'm.asl.json'],
      [6, 5, 'State "D" is not reachable.', expect.any(String), 'm.asl.json'],
    ]);
  });

  it('takes __proto__ and constructor for names of states', () => {
    const text = '{"StartAt":"__proto__","States":{"__proto__":{"Type":"Pass","Next":"constructor"},"constructor":{"Type":"Pass","Parameters":{"__proto__":1},"End":true}}}';
    expect(faults(text)).toEqual([]);
    expect(faults('{"StartAt":"toString","States":{"A":{"Type":"Pass","Next":"valueOf"}}}')).toEqual([
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: toString @ /StartAt",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: valueOf @ /States/A/Next",
      'MISSING_END_STATE: Workflow has no terminal state @ -',
    ]);
    expect(faults('{"StartAt":"__proto__","States":{"__proto__":{"Type":"Pass","__proto__":{"End":true}}}}')).toContain("Field '__proto__' is not supported @ /States/__proto__");
  });
});
