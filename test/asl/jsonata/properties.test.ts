import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJsonata } from '../../../src/asl/jsonata/expression.ts';
import { byLibrary, byUs } from './agreement.ts';

const name = fc.constantFrom('a', 'b', 'c');
const scalar = fc.oneof(fc.integer({ min: -3, max: 4 }), fc.constantFrom('', 'x', 'yy', '1'), fc.boolean(), fc.constant(null), fc.constantFrom(0.5, 2.25));

const { data } = fc.letrec<{ data: unknown; object: Record<string, unknown>; array: unknown[] }>((tie) => ({
  data: fc.oneof({ maxDepth: 4, depthSize: 'medium' }, scalar, tie('object'), tie('array')),
  object: fc.dictionary(name, tie('data'), { maxKeys: 3, noNullPrototype: true }),
  array: fc.array(tie('data'), { maxLength: 3 }),
}));

const number = fc.constantFrom('0', '1', '2', '-1', '0.5');
const text = fc.constantFrom('"x"', '"yy"', '""', '"1"');
const variable = fc.constantFrom('$', '$$', '$v', '$w', '$none');

/** Expressions of all kinds that are compiled, as text; parentheses keep precedence out of the way. */
const { expression } = fc.letrec<Record<'expression' | 'path' | 'step' | 'call' | 'lambda', string>>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    number,
    text,
    variable,
    name,
    tie('path'),
    tie('path'),
    tie('call'),
    fc.tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/', '%', '&', '=', '!=', '<', '<=', '>', '>=', 'and', 'or', 'in', '??', '?:'), tie('expression')).map(([l, o, r]) => `(${l} ${o} ${r})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([c, t, e]) => `(${c} ? ${t} : ${e})`),
    fc.tuple(tie('expression'), tie('expression')).map(([c, t]) => `(${c} ? ${t})`),
    fc.array(tie('expression'), { maxLength: 2 }).map((items) => `[${items.join(', ')}]`),
    fc.tuple(number, number).map(([from, to]) => `[${from}..${to}]`),
    tie('expression').map((value) => `{"a": ${value}}`),
    fc.tuple(tie('expression'), tie('expression')).map(([one, two]) => `{"a": ${one}, "b": ${two}}`),
    fc.tuple(tie('expression'), tie('expression')).map(([value, body]) => `($v := ${value}; ${body})`),
    fc.tuple(tie('expression'), tie('expression')).map(([value, body]) => `($w := ${value}; ($v := $w; ${body}); $v)`),
    fc.tuple(tie('expression'), tie('lambda')).map(([value, lambda]) => `(${value} ~> ${lambda})`),
    fc.tuple(tie('lambda'), tie('expression')).map(([lambda, value]) => `(${lambda})(${value})`),
    tie('expression').map((value) => `-(${value})`),
  ),
  step: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    name,
    name,
    fc.constantFrom('*', '**', '$'),
    fc.tuple(name, fc.constantFrom('[0]', '[-1]', '[1]', '[]', '[[0..1]]', '[a]', '[b = 1]', '[$ > 0]', '[true]')).map(([key, filter]) => key + filter),
    tie('expression').map((value) => `(${value})`),
    fc.tuple(tie('expression'), fc.constantFrom('[0]', '[-1]', '[]', '[a]')).map(([value, filter]) => `(${value})${filter}`),
    fc.array(tie('expression'), { maxLength: 2 }).map((items) => `[${items.join(', ')}]`),
    tie('expression').map((value) => `{"b": ${value}}`),
    fc.constantFrom('$count($)', '$string($)', '$keys()', '$type($)'),
  ),
  path: fc
    .tuple(fc.oneof(name, variable, tie('step')), fc.array(tie('step'), { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '', '^(a)', '^(>b, a)', '{"k": a}', '{$string(a): b}', '[]', '[0]'))
    .map(([head, steps, tail]) => [head, ...steps].join('.') + tail),
  lambda: fc.oneof(
    tie('expression').map((body) => `function($v){${body}}`),
    tie('expression').map((body) => `function($v, $w){${body}}`),
    fc.constantFrom('$string', '$count', '$keys', '$exists', '$not', '$type', '$sum', '$distinct', '$append(?, 1)', '$reverse'),
  ),
  call: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc
      .tuple(
        fc.constantFrom('$sum', '$count', '$max', '$min', '$average', '$string', '$number', '$boolean', '$not', '$exists', '$keys', '$distinct', '$reverse', '$spread', '$merge', '$type', '$length', '$uppercase', '$trim', '$floor', '$round', '$abs', '$sort', '$append', '$lookup', '$join', '$substring', '$contains', '$split', '$clone', '$zip'),
        fc.array(tie('expression'), { minLength: 1, maxLength: 2 }),
      )
      .map(([callee, args]) => `${callee}(${args.join(', ')})`),
    fc.tuple(fc.constantFrom('$map', '$filter', '$single', '$each', '$sift', '$reduce'), tie('expression'), tie('lambda')).map(([callee, value, lambda]) => `${callee}(${value}, ${lambda})`),
    fc.tuple(tie('expression'), fc.constantFrom('$sum()', '$count()', '$string()', '$distinct()', '$keys()', '$reverse()', '$append("x")')).map(([value, call]) => `(${value} ~> ${call})`),
    fc.tuple(tie('expression'), tie('expression'), name).map(([value, update, key]) => `(${value} ~> |${key}|{"b": ${update}}|)`),
  ),
}));

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 3_000);
const TIMEOUT_MS = 300_000 + 20 * RUNS;

describe('random expressions on random data', () => {
  it('come to the same value or error code as with the library', async () => {
    await fc.assert(
      fc.asyncProperty(expression, data, fc.record({ v: data, w: data }, { noNullPrototype: true }), async (source, input, bindings) => {
        const [theirs, ours] = [await byLibrary(source, input, bindings), await byUs(source, input, bindings)];
        // Where the library breaks (its error has no code) or writes to its input there is nothing to agree with.
        if (theirs.disturbed || ('code' in theirs && theirs.code === 'none')) return;
        // It evaluates the items of a constructor side by side: of two that fail, which one it reports is chance.
        if ('code' in theirs && 'code' in ours && /[[{]/.test(source)) return;
        expect(ours).toEqual({ ...theirs, disturbed: false });
      }),
      { numRuns: RUNS },
    );
  }, TIMEOUT_MS);

  it('leave what they are given as it was', () => {
    fc.assert(
      fc.property(expression, data, fc.record({ v: data, w: data }, { noNullPrototype: true }), (source, input, bindings) => {
        const before = structuredClone({ input, bindings });
        try {
          compileJsonata(source).evaluate(input, bindings);
        } catch {
          // Errors are looked at above.
        }
        expect({ input, bindings }).toStrictEqual(before);
      }),
      { numRuns: RUNS },
    );
  }, TIMEOUT_MS);
});
