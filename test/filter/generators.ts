import * as fc from 'fast-check';

/** JSON text, so that numbers stand in it as they may be written. */
export type JsonText = string;

const KEYS = ['a', 'b', 'c', '__proto__', 'constructor', 'toJSON', '0'] as const;

const TEXTS = ['', 'x', 'X', 'xy', 'xyx', 'yxy', 'xxyxxy', 'é', 'É', 'ß', 'SS', 'ss', 'ǆ', 'ǅ', '💥', '*', 'x*y', '\\', '1', 'true', '10.0.0.1', '10.0.0.9', '010.0.0.1', '10.1.0.1', '256.0.0.1', '::1', '0:0:0:0:0:0:0:1', '2001:db8::1', '2001:DB8:0::9', '::ffff:a00:1'] as const;

const NUMBERS = ['0', '-0', '0.0', '1', '1.0', '1e0', '10E-1', '-1', '2.5', '2.50', '5', '100', '1e10', '0.1', '9007199254740992', '123456789.123456'] as const;

const text = fc.constantFrom(...TEXTS).map((value) => JSON.stringify(value));

const scalar: fc.Arbitrary<JsonText> = fc.oneof({ weight: 4, arbitrary: text }, { weight: 3, arbitrary: fc.constantFrom(...NUMBERS) }, { weight: 1, arbitrary: fc.constantFrom('null', 'true', 'false') });

const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c') }, { weight: 1, arbitrary: fc.constantFrom(...KEYS) });

const list = (items: readonly JsonText[]): JsonText => `[${items.join(',')}]`;

const object = (members: readonly (readonly [string, JsonText])[]): JsonText => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;

const objectOf = (value: fc.Arbitrary<JsonText>, minLength = 0): fc.Arbitrary<JsonText> => fc.uniqueArray(fc.tuple(key, value), { minLength, maxLength: 3, selector: ([name]) => name }).map(object);

/** Events: objects, with fields that hold single values, objects and arrays of both, nested in one another. */
export const event: fc.Arbitrary<JsonText> = fc.letrec<{ event: JsonText; value: JsonText }>((tie) => ({
  event: objectOf(tie('value')),
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'large' },
    { weight: 3, arbitrary: scalar },
    { weight: 3, arbitrary: objectOf(tie('value')) },
    { weight: 3, arbitrary: fc.array(tie('value'), { maxLength: 3 }).map(list) },
  ),
})).event;

const WILDCARDS = ['*', 'x*', '*y', 'x*x', '*x*', 'x*y*', '*yx*x', String.raw`\*`, String.raw`*\\*`, 'xy', ''] as const;

const wildcard = fc.constantFrom(...WILDCARDS).map((value) => JSON.stringify(value));

const affix = text.filter((value) => value !== '""');

const one = (name: string, operand: fc.Arbitrary<JsonText>): fc.Arbitrary<JsonText> => operand.map((value) => object([[name, value]]));

const many = (operand: fc.Arbitrary<JsonText>): fc.Arbitrary<JsonText> => fc.oneof(operand, fc.array(operand, { minLength: 1, maxLength: 10 }).map(list));

const number = fc.constantFrom(...NUMBERS);

const numeric = fc.oneof(
  fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), number).map(([name, limit]) => `["${name}",${limit}]`),
  fc
    .tuple(fc.constantFrom('>', '>='), number, fc.constantFrom('<', '<='), number)
    .filter(([, low, , high]) => Number(low) < Number(high))
    .map(([low, bottom, high, top]) => `["${low}",${bottom},"${high}",${top}]`),
);

const blocks = fc.constantFrom('10.0.0.0/29', '10.0.0.7/8', '8.0.0.0/5', '::/1', '::/127', '2001:db8::/32', '2001:db8::8/125').map((value) => JSON.stringify(value));

const expression: fc.Arbitrary<JsonText> = fc.oneof(
  one('prefix', fc.oneof(text, one('equals-ignore-case', text))),
  one('suffix', fc.oneof(text, one('equals-ignore-case', text))),
  one('equals-ignore-case', text),
  one('exactly', text),
  one('wildcard', wildcard),
  one('numeric', numeric),
  one('cidr', blocks),
  one('anything-but', fc.oneof(many(text), many(number), one('prefix', many(affix)), one('suffix', many(affix)), one('equals-ignore-case', many(text)), one('wildcard', many(wildcard)))),
);

const exists = one('exists', fc.constantFrom('true', 'false'));

const alternatives: fc.Arbitrary<JsonText> = fc
  .array(fc.oneof({ weight: 4, arbitrary: scalar }, { weight: 6, arbitrary: expression }, { weight: 3, arbitrary: exists }), { minLength: 1, maxLength: 3 })
  .map(list);

/** Patterns, some of which name a field twice and are refused for it. */
export const pattern: fc.Arbitrary<JsonText> = fc.letrec<{ pattern: JsonText; value: JsonText; group: readonly (readonly [string, JsonText])[] }>((tie) => ({
  pattern: fc
    .tuple(fc.uniqueArray(fc.tuple(key, tie('value')), { minLength: 1, maxLength: 3, selector: ([name]) => name }), tie('group'))
    .map(([members, group]) => object([...members, ...group])),
  value: fc.oneof({ maxDepth: 3, depthSize: 'large' }, { weight: 2, arbitrary: alternatives }, { weight: 2, arbitrary: tie('pattern') }),
  group: fc.oneof({ maxDepth: 3, depthSize: 'large' }, { weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(tie('pattern'), { minLength: 2, maxLength: 2 }).map((branches) => [['$or', list(branches)] as const]) }),
})).pattern;
