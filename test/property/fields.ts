import * as fc from 'fast-check';
import type { Json } from '../../src/asl/types.ts';
import { json, KEYS } from './values.ts';

/** Where fields stand: how many bodies are around them, so which variables there are, and whether an item is at hand. */
export interface Place {
  readonly depth: number;
  readonly inMap: boolean;
}

/** Arbitraries are large trees; each is built once for a kind of place. */
export function once<Args extends readonly unknown[], T>(build: (...args: Args) => T): (...args: Args) => T {
  const built = new Map<string, T>();
  return (...args) => {
    const key = JSON.stringify(args);
    if (!built.has(key)) built.set(key, build(...args));
    return built.get(key)!;
  };
}

/** Each body assigns names of its own: an inner one must not assign those of an outer one. */
export const variablesOf = (depth: number): string[] => [`v${depth}`, `π${depth}`, ...(depth === 0 ? ['__proto__'] : [])];
const readable = ({ depth }: Place): string[] => Array.from({ length: depth + 1 }, (_, i) => variablesOf(i)).flat();

const quoted = (key: string): string => `['${key.replaceAll(/['\\]/g, String.raw`\$&`)}']`;
const names = fc.oneof({ weight: 6, arbitrary: fc.constantFrom('n', 's', 'list', 'objs', 'deep', 'flag', 'x', 'r') }, { weight: 1, arbitrary: fc.constantFrom(...KEYS) });
const nameStep = names.map((name) => (/^[\p{L}_]\w*$/u.test(name) ? `.${name}` : quoted(name)));
const contextPath = ({ inMap }: Place): fc.Arbitrary<string> =>
  fc.constantFrom('$$.Execution.Name', '$$.Execution.Input', '$$.Execution.Input.n', '$$.State.Name', '$$.State.RetryCount', '$$.StateMachine.Name', '$$.Nothing', ...(inMap ? ['$$.Map.Item.Index', '$$.Map.Item.Value', '$$.Map.Item.Value.x'] : []));

/** Names and indexes only: what ASL calls a reference path. */
export const reference = once((place: Place): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom('$.n', '$.n', '$.s', '$.s', '$.list', '$.list', '$.list[0]', '$') },
    { weight: 3, arbitrary: fc.constantFrom('$.objs', '$.deep', '$.deep.n', '$.objs[0].x') },
    { weight: 2, arbitrary: fc.array(fc.oneof({ weight: 4, arbitrary: nameStep }, { weight: 1, arbitrary: fc.integer({ min: -2, max: 3 }).map((i) => `[${i}]`) }), { minLength: 1, maxLength: 3 }).map((steps) => `$${steps.join('')}`) },
    { weight: 1, arbitrary: contextPath(place) },
    { weight: 2, arbitrary: fc.constantFrom(...readable(place)).chain((name) => fc.constantFrom(`$${name}`, `$${name}.n`, `$${name}[0]`)) },
  ));

const manyStep = fc.oneof(
  fc.constantFrom('[*]', '.*', '[0:2]', '[1:3]', '[0,1]', '[2,-1]', '..n', '..x', '..*', '..[0]', '..[*]', "['n','s']", "['x','nope']", '[?(@.x > 1)]', '[?(@.x == 2)]', "[?(@.s == 'a')]", "[?(@.s != '42')]", '[?(@.x)]', '[?(@.n <= 3)]', '..[?(@.n >= 0)]', "[?(@.x == '2')]"),
);
/** Any path, those that may lead to many places among them. */
export const path = once((place: Place): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: reference(place) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('$', '$.list', '$.objs', '$.deep', '$$.Execution.Input', '$v0'), manyStep, fc.option(fc.oneof(nameStep, manyStep, fc.constant('[0]')), { nil: '' })).map((parts) => parts.join('')) },
  ));

/** Where results are put. */
export const target: fc.Arbitrary<string | null> = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('$.r', '$.r', '$.r', '$.r.x', '$.x', null) },
  { weight: 4, arbitrary: fc.constantFrom('$.deep.r', '$.n', '$') },
  { weight: 1, arbitrary: fc.array(nameStep, { minLength: 1, maxLength: 3 }).map((steps) => `$${steps.join('')}`) },
  { weight: 1, arbitrary: fc.constantFrom('$.list[0]', '$.objs[0].x', '$.list[7]', '$.s.t', "$['__proto__'].y") },
);

const literalArgument = fc.constantFrom("'a'", "'it\\'s {}'", "'{} and \\{\\}'", "','", "''", '0', '-1', '1.5', '3', 'true', 'null', "'SHA-256'", "'[1,2]'", "'YQ=='");
/** Calls of intrinsic functions, arguments mostly of the types that they want. */
export const intrinsic = once((place: Place): fc.Arbitrary<string> => {
  const { call } = fc.letrec<{ call: string; argument: string; list: string; number: string; text: string }>((tie) => ({
    argument: fc.oneof({ maxDepth: 2, depthSize: 'small' }, path(place), literalArgument, tie('call')),
    list: fc.oneof({ maxDepth: 2 }, fc.constantFrom('$.list', '$.list', '$.objs', '$.list[*]'), fc.constant('States.Array($.n, $.s, $.n, null)'), fc.constant('States.ArrayRange(0, 9, 2)'), tie('argument')),
    number: fc.oneof({ maxDepth: 2 }, fc.constantFrom('$.n', '$.deep.n', '0', '1', '2', '-2', '2.5'), tie('argument')),
    text: fc.oneof({ maxDepth: 2 }, fc.constantFrom('$.s', "'a,b;c'", "'abc'", '$$.State.Name'), tie('argument')),
    call: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.tuple(fc.constantFrom("'{}'", "'<{}>'", "'\\{{}\\}'", "'{}-{}'", "'none'"), fc.array(tie('argument'), { maxLength: 2 })).map(([template, args]) => `States.Format(${[template, ...args].join(', ')})`),
      fc.array(tie('argument'), { maxLength: 3 }).map((args) => `States.Array(${args.join(', ')})`),
      fc.tuple(fc.constantFrom('StringToJson', 'Base64Encode', 'Base64Decode'), tie('text')).map(([name, a]) => `States.${name}(${a})`),
      fc.tuple(fc.constantFrom('ArrayLength', 'ArrayUnique'), tie('list')).map(([name, a]) => `States.${name}(${a})`),
      fc.tuple(fc.constantFrom('ArrayPartition', 'ArrayGetItem'), tie('list'), tie('number')).map(([name, a, b]) => `States.${name}(${a}, ${b})`),
      fc.tuple(tie('list'), tie('argument')).map(([a, b]) => `States.ArrayContains(${a}, ${b})`),
      fc.tuple(tie('number'), tie('number')).map(([a, b]) => `States.MathAdd(${a}, ${b})`),
      fc.tuple(tie('number'), tie('number'), fc.constantFrom('1', '2', '-1', '$.n')).map((args) => `States.ArrayRange(${args.join(', ')})`),
      tie('argument').map((a) => `States.JsonToString(${a})`),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `States.StringSplit(${a}, ${b})`),
      fc.tuple(tie('argument'), fc.constantFrom("'MD5'", "'SHA-1'", "'SHA-512'", '$.s')).map(([a, b]) => `States.Hash(${a}, ${b})`),
      fc.tuple(fc.constantFrom('$', '$.deep', '$.n'), fc.constantFrom('$.deep', '$', '$.objs[0]')).map(([a, b]) => `States.JsonMerge(${a}, ${b}, false)`),
      fc.constantFrom('States.MathRandom(1, 9)', 'States.MathRandom($.n, 3)'),
    ),
    }));
  return call;
});

const computed = once((place: Place): fc.Arbitrary<string> =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom('$', '$.n', '$.s', '$.list', '$$.State.Name', '$$.Execution.Input', "States.Format('{}', $.n)", 'States.ArrayLength($.list)') }, { weight: 3, arbitrary: path(place) }, { weight: 1, arbitrary: intrinsic(place) }));

/** Members of an object, each name once: `a` and `a.$` would be the same field. */
export const membersOf = once((keys: readonly string[], place: Place, maxLength: number): fc.Arbitrary<Json> =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...keys), fc.oneof({ weight: 3, arbitrary: computed(place).map((text) => ['.$', text] as const) }, { weight: 1, arbitrary: json.filter((value) => !JSON.stringify(value).includes('.$"')).map((value) => ['', value] as const) })), { selector: ([key]) => key, maxLength, minLength: 1 })
    .map((members) => Object.fromEntries(members.map(([key, [mark, value]]) => [`${key}${mark}`, value])) as Json));

/** A payload template; most keep the names that later states ask for. */
export const template = once((place: Place): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 12, arbitrary: membersOf(KEYS.filter((key) => key !== '$'), place, 4).map((more) => Object.fromEntries([...Object.entries({ 'n.$': '$.n', 's.$': '$.s', 'list.$': '$.list' }).filter(([key]) => !Object.hasOwn(more as object, key.slice(0, -2)) && !Object.hasOwn(more as object, key)), ...Object.entries(more as object)]) as Json) },
    { weight: 1, arbitrary: membersOf(KEYS.filter((key) => key !== '$'), place, 3) },
    { weight: 1, arbitrary: fc.tuple(membersOf(['n', 's'], place, 2), membersOf(['list', '__proto__'], place, 2)).map(([a, b]) => ({ deep: a, both: [a, b] }) as Json) },
  ));
