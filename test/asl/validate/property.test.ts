import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { awsInvalidDefinitionMessage, toAwsDiagnostics } from '../../../src/asl/validate/aws.ts';
import { FIELDS } from '../../../src/asl/validate/schema-fields.ts';
import { STATE_TYPES } from '../../../src/asl/validate/schema.ts';
import { validateDefinition } from '../../../src/asl/validate/validate.ts';
import type { Json } from '../../../src/asl/types.ts';
import { graph } from '../../../src/cli/graph.ts';

const strange = ['__proto__', 'constructor', 'toString', 'a/b', 'a~b', 'A', 'B', 'C', '', '0'];
const text = fc.oneof(fc.constantFrom('A', 'B', '$', '$.a', '$$.b', '$v', '$.a[*]', 'States.UUID()', 'States.Format(', '{% 1 %}', '{% a %}', '{% ( %}', '{%', ...STATE_TYPES, ...strange), fc.string());

/** Objects whose keys are ASL's own, or such as could reach a prototype, with values that may or may not fit. */
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof({ depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, 1e300), text,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom('Type', 'States', 'StartAt', 'Choices', 'Branches', 'ProcessorConfig', 'ErrorEquals', 'Variable', 'And', 'Not', 'Condition', 'x.$', ...Object.keys(FIELDS), ...strange), tie('json')), { maxLength: 6 })
      .map((entries) => JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`) as Json)),
}));

const machine = fc.tuple(text, fc.array(fc.tuple(fc.constantFrom(...strange), fc.constantFrom(...STATE_TYPES), json), { maxLength: 4 })).map(([StartAt, states]) => {
  const members = states.map(([name, Type, more]) => {
    const fields = typeof more === 'object' && more !== null && !Array.isArray(more) ? JSON.stringify(more).slice(1, -1) : '';
    return `${JSON.stringify(name)}:{"Type":${JSON.stringify(Type)}${fields === '' ? '' : `,${fields}`}}`;
  });
  return `{"StartAt":${JSON.stringify(StartAt)},"States":{${members.join(',')}}}`;
});

describe('validateDefinition', () => {
  it('never throws, and touches neither its input nor a prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).toString();
    fc.assert(fc.property(fc.oneof(json, fc.jsonValue() as fc.Arbitrary<Json>), fc.boolean(), (definition, isStrict) => {
      const copy = JSON.stringify(definition);
      const found = validateDefinition(definition, { compatibility: isStrict ? 'strict' : 'extended' });
      expect(JSON.stringify(definition)).toBe(copy);
      toAwsDiagnostics(found);
      awsInvalidDefinitionMessage(found);
    }), { numRuns: 1000 });
    expect(Object.getOwnPropertyNames(Object.prototype).toString()).toBe(before);
    expect(({} as Record<string, unknown>)['Type']).toBeUndefined();
  });

  it('says the same of a text as of its value, and where', () => {
    fc.assert(fc.property(machine, (source) => {
      const ofText = validateDefinition(source).filter(({ code }) => code !== 'DUPLICATE_KEY' && code !== 'DUPLICATE_STATE_NAME');
      const ofValue = validateDefinition(JSON.parse(source) as Json).filter(({ code }) => code !== 'DUPLICATE_STATE_NAME');
      expect(ofText.map(({ code, message, pointer }) => ({ code, message, pointer }))).toEqual(ofValue.map(({ code, message, pointer }) => ({ code, message, pointer })));
      for (const { line, column } of ofText) expect([line, column! <= source.length + 1]).toEqual([1, true]);
    }), { numRuns: 1000 });
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (source) => void validateDefinition(source)), { numRuns: 500 });
  });

  it('leaves nothing that cannot be drawn', () => {
    fc.assert(fc.property(fc.oneof(json, machine.map((source) => JSON.parse(source) as Json)), (definition) => {
      graph(definition, 'dot');
      graph(definition, 'mermaid');
    }), { numRuns: 500 });
  });
});
