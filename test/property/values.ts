import * as fc from 'fast-check';
import type { Json } from '../../src/asl/types.ts';

/** Keys that events have, keys that mean something to JavaScript, and keys that mean nothing to anyone. */
export const KEYS = ['n', 's', 'list', 'objs', 'deep', 'flag', 'x', '', '__proto__', 'constructor', 'toString', 'ключ', '日本', '0', '-1', 'a b', "it's", 'a.b', '$'] as const;

const texts = fc.constantFrom('', 'a', 'abc', 'a*c', '42', '0', 'true', 'null', '{}', '[1,"2"]', '{"__proto__":1}', 'YQ==', '日本', '💥', '\ud800', 'a,b;c', '2026-01-02T03:04:05Z', '2030-01-01T00:00:00Z', '"', '\\', "'", '\u0000', 'ab '.repeat(30));
const numbers = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -3, max: 6 }) }, { weight: 1, arbitrary: fc.constantFrom(0.5, -0.5, 1.5, 2.25, -1.75, 1e21, 1e-7, 12345678.9, 2 ** 53, 2 ** 31, 1000) });

/** Objects are made key by key, so that `__proto__` is a key like the others. */
const objectOf = (entries: readonly (readonly [string, Json])[]): Json => Object.fromEntries(entries) as Json;

export const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constantFrom<Json>(null, true, false), numbers, texts),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('json')), { maxLength: 4 }).map(objectOf),
  ),
}));

/** Inputs have what most machines ask for, each now and then missing or of another type. */
export const input: fc.Arbitrary<Json> = fc.oneof(
  { weight: 12, arbitrary: fc
    .record(
      {
        n: fc.oneof({ weight: 8, arbitrary: numbers }, { weight: 1, arbitrary: json }),
        s: fc.oneof({ weight: 8, arbitrary: texts }, { weight: 1, arbitrary: json }),
        flag: fc.boolean(),
        list: fc.oneof({ weight: 8, arbitrary: fc.array(fc.oneof({ weight: 4, arbitrary: numbers }, { weight: 1, arbitrary: json }), { maxLength: 5 }) }, { weight: 1, arbitrary: json }),
        objs: fc.array(fc.record({ x: fc.oneof({ weight: 4, arbitrary: numbers }, { weight: 1, arbitrary: json }), s: texts }, { requiredKeys: ['x'] }) as fc.Arbitrary<Json>, { maxLength: 4 }),
        deep: fc.record({ n: numbers, x: fc.record({ n: json }) }) as fc.Arbitrary<Json>,
        more: fc.array(fc.tuple(fc.constantFrom(...KEYS), json), { maxLength: 3 }),
      },
      { requiredKeys: ['more', 'n', 's', 'list'] },
    )
    .map(({ more, ...known }) => objectOf([...Object.entries(known as Record<string, Json>), ...more.filter(([key]) => !Object.hasOwn(known, key))])) },
  { weight: 1, arbitrary: json },
);
