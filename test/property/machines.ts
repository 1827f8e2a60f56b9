// oxlint-disable oxc/no-map-spread -- the maps are fast-check's, one value at a time
import * as fc from 'fast-check';
import type { Json } from '../../src/asl/types.ts';
import { assign as assignExpressions, condition, expression, field } from './expressions.ts';
import { intrinsic, membersOf, once, path, reference, target, template, variablesOf, type Place } from './fields.ts';
import { json } from './values.ts';

type State = Record<string, Json>;
type Language = 'JSONPath' | 'JSONata';

/** A field that is there now and then. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>, outOf = 4): fc.Arbitrary<T | undefined> => fc.oneof({ weight: outOf - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const often = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary });
const mostly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 6, arbitrary });
/** Only the fields that are there. */
const present = (fields: Record<string, unknown>): State => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as State;
const fields = (arbitraries: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<State> => fc.record(arbitraries).map(present);

const TASKS = ['echo', 'wrap', 'list', 'picky', 'flaky', 'fail', 'echoLater', 'pickyLater', 'nothing'] as const;
const tasks = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('echo', 'wrap', 'echoLater') }, { weight: 2, arbitrary: fc.constantFrom(...TASKS) });
const errors = fc.constantFrom<string[]>('E1', 'E2', 'States.TaskFailed', 'States.Timeout', 'States.IntrinsicFailure', 'States.QueryEvaluationError', 'States.DataLimitExceeded', 'States.ResultPathMatchFailure', 'States.Runtime', 'States.ExceedToleratedFailureThreshold', 'States.NoChoiceMatched');
const errorEquals = fc.oneof(fc.uniqueArray(errors, { minLength: 1, maxLength: 2 }), fc.constant<string[]>(['States.TaskFailed']));
/** States.ALL stands alone, at the end. */
const withAll = <T>(entry: (names: fc.Arbitrary<string[]>) => fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.tuple(fc.array(entry(errorEquals), { maxLength: 2 }), fc.option(entry(fc.constant(['States.ALL'])), { nil: undefined, freq: 3 })).map(([list, all]) => (all === undefined ? list : [...list, all]));
const retry = withAll((names) => fc.record({ ErrorEquals: names, MaxAttempts: fc.integer({ min: 0, max: 3 }), JitterStrategy: fc.constant('FULL') }));

/** States of one body, its later ones: where a state may go. */
interface Ways {
  readonly place: Place;
  readonly language: Language;
  /** The machine's: that of the bodies inside a state, whatever the state's own. */
  readonly outer: Language;
  readonly next: string;
  /** Later states, the next one among them, and a Fail state. */
  readonly later: readonly string[];
  readonly prefix: string;
}

const jsonPathFlow = (ways: Ways): Record<string, fc.Arbitrary<unknown>> => ({ InputPath: rarely(fc.oneof({ weight: 5, arbitrary: path(ways.place) }, { weight: 1, arbitrary: fc.constant(null) }), 12), OutputPath: rarely(fc.oneof({ weight: 5, arbitrary: path(ways.place) }, { weight: 1, arbitrary: fc.constant(null) }), 16), Assign: rarely(membersOf(variablesOf(ways.place.depth), ways.place, 2)) });
const jsonPathResult = (ways: Ways): Record<string, fc.Arbitrary<unknown>> => ({ ...jsonPathFlow(ways), Parameters: rarely(template(ways.place), 4), ResultPath: mostly(target) });
const jsonPathCatch = (ways: Ways): fc.Arbitrary<unknown> => often(withAll((names) => fields({ ErrorEquals: names, Next: fc.constantFrom(...ways.later), ResultPath: often(target), Assign: rarely(membersOf(variablesOf(ways.place.depth), ways.place, 1)) })));
const jsonataCatch = (ways: Ways): fc.Arbitrary<unknown> => often(withAll((names) => fields({ ErrorEquals: names, Next: fc.constantFrom(...ways.later), Output: often(field(ways.place, 'errorOutput')), Assign: rarely(assignExpressions(ways.place, 'errorOutput')) })));

const comparison = once((place: Place): fc.Arbitrary<State> => {
  const variable = reference(place);
  const of = (operator: string, operand: fc.Arbitrary<unknown>): fc.Arbitrary<State> => fc.record({ Variable: variable, [operator]: operand }) as fc.Arbitrary<State>;
  const { rule } = fc.letrec<{ rule: State }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      fc.constantFrom('Equals', 'LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals').chain((order) => fc.oneof(of(`Numeric${order}`, fc.integer({ min: -2, max: 5 })), of(`String${order}`, fc.constantFrom('a', 'abc', '42')), of(`Timestamp${order}`, fc.constantFrom('2026-01-02T03:04:05Z', '2029-01-01T00:00:00Z')), of(`Numeric${order}Path`, reference(place)), of(`String${order}Path`, reference(place)))),
      of('BooleanEquals', fc.boolean()),
      of('StringMatches', fc.constantFrom('*', 'a*', '*c', 'a*c', String.raw`a\*c`, '*a*b*', '')),
      fc.constantFrom('IsNull', 'IsString', 'IsNumeric', 'IsBoolean', 'IsPresent', 'IsPresent', 'IsTimestamp').chain((test) => of(test, fc.boolean())),
      fc.array(tie('rule'), { minLength: 1, maxLength: 3 }).map((And) => ({ And })),
      fc.array(tie('rule'), { minLength: 1, maxLength: 3 }).map((Or) => ({ Or })),
      tie('rule').map((Not) => ({ Not })),
    ),
  }));
  return rule;
});

const choice = (ways: Ways): fc.Arbitrary<State> => {
  const { place, later, next } = ways;
  // The last rule or the default leads to the next state, so that every state can be reached.
  if (ways.language === 'JSONata') {
    return fc.tuple(fc.array(fields({ Condition: condition(place), Next: fc.constantFrom(...later), Output: rarely(field(place, 'input')), Assign: rarely(assignExpressions(place, 'input')) }), { minLength: 1, maxLength: 2 }), fields({ Output: rarely(field(place, 'input')), Assign: rarely(assignExpressions(place, 'input')) }), condition(place), fc.integer({ min: 0, max: 7 }))
      .map(([rules, own, last, n]) => ({ Type: 'Choice', ...own, ...(n === 0 ? { Choices: [...rules, { Condition: last, Next: next }] } : { Choices: rules, Default: next }) }));
  }
  const assign = rarely(membersOf(variablesOf(place.depth), place, 1));
  return fc.tuple(fc.array(fc.tuple(comparison(place), fields({ Next: fc.constantFrom(...later), Assign: assign })).map(([rule, more]) => ({ ...rule, ...more })), { minLength: 1, maxLength: 2 }), fields(jsonPathFlow(ways)), comparison(place), fc.integer({ min: 0, max: 7 }))
    .map(([rules, own, last, n]) => ({ Type: 'Choice', ...own, ...(n === 0 ? { Choices: [...rules, { ...last, Next: next }] } : { Choices: rules, Default: next }) }));
};

function state(ways: Ways): fc.Arbitrary<State> {
  const { place, language, next } = ways;
  const jsonata = language === 'JSONata';
  const Next = fc.constant(next);
  const handlers = { Retry: rarely(retry, 3), Catch: jsonata ? jsonataCatch(ways) : jsonPathCatch(ways) };
  const finish = jsonata ? { Output: mostly(field(place, 'result')), Assign: rarely(assignExpressions(place, 'result')) } : { ...jsonPathResult(ways), ResultSelector: rarely(template(place), 8) };
  const plain = jsonata ? { Output: mostly(field(place, 'input')), Assign: rarely(assignExpressions(place, 'input')) } : jsonPathFlow(ways);
  const task = fields({ Type: fc.constant('Task'), Resource: tasks, Next, ...handlers, ...finish, ...(jsonata ? { Arguments: often(field(place, 'input')) } : {}) });
  const pass = fields({ Type: fc.constant('Pass'), Next, ...(jsonata ? plain : { ...jsonPathResult(ways), Result: rarely(json, 3) }) });
  const options: { weight: number; arbitrary: fc.Arbitrary<State> }[] = [
    { weight: 5, arbitrary: task },
    { weight: 4, arbitrary: pass },
    { weight: 3, arbitrary: choice(ways) },
    { weight: 1, arbitrary: fields({ Type: fc.constant('Wait'), Seconds: fc.constant(0), Next, ...plain }) },
  ];
  if (place.depth < 2) {
    const inner = (i: number, inMap: boolean): fc.Arbitrary<Json> => body({ depth: place.depth + 1, inMap }, ways.outer, `${ways.prefix}.${i}`);
    options.push({
      weight: 2,
      arbitrary: fc.tuple(fields({ Type: fc.constant('Parallel'), Next, ...handlers, ...finish, ...(jsonata ? { Arguments: rarely(field(place, 'input')) } : {}) }), inner(0, place.inMap), fc.option(inner(1, place.inMap))).map(([own, a, b]) => ({ ...own, Branches: b === null ? [a] : [a, b] })),
    });
    const mapOwn = jsonata
      ? { Items: mostly(fc.oneof({ weight: 1, arbitrary: expression(place, 'input') }, { weight: 5, arbitrary: fc.constantFrom<Json>('{% $states.input.list %}', '{% [1..4] %}', [1, '{% $states.input.n %}']) })), ItemSelector: mostly(fc.oneof({ weight: 3, arbitrary: fc.constant<Json>({ n: '{% $states.context.Map.Item.Index %}', s: 'a', list: [1, '{% $states.context.Map.Item.Index %}'], x: '{% $states.context.Map.Item.Value %}' }) }, { weight: 1, arbitrary: field({ ...place, inMap: true }, 'input') })) }
      : { ItemsPath: mostly(fc.oneof({ weight: 6, arbitrary: fc.constantFrom('$.list', '$.list', '$.objs') }, { weight: 1, arbitrary: reference(place).filter((text) => text !== '$') })), ItemSelector: mostly(fc.oneof({ weight: 3, arbitrary: fc.constant<Json>({ 'n.$': '$$.Map.Item.Index', s: 'a', 'list.$': 'States.Array(1, $$.Map.Item.Index)', 'x.$': '$$.Map.Item.Value' }) }, { weight: 1, arbitrary: template({ ...place, inMap: true }) })) };
    const { Parameters: _parameters, ...mapFinish } = finish as Record<string, fc.Arbitrary<unknown>>;
    options.push({
      weight: 2,
      arbitrary: fc.tuple(fields({ Type: fc.constant('Map'), Next, ...handlers, ...mapFinish, ...mapOwn, MaxConcurrency: rarely(fc.integer({ min: 0, max: 3 })), ToleratedFailureCount: rarely(fc.integer({ min: 0, max: 2 })), ToleratedFailurePercentage: rarely(fc.constantFrom(0, 34, 50, 100), 6) }), inner(0, true), fc.constantFrom('ItemProcessor', 'Iterator')).map(([own, processor, name]) => ({ ...own, [name]: processor })),
    });
  }
  return fc.oneof(...options);
}

const last = (place: Place, language: Language): fc.Arbitrary<State> =>
  language === 'JSONata'
    ? fields({ Type: fc.constant('Succeed'), Output: rarely(field(place, 'input')) })
    : fc.oneof(fields({ Type: fc.constant('Succeed'), InputPath: rarely(path(place), 12), OutputPath: rarely(path(place), 12) }), fields({ Type: fc.constant('Pass'), End: fc.constant(true), ResultPath: rarely(target) }));

const failing = (place: Place, language: Language): fc.Arbitrary<State> =>
  language === 'JSONata'
    ? fields({ Type: fc.constant('Fail'), Error: fc.constantFrom('E1', '{% "E2" %}', '{% $states.input.s %}'), Cause: rarely(fc.constantFrom('written', '{% $states.input.n %}', '{% $string($states.input) %}')) })
    : fc.oneof(fields({ Type: fc.constant('Fail'), Error: fc.constantFrom('E1', 'States.Runtime', undefined), Cause: fc.constantFrom('written', undefined) }), fields({ Type: fc.constant('Fail'), ErrorPath: fc.oneof(reference(place), intrinsic(place)), CausePath: rarely(reference(place)) }));

/** A body whose states lead forward, so that it ends; the names of its states are its own. */
function body(place: Place, language: Language, prefix: string): fc.Arbitrary<Json> {
  return fc.integer({ min: place.depth === 0 ? 2 : 1, max: place.depth === 0 ? 5 : 2 }).chain((count) => {
    const names = Array.from({ length: count }, (_, i) => (place.depth === 0 && i === 0 && prefix === 'é' ? '__proto__' : `${prefix}${i}`));
    const end = `${prefix}end`;
    const fail = `${prefix}!`;
    const all = [...names, end];
    const states = names.map((_, i) =>
      // Mixed machines: JSONPath ones may have states in JSONata, not the other way round.
      (language === 'JSONata' ? fc.constant<Language>('JSONata') : fc.constantFrom<Language>('JSONPath', 'JSONPath', 'JSONPath', 'JSONata')).chain((own) =>
        state({ place, language: own, outer: language, next: all[i + 1]!, later: [...all.slice(i + 1), all[i + 1]!, all[i + 1]!, fail], prefix: `${prefix}${i}` }).map((made) => (own === language ? made : { ...made, QueryLanguage: own })),
      ),
    );
    return fc.tuple(fc.tuple(...states), last(place, language), failing(place, language)).map(([made, ending, failure]) => {
      const failed = JSON.stringify(made).includes(JSON.stringify(fail)) ? [[fail, failure] as const] : [];
      return { StartAt: names[0]!, States: Object.fromEntries([...names.map((name, i) => [name, made[i]!] as const), [end, ending] as const, ...failed]) } as Json;
    });
  });
}

export const machine: fc.Arbitrary<Json> = fc.tuple(fc.constantFrom<Language>('JSONPath', 'JSONPath', 'JSONata'), fc.constantFrom('A', 'é', 'state ')).chain(([language, prefix]) =>
  body({ depth: 0, inMap: false }, language, prefix).map((made) => (language === 'JSONata' ? { ...(made as State), QueryLanguage: language } : made)),
);
