import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/asl/compile.ts';
import type { Json, Program } from '../../../src/asl/types.ts';
import { createRuntime } from '../../../src/runtime/runtime.ts';
import { SUCCEEDED } from '../../../src/runtime/contract.ts';

const origin = { machineName: 'm', machineArn: 'arn', roleArn: 'role', arnOf: String, nameOf: String, startTimeOf: () => 0 };

function end(program: Program, input: Json, payloadBytes = 262_144): unknown {
  const runtime = createRuntime({ payloadBytes });
  const status = runtime.begin(program, input, Buffer.byteLength(JSON.stringify(input)), origin, 0, 0);
  return status === SUCCEEDED ? { status, output: runtime.outcome.output } : { status, error: runtime.outcome.error, cause: runtime.outcome.cause };
}

const inputs: Json[] = [
  {}, null, 7, 'text', [], [1], { a: 1 }, { a: 5, b: 'x', c: { d: true } }, { a: 'x' }, { a: null, b: null, c: null }, { b: 'y', c: { d: false } }, { a: { b: 1 } }, { a: 5, c: [] },
  { a: 9, b: 'x', c: { d: null }, r: 1, '1': 2 }, JSON.parse('{"a":9,"__proto__":{"b":"own"},"c":{"d":1}}') as Json, { a: true, b: false, c: 0 }, { a: 5, b: 'x'.repeat(60), c: { d: 'y'.repeat(60) } },
];

const pass = (fields: object, next: object = { End: true }): object => ({ Type: 'Pass', ...fields, ...next });
const alone = (fields: object): object => ({ StartAt: 'P', States: { P: pass(fields) } });
const choice = (rule: object): object => ({
  StartAt: 'C',
  States: { C: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' }, Yes: pass({ Result: 'yes', ResultPath: '$.r' }), No: { Type: 'Succeed' } },
});
const compare = (operator: string, operand: Json): object => choice({ Variable: '$.a', [operator]: operand });
const keys = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => (i === 0 ? ['k0.$', '$.c.d'] : i === 1 ? ['k1.$', '$.b'] : [`k${i}`, i])));

const machines: Record<string, object> = {
  'hands on its input': alone({}),
  'reads by InputPath': alone({ InputPath: '$.c.d' }),
  'puts what InputPath reads': alone({ InputPath: '$.a', ResultPath: '$.b' }),
  'puts a literal': alone({ Result: { x: [1] }, ResultPath: '$.r' }),
  'puts a literal under an inherited name': alone({ Result: 1, ResultPath: '$.constructor' }),
  'answers a literal': alone({ Result: { x: [1] } }),
  'reads inherited names': alone({ Parameters: { 'x.$': '$.constructor', 'y.$': '$.a' } }),
  'makes nested objects': alone({ InputPath: '$.c', Parameters: { in: { 'x.$': '$.d', y: 1 }, z: [1, { q: 2 }] } }),
  'makes a key of a number': alone({ Parameters: { 'z.$': '$.a', '7': 1 } }),
  'makes __proto__': alone({ Parameters: JSON.parse('{"__proto__":{"p":1},"x.$":"$.a"}') as Json }),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 9].map((count) => [`makes ${count} keys`, alone({ Parameters: keys(count) })])),
  'puts a template': alone({ Parameters: { 'x.$': '$' }, ResultPath: '$.b' }),
  ...Object.fromEntries(['NumericEquals', 'NumericLessThan', 'NumericGreaterThan', 'NumericLessThanEquals', 'NumericGreaterThanEquals'].map((name) => [name, compare(name, 5)])),
  ...Object.fromEntries(['StringEquals', 'StringLessThan', 'StringGreaterThan', 'StringLessThanEquals', 'StringGreaterThanEquals'].map((name) => [name, compare(name, 'x')])),
  ...Object.fromEntries(['BooleanEquals', 'IsPresent', 'IsNull', 'IsString', 'IsNumeric', 'IsBoolean'].flatMap((name) => [true, false].map((operand) => [`${name} ${operand}`, compare(name, operand)]))),
  'And, Or, Not': choice({ And: [{ Variable: '$.a', IsPresent: true }, { Or: [{ Variable: '$.a', NumericGreaterThan: 5 }, { Not: { Variable: '$.c.d', BooleanEquals: true } }] }] }),
  'several rules without a default': {
    StartAt: 'C',
    States: { C: { Type: 'Choice', Choices: [1, 5, 9].map((n) => ({ Variable: '$.a', NumericEquals: n, Next: `P${n}` })) }, P1: pass({ Result: 1 }), P5: pass({ Parameters: { 'b.$': '$.b' } }), P9: { Type: 'Succeed' } },
  },
  'two rules': {
    StartAt: 'C',
    States: { C: { Type: 'Choice', Choices: [1, 5].map((n) => ({ Variable: '$.a', NumericEquals: n, Next: 'P' })), Default: 'D' }, P: pass({ Result: 1 }), D: pass({ Result: 2 }) },
  },
  'goes on to what is no direct code': { StartAt: 'P', States: { P: pass({ Result: 1, ResultPath: '$.n' }, { Next: 'F' }), F: pass({ Parameters: { "x.$": "States.Format('{}', $.n)" } }) } },
  'goes round': {
    StartAt: 'C',
    States: {
      C: { Type: 'Choice', Choices: [{ Variable: '$.r', IsPresent: true, Next: 'Again' }], Default: 'Put' },
      Put: pass({ Result: true, ResultPath: '$.r' }, { Next: 'C' }),
      Again: { Type: 'Choice', Choices: [{ Variable: '$.s', IsPresent: true, Next: 'Done' }], Default: 'Put2' },
      Put2: pass({ Result: true, ResultPath: '$.s' }, { Next: 'C' }),
      Done: { Type: 'Succeed' },
    },
  },
  'grows past the limit': {
    StartAt: 'A',
    States: Object.fromEntries(['A', 'B', 'C', 'D'].map((name, i, all) => [name, pass({ Parameters: { 'x.$': '$', 'y.$': '$' } }, i === 3 ? { End: true } : { Next: all[i + 1] })])),
  },
  'is longer than direct code may be': {
    StartAt: 'S0',
    States: Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`S${i}`, pass({ Result: i, ResultPath: `$.n${i % 3}` }, i === 149 ? { End: true } : { Next: `S${i + 1}` })])),
  },
};

describe('direct code', () => {
  for (const [name, definition] of Object.entries(machines)) {
    it(`${name} as the steps do`, () => {
      const program = compile(definition as Json);
      for (const limit of [262_144, 1000, 150]) {
        for (const input of inputs) {
          const before = JSON.stringify(input);
          expect(end(program, input, limit), `${before} at ${limit}`).toStrictEqual(end({ ...program, direct: null }, input, limit));
          expect(JSON.stringify(input), 'inputs are not changed').toBe(before);
        }
      }
    });
  }

  it('is there for plain machines, and not where there is nothing for it to do', () => {
    expect(compile(machines['puts a literal'] as Json).direct).not.toBeNull();
    expect(compile(alone({ Parameters: { 'x.$': '$$.State.Name' } }) as Json).direct).toBeNull();
  });

  it('leaves what may hold a number that is printed otherwise to the steps', () => {
    expect(compile(JSON.stringify(alone({ Result: 'ONE' })).replace('"ONE"', '1.0')).direct).toBeNull();
  });
});
